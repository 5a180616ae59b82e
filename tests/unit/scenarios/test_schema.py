from pathlib import Path

import pytest

from market.codes import Trigger
from market.errors import InputError
from scenarios import library_names, load_scenario, parse_scenario, scenario_digest
from sim.latency import Constant, Empirical, LogNormal
from strategies import QuoterConfig, ScheduledBuyerConfig

TEXT = """
format_version = 1
[run]
name = "day"
title = "A day"
start = "2012-06-21T09:30:00-04:00"
duration = "6.5h"
mode = "reactive"
[[books]]
symbol = "SYN"
venue = "SIM"
currency = "USD"
price_units_per_currency = 10_000
tick_units = 100
[flow]
limit_mean = "25ms"
market_mean = "1s"
life_mean = "2m"
band_ticks = 50
qty_mean_lots = 100
seed_orders = 2_000
anchor_ticks = 58_000
[[hosts]]
name = "near"
desk = 1
strategy = "quoter"
books = ["SYN"]
stale = "5s"
triggers = ["bbo", "trade"]
compute = { model = "constant", latency = "50us" }
feed = { model = "lognormal", median = "80us", sigma = 0.4, burst_every = "1s", burst_factor = 3 }
orders = { model = "constant", latency = "1ns" }
reports = { model = "empirical", path = "wire.txt" }
params = { qty_lots = 100, inventory_lots_max = 500, pull_before_end = "1m" }
[[hosts]]
name = "far"
desk = 2
strategy = "scheduled_buyer"
compute = { model = "constant", latency = "50us" }
feed = { model = "constant", latency = "4ms" }
orders = { model = "constant", latency = "4ms" }
reports = { model = "constant", latency = "4ms" }
params = { total_lots = 100, slices = 10, patience = "30s" }
[fees]
taker_units_ppm = 5
"""


@pytest.fixture
def where(tmp_path: Path) -> str:
    (tmp_path / "wire.txt").write_text("latency_ns\n1000\n2000\n3000\n")
    return str(tmp_path / "day.toml")


def test_a_scenario_is_read_with_every_unit_in_its_place(where: str) -> None:
    scenario = parse_scenario(TEXT, where)
    near, far = scenario.hosts

    assert 1_340_285_400 * 10**9 == scenario.run.start_ns
    assert 23_400 * 10**9 == scenario.run.duration_ns
    assert ("reactive", 7) == (scenario.run.mode, scenario.run.seed)
    assert scenario.flow is not None
    assert (25 * 10**6, 120 * 10**9) == (scenario.flow.limit_mean_ns, scenario.flow.life_mean_ns)
    assert Constant(latency_ns=50_000) == near.compute
    assert near.feed == LogNormal(
        median_ns=80_000, sigma=0.4, burst_every_ns=10**9, burst_factor=3.0
    )
    assert Empirical(path=str(Path(where).parent / "wire.txt")) == near.reports
    assert near.params == QuoterConfig(
        qty_lots=100, inventory_lots_max=500, pull_before_end_ns=60 * 10**9
    )
    assert (("SYN",), Trigger.BBO | Trigger.TRADE) == (near.books, near.triggers)
    assert 5 * 10**9 == near.stale_ns
    assert ScheduledBuyerConfig(total_lots=100, slices=10, patience_ns=30 * 10**9) == far.params
    assert ((), Trigger.BBO | Trigger.PHASE, 0) == (far.books, far.triggers, far.stale_ns)
    assert (0, 5) == (scenario.fees.maker_units_ppm, scenario.fees.taker_units_ppm)
    assert "SYN" == scenario.books[0].symbol


@pytest.mark.parametrize(
    "start", ["2012-06-21T13:30:00Z", "2012-06-21T15:30:00+02:00", "2012-06-21T09:30:00.000-04:00"]
)
def test_one_moment_may_be_written_in_any_zone(where: str, start: str) -> None:
    text = TEXT.replace("2012-06-21T09:30:00-04:00", start)

    assert parse_scenario(TEXT, where).run == parse_scenario(text, where).run


# What is replaced, by what, the key path that the error must name, and what it must say besides.
BAD = {
    "version": ("format_version = 1", "format_version = 2", "format_version", "2, allowed is 1"),
    "no version": ("format_version = 1", "", "format_version", "found None"),
    "version of another type": (
        "format_version = 1", "format_version = true", "format_version", "found True"
    ),
    "no TOML": ("[run]", "[run", "day.toml", "found no TOML"),
    "unknown section": ("[fees]", "[frees]", "day.toml", "unknown key 'frees'"),
    "section of another type": ("[flow]", "[[flow]]", "flow", "allowed is a table"),
    "list of another type": ("[[books]]", "[books]", "books", "allowed is a list of tables"),
    "unknown key": ("duration =", "durations =", "run", "unknown key 'durations'"),
    "nanoseconds by their inner name": (
        'duration = "6.5h"', "duration_ns = 5", "run", "unknown key 'duration_ns'"
    ),
    "missing key": ('title = "A day"', "", "run", "no 'title'"),
    "text for a number": ("band_ticks = 50", 'band_ticks = "50"', "flow.band_ticks", "'50'"),
    "truth for a number": ("band_ticks = 50", "band_ticks = true", "flow.band_ticks", "True"),
    "fraction for a number": ("desk = 1", "desk = 1.5", "hosts[0].desk", "a whole number"),
    "number for a text": ('"A day"', "3", "run.title", "a text"),
    "number for a duration": ('"6.5h"', "6", "run.duration", "a duration such as"),
    "duration without a unit": ('"6.5h"', '"6.5"', "run.duration", "'6.5'"),
    "no duration": ('"6.5h"', '"0s"', "run", "above 0"),
    "seed": ('mode = "reactive"', 'mode = "reactive"\nseed = -1', "run", "seed is -1"),
    "mode": ('"reactive"', '"solid"', "run.mode", "allowed is frozen, reactive"),
    "name": ('"day"', '"../day"', "run", "name is '../day'"),
    "start without a zone": ("00-04:00", "00", "run.start", "allowed is a text such as"),
    "start that is no date": ("06-21", "06-31", "run.start", "2012-06-31"),
    "start long ago": ("2012", "0012", "run.start", "1970 to 2200"),
    "start as a TOML date": (
        '"2012-06-21T09:30:00-04:00"', "2012-06-21T09:30:00-04:00", "run.start", "a text such as"
    ),
    "auto with a flow": ('"2012-06-21T09:30:00-04:00"', '"auto"', "run.start", "'auto'"),
    "frozen with a flow": ('"reactive"', '"frozen"', "run.mode", "'frozen'"),
    "flow out of range": ("band_ticks = 50", "band_ticks = 0", "flow", "band_ticks is 0"),
    "tick": ("tick_units = 100", "tick_units = 0", "books[0]", "tick_units is 0"),
    "strategy": ('"quoter"', '"oracle"', "hosts[0].strategy", "allowed is day_order, predator, quoter, scheduled_buyer"),
    "parameter of another strategy": ("slices = 10", "qty_lots = 1", "hosts[1].params", "slices"),
    "parameter out of range": ("slices = 10", "slices = 101", "hosts[1].params", "slices is 101"),
    "latency model": ('"lognormal"', '"normal"', "hosts[0].feed.model", "constant, empirical"),
    "no latency model": ('model = "lognormal", ', "", "hosts[0].feed.model", "found None"),
    "latency key": ("sigma = 0.4", "sigmas = 0.4", "hosts[0].feed", "unknown key 'sigmas'"),
    "latency out of range": ("sigma = 0.4", "sigma = nan", "hosts[0].feed", "sigma is nan"),
    "latency that is no table": (
        'orders = { model = "constant", latency = "1ns" }', 'orders = "1ns"', "hosts[0].orders",
        "allowed is a table",
    ),
    "no latency at all": ('latency = "1ns"', 'latency = "0ns"', "hosts[0].orders", "latency_ns is 0"),
    "latency file": ("wire.txt", "nowhere.txt", "hosts[0].reports.path", "nowhere.txt"),
    "trigger": ('"trade"]', '"moon"]', "hosts[0].triggers[1]", "allowed is bbo, indication, phase, trade"),
    "triggers": ('["bbo", "trade"]', '"bbo"', "hosts[0].triggers", "a list of texts"),
    "book": ('["SYN"]', '["GOOG"]', "hosts[0].books", "found 'GOOG', allowed is SYN"),
    "book twice": ('["SYN"]', '["SYN", "SYN"]', "hosts[0].books", "'SYN' twice"),
    "books": ('["SYN"]', '"SYN"', "hosts[0].books", "a list of texts"),
    "host twice": ('"far"', '"near"', "hosts", "name 'near' twice"),
    "host name": ('"far"', '"a far one"', "hosts[1]", "name is 'a far one'"),
    "desk twice": ("desk = 2", "desk = 1", "hosts", "desk 1 twice"),
    "desk": ("desk = 2", "desk = 0", "hosts[1]", "desk is 0"),
    "depth": ("desk = 2", "desk = 2\ndepth_levels = 1025", "hosts[1]", "depth_levels is 1025"),
    "fee": ("ppm = 5", "ppm = 1_000_001", "fees", "taker_units_ppm is 1000001"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line_with_file_key_found_and_allowed(case: str, where: str) -> None:
    old, new, path, said = BAD[case]
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        parse_scenario(TEXT.replace(old, new, 1), where)
    line = str(caught.value)

    assert line.startswith(where)
    assert path in line
    assert said in line
    assert "\n" not in line


def test_a_flow_needs_exactly_one_book_and_books_differ(where: str) -> None:
    book = TEXT[TEXT.index("[[books]]") : TEXT.index("[flow]")]
    flow = TEXT[TEXT.index("[flow]") : TEXT.index("[[hosts]]")]

    with pytest.raises(InputError, match=r"flow: found 0 \[\[books\]\] .* allowed is one book"):
        parse_scenario(TEXT.replace(book, ""), where)
    with pytest.raises(InputError, match=r"flow: found 2 \[\[books\]\] .* allowed is one book"):
        parse_scenario(TEXT.replace(book, book + book.replace("SYN", "TWO")), where)
    with pytest.raises(InputError, match="books: found name 'SYN@SIM' twice, allowed is once"):
        parse_scenario(TEXT.replace(book, book + book).replace(flow, ""), where)


def test_several_books_have_a_flow_each(where: str) -> None:
    book = TEXT[TEXT.index("[[books]]") : TEXT.index("[flow]")]
    flow = TEXT[TEXT.index("[flow]") : TEXT.index("[[hosts]]")]
    other = book.replace('"SIM"', '"TWO"')
    flows = "".join(
        flow.replace("[flow]", f'[[flows]]\nbook = "SYN@{venue}"') for venue in ("SIM", "TWO")
    )

    scenario = parse_scenario(TEXT.replace(flow, flows).replace(book, book + other), where)
    assert [one.book for one in scenario.flows] == ["SYN@SIM", "SYN@TWO"]
    with pytest.raises(InputError, match=r"flows\[1\].book: found 'SYN@TWO', allowed is SYN@SIM"):
        parse_scenario(TEXT.replace(flow, flows), where)


def test_a_scenario_for_tapes_needs_neither_books_nor_flow_nor_hosts() -> None:
    text = """
    format_version = 1
    run = { name = "bare", title = "Replay", start = "auto", duration = "1h", mode = "frozen" }
    """
    scenario = parse_scenario(text, "bare.toml")

    assert (0, "frozen", (), None, ()) == (
        scenario.run.start_ns, scenario.run.mode, scenario.books, scenario.flow, scenario.hosts
    )  # fmt: skip


def test_the_digest_is_of_what_is_said_not_of_how(where: str) -> None:
    digest = scenario_digest(TEXT, where)

    assert 32 == len(digest)
    assert digest == scenario_digest("# a comment\n" + TEXT.replace("100\n", "1_00\n"), where)
    assert digest == scenario_digest(TEXT.replace('"6.5h"', '"390m"'), where)
    assert digest == scenario_digest(TEXT.replace('mode = "rea', 'seed = 7\nmode = "rea'), where)
    assert digest != scenario_digest(TEXT.replace('"6.5h"', '"6h"'), where)
    assert digest != scenario_digest(TEXT.replace("desk = 2", "desk = 3"), where)


def test_the_digest_covers_the_content_of_a_latency_file_but_not_its_place(tmp_path: Path) -> None:
    digests = []
    for folder, text in (("a", "1000\n"), ("b", "1000\n"), ("c", "1001\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "wire.txt").write_text(text)
        digests.append(scenario_digest(TEXT, str(tmp_path / folder / "day.toml")))

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", library_names())
def test_every_packaged_scenario_is_read_and_named_after_its_file(name: str) -> None:
    scenario, text, where = load_scenario(name)

    assert name == scenario.run.name
    assert where.endswith(f"{name}.toml")
    assert scenario == parse_scenario(text, where)
    # A packaged scenario may be inside an archive: it cannot name a file beside it.
    assert "empirical" not in text


def test_a_path_is_read_wherever_it_is(tmp_path: Path, where: str) -> None:
    Path(where).write_text(TEXT, encoding="utf-8")

    assert "day" == load_scenario(where)[0].run.name
    assert "day" == load_scenario(Path(where))[0].run.name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("second_light", f"allowed is {', '.join(library_names())}"),
        ("", f"allowed is {', '.join(library_names())}"),
        ("nowhere/day.toml", "No such file"),
        ("nowhere.toml", "No such file"),
        ("nowhere/", "No such file"),
    ],
)
def test_an_unknown_scenario_is_named_with_what_there_is(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_scenario(name)
    assert name.rstrip("/") in str(caught.value)


def test_random_bytes_are_no_scenario(tmp_path: Path) -> None:
    path = tmp_path / "noise.toml"
    path.write_bytes(bytes(range(256)))

    with pytest.raises(InputError, match=r"noise\.toml: found no UTF-8 text"):
        load_scenario(path)
