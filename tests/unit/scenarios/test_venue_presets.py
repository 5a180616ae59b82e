"""Presets of venues: the packaged ones, a user's own, every kind of mistake, and what they become."""

from pathlib import Path

import pytest

from market.codes import OrderType, Phase, TimeInForce
from market.errors import InputError
from market.instruments import Instrument
from market.refusals import ALL_TERMS
from scenarios.venue_preset import load_preset, parse_preset, preset_names
from scenarios.venue_rules import admission, book_rules, house_rules
from sim.costs import Rate, scale_of
from sim.front import POLICIES, OddLot
from sim.front.holdings import HoldingsRules
from sim.venue_rules.bands import Band
from sim.venue_rules.book_rules import Matching

HEAD = 'format_version = 1\nname = "mine"\ntitle = "Mine"\n'
STOCK = Instrument(
    symbol="S", venue="V", currency="USD", price_units_per_currency=10_000, tick_units=100
)
FUTURE = Instrument(
    symbol="F",
    venue="V",
    currency="USD",
    price_units_per_currency=10_000,
    tick_units=2_500,
    lot_num=50,
)
COIN = Instrument(
    symbol="C",
    venue="V",
    currency="USD",
    price_units_per_currency=10_000,
    tick_units=100,
    lot_den=100_000_000,
)


@pytest.mark.parametrize("name", preset_names())
def test_every_packaged_preset_says_who_it_is_where_it_is_from_and_what_it_lacks(name: str) -> None:
    preset, text = load_preset(name)

    assert preset.name == name
    assert preset == parse_preset(text, name)
    assert preset.sources
    assert preset.not_simulated
    assert [line for line in (*preset.about, *preset.not_simulated) if not line.endswith(".")] == []


def test_there_are_eight() -> None:
    assert preset_names() == [
        "ashare_like",
        "binance_perp_like",
        "binance_spot_like",
        "cme_like",
        "dark_mid",
        "nasdaq_like",
        "nyse_like",
        "xetra_like",
    ]


@pytest.mark.parametrize("instrument", [STOCK, FUTURE, COIN], ids=["stock", "future", "coin"])
@pytest.mark.parametrize("name", preset_names())
def test_a_preset_becomes_rules_for_whatever_is_traded(name: str, instrument: Instrument) -> None:
    preset, _ = load_preset(name)

    rules = book_rules(preset, peak_key=3, mid_reference=4)
    sheet = admission(preset, instrument, 40_000)
    house = house_rules(preset, {7: sheet}, HoldingsRules())

    assert (rules.matching, rules.peak_key, rules.mid_reference) == (preset.book.matching, 3, 4)
    assert (rules.allocation is not None) == (preset.book.matching is Matching.SHARED)
    assert sheet.instrument is instrument
    assert house.admissions == {7: sheet}
    assert [one.count for one in house.throttles] == [one.count for one in preset.throttles]
    assert house.disconnect is POLICIES[preset.disconnect]
    assert (house.protection is None) == (preset.protection is None)
    assert house.whole_quotes is preset.quotes.whole_set
    for levy in preset.costs.fees.levies:
        assert levy.step_of(scale_of(instrument)) >= 1


def test_limits_in_percent_and_in_currency_become_ticks_and_price_units() -> None:
    preset = parse_preset(
        HEAD
        + """
        [admission]
        price_limit_ppm = 100_000
        notional_max = 1_000
        collar_ppm = 20_000
        collar_ticks_min = 10
        life_max = "90d"
        """,
        "mine.toml",
    )

    sheet = admission(preset, FUTURE, 1_000)

    assert sheet.price_limits == Band(900, 1_100)
    assert sheet.notional_max == 1_000 * 10_000 // 50
    assert sheet.collar is not None
    assert sheet.collar.around(1_000).high == 1_020
    assert sheet.life_ns_max == 90 * 86_400 * 10**9


def test_price_limits_need_a_close() -> None:
    with pytest.raises(InputError, match="'ashare_like': found no close of S, allowed is one"):
        admission(load_preset("ashare_like")[0], STOCK, None)


def test_a_table_of_ticks_needs_price_units_that_it_divides() -> None:
    cents = Instrument(
        symbol="S", venue="V", currency="USD", price_units_per_currency=100, tick_units=1
    )
    with pytest.raises(InputError, match="found 100 price units per USD for S, allowed"):
        admission(load_preset("nasdaq_like")[0], cents, 1_000)


def test_a_file_of_ones_own_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD, encoding="utf-8")

    preset, text = load_preset(str(path))

    assert text == HEAD
    assert preset.schedule[0].name == "always_open"
    assert preset.costs.fees.maker == (Rate(),)
    assert preset.book.matching is Matching.PRICE_TIME


def test_a_phase_takes_what_is_accepted_unless_it_says_less() -> None:
    preset = parse_preset(
        HEAD
        + """
        [admission.accepted]
        types = "all"
        tifs = ["day", "ioc"]
        terms = "all"
        [admission.phases.closing_call]
        tifs = ["day"]
        [admission.phases.opening_call]
        """,
        "mine.toml",
    )

    sheet = admission(preset, STOCK, None)

    assert sheet.accepted.terms == ALL_TERMS
    assert sheet.in_phase[Phase.CLOSING_CALL].types == tuple(OrderType)
    assert sheet.in_phase[Phase.CLOSING_CALL].tifs == (TimeInForce.DAY,)
    assert sheet.in_phase[Phase.OPENING_CALL] == sheet.accepted
    assert sheet.odd_lots is OddLot.REFUSE


MISTAKES = [
    ("name = ", "found no TOML: Invalid value (at end of document)"),
    (HEAD + "colour = 1", "found unknown key 'colour', allowed is about, admission, book, costs, "),
    (
        HEAD + "[book]\ncolour = 1",
        "book: found unknown key 'colour', allowed is algorithm, auction",
    ),
    ('name = "mine"\ntitle = "x"', "found no 'format_version', which is required"),
    (HEAD.replace("= 1", "= 2"), "format_version: found 2, allowed is 1"),
    (HEAD + "about = 1", "about: found 1, allowed is a list of texts"),
    (HEAD + "[admission]\nround_lots = 'x'", "admission.round_lots: found 'x', allowed is a whole"),
    (
        HEAD + "[admission]\nround_lots = 0",
        "admission: admission round_lots: found 0, allowed is 1",
    ),
    (HEAD + "[admission]\ncollar_ppm = 2_000_000", "admission: collar ppm: found 2000000, must be"),
    (HEAD + "[admission]\nprice_limit_ppm = -1", "admission: collar ppm: found -1, must be in"),
    (HEAD + "[admission]\nqty_lots_max = -1", "admission: qty_lots_max: found -1, allowed is at"),
    (HEAD + "[admission]\ntrades_a_day = -1", "admission: average daily trades: found -1, must"),
    (HEAD + "[admission]\nodd_lots = 'x'", "admission.odd_lots: found 'x', allowed is accept, "),
    (HEAD + "[admission]\nlife_max = 5", "admission.life_max: found 5, allowed is a duration such"),
    (
        HEAD + "[admission]\ntick_table = 'x'",
        "admission.tick_table: found 'x', allowed is none, rts",
    ),
    (
        HEAD + "[admission.accepted]\ntypes = ['x']",
        "admission.accepted.types[0]: found 'x', allowed",
    ),
    (
        HEAD + "[admission.accepted]\nterms = 'x'",
        "admission.accepted.terms: found 'x', allowed is a",
    ),
    (HEAD + "[admission.phases.lunch]", "admission: phases: found 'lunch', allowed is pre_open, "),
    (
        HEAD + "[admission.phases.halt]\ntypes = ['stop']",
        "admission: phases.halt.types: found stop, allowed is what is accepted: limit, market",
    ),
    (HEAD + "[admission]\nphases = 1", "admission.phases: found 1, allowed is a table"),
    (HEAD + "schedule = 'x'", "schedule: schedule: found 'x', allowed is always_open, "),
    (HEAD + "schedule = 1", "schedule: found 1, allowed is a list"),
    (HEAD + "schedule = []", "schedule: found no schedule, allowed is at least one"),
    (HEAD + "interruptions = 'x'", "interruptions: found 'x', allowed is london, us, xetra"),
    (HEAD + "[book]\nauction = 'x'", "book: auction: found 'x', allowed is xetra_r14, xetra_t7, "),
    (
        HEAD + "[book]\nalgorithm = 'A'",
        "book: algorithm: found 'A' with matching price_time, allowed",
    ),
    (
        HEAD + "[book]\nmatching = 'shared'",
        "book: algorithm: found '' with matching shared, allowed",
    ),
    (
        HEAD + "[book]\nprorata_lots_min = 2",
        "book: prorata_lots_min: found 2 with matching price_ti",
    ),
    (
        HEAD + "[book]\nmatching = 'shared'\nalgorithm = 'A'\ntop_lots_min = 0",
        "book: allocation top lots: found min 0 and max",
    ),
    (
        HEAD + "[book]\nauction = 'euronext'\npressure_limit_ppm = 5",
        "book: pressure_limit_ppm: found 5 with auction euronext, allowed is 0",
    ),
    (
        HEAD + "[book]\npressure_limit_ppm = -5",
        "book: auction pressure_limit_ppm: found -5, must be",
    ),
    (
        HEAD + "[book]\nband_action = 3",
        "book.band_action: found 3, allowed is clamp, interrupt, non",
    ),
    (HEAD + "[costs.fees]\nmaker = []", "costs.fees: found no 'taker', which is required"),
    (
        HEAD + "[costs.fees]\nmaker = [{ from_lots = 5 }]\ntaker = [{}]",
        "costs.fees: maker[0]: found a rate from 5 lots and 0 of currency on, allowed is from 0",
    ),
    (HEAD + "[[throttles]]\nwindow = '1s'", "throttles[0]: found no 'count', which is required"),
    (
        HEAD + "[[throttles]]\ncount = 0\nwindow = '1s'",
        "throttles[0]: throttle count: found 0, allowed is 1 to 1000000",
    ),
    (HEAD + "throttles = 1", "throttles: found 1, allowed is a list"),
    (HEAD + "disconnect = 'x'", "disconnect: found 'x', allowed is none, cme, "),
    (
        HEAD + "[protection]\nwindow = '1s'",
        "protection: quote protection: found no limit, allowed is",
    ),
    (HEAD + "[quotes]\nwhole_set = 1", "quotes.whole_set: found 1, allowed is true or false"),
    (HEAD + "[guards]\ndynamic_ppm = -1", "guards: collar ppm: found -1, must be in [0, 1000000]"),
    (
        HEAD + "[guards]\nstocks = 'us'\nstatic_ticks_min = 1",
        "guards: guards: found more than one of stocks, collars and limit_ppm, allowed is one",
    ),
    (
        HEAD + "[guards]\nlimit_ppm = 2_000_000",
        "guards: collar ppm: found 2000000, must be in [0, 10",
    ),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_one_line_that_says_where_what_was_found_and_what_is_allowed(
    text: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_preset(text, "mine.toml")

    line = str(caught.value)
    assert line.startswith(f"mine.toml: {said}")
    assert "\n" not in line


def test_a_name_that_is_none_says_which_there_are() -> None:
    with pytest.raises(InputError, match="venue: found 'xetra', allowed is a TOML file or one of"):
        load_preset("xetra")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_bytes(b"\xff\xfe")

    for name in ("none.toml", "noise.toml"):
        with pytest.raises(InputError, match=rf"{name}: cannot be read \(.*, allowed is a TOML"):
            load_preset(str(tmp_path / name))
