"""A world of two venues with a desk whose wishes are routed: it trades at both, and explains why."""

from pathlib import Path

import pytest

from desk.journal import Reader, RecordType, event_in
from desk.router import FACTORS, RouterFactor, learned_of
from desk.router.learning import Priors
from desk.router.measure import Learned
from desk.routes.memory import VenueMemory
from market.decisions import Route
from market.errors import InputError
from market.messages import Submit
from scenarios.explain import explain_order
from scenarios.reconstruct import reconstruct
from scenarios.run import run_scenario

BOOKS = """
[[books]]
symbol = "SYN"
venue = "{venue}"
currency = "USD"
price_units_per_currency = 10_000
tick_units = 100

[[flows]]
book = "SYN@{venue}"
limit_mean = "{limit}"
market_mean = "{market}"
life_mean = "60s"
band_ticks = 50
decay = 0.52
qty_mean_lots = 100
seed_orders = 600
anchor_ticks = 5_000
"""
WORLD = """
format_version = 1

[run]
name = "routed"
title = "Two venues"
start = "2012-06-21T10:00:00-04:00"
duration = "12m"
seed = 7
mode = "reactive"

[[hosts]]
name = "desk"
desk = 1
depth_levels = 5
compute = { model = "constant", latency = "40us" }
feed = { model = "constant", latency = "25us" }
orders = { model = "constant", latency = "30us" }
reports = { model = "constant", latency = "30us" }

[hosts.stack]
flat_before_end = "1m"

[hosts.stack.state]
capital = 1_000_000

[hosts.stack.state.volatility]
bar = "1s"
min_bars = 30

[[hosts.stack.strategies]]
name = "leaner"
strategy = "imbalance"
sizing = { lots_max = 300 }
execution = { style = "passive", child_lots_max = 200, patience = "5s" }

[hosts.stack.strategies.params]
memory = "5s"
horizon = "30s"
levels = 3

[hosts.stack.strategies.route]
books = ["SYN@A", "SYN@B"]

[hosts.stack.gate.instruments.SYN]
position_lots = 1_000
value_micros = 700_000_000_000
volume_ppm = 1_000_000
daily_volume_lots = 2_000_000
spread_ppm = 100_000
stale = "60s"
price_move_ppm = 900_000
volatility_jump_ppm = 100_000_000

[hosts.stack.gate.groups.all]
gross_micros = 700_000_000_000
net_micros = 700_000_000_000

[hosts.stack.gate.strategies.leaner]
value_micros = 300_000_000_000
regimes = { unknown = 1_000_000, calm = 1_000_000, normal = 1_000_000, volatile = 1_000_000 }

[hosts.stack.gate.portfolio]
gross_micros = 700_000_000_000
net_micros = 700_000_000_000
single_name_ppm = 1_000_000
correlation_ppm = 1_000_000
day_drawdown_micros = 20_000_000_000
peak_drawdown_micros = 50_000_000_000
orders_max = 2_000
orders_window = "10s"
disconnect = "5s"

[hosts.stack.limits]
messages_max = 500
cancel_reserve = 100
fills_max = 200

[hosts.stack.limits.instruments.SYN]
order_lots = 400
order_notional_micros = 200_000_000_000
position_lots = 1_200
collar_ppm = 50_000

[fees]
maker_units_ppm = -3
taker_units_ppm = 5
"""


def world(folder: Path, change: tuple[str, str] = ("", "")) -> Path:
    """The scenario's file, one thing in it changed."""
    text = WORLD.replace(*change) if change[0] else WORLD
    assert not change[0] or text != WORLD
    text += BOOKS.format(venue="A", limit="100ms", market="1s")
    text += BOOKS.format(venue="B", limit="200ms", market="2s")
    path = folder / "routed.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run_of(path: Path, runs: Path) -> tuple[Path, str]:
    """A run's folder and digest."""
    summary = run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=runs,
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder), summary.digest


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve minutes of two venues, written to a folder."""
    folder = tmp_path_factory.mktemp("runs")
    return run_of(world(folder), folder)[0]


def sent(run: Path) -> list[tuple[Submit, Route | None]]:
    """Every order with the choice that it left by."""
    found = []
    for record in Reader((run / "desk.journal").read_bytes()):
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        routes = [one.route for one in event.decisions if one.route is not None]
        found += [
            (caused.command, routes[0] if routes else None)
            for caused in event.commands
            if isinstance(caused.command, Submit)
        ]
    return found


def test_orders_go_to_both_venues_and_each_has_its_choice(run: Path) -> None:
    orders = sent(run)
    assert {order.book_id for order, _ in orders} == {0, 1}
    for order, route in orders:
        assert route is not None
        assert {len(venue.facts) for venue in route.venues} == {len(FACTORS)}
        given = {venue.book_id: venue.lots for venue in route.venues}
        assert order.qty_lots == min(given[order.book_id], 200)


def test_fees_of_the_scenario_are_known_to_the_router(run: Path) -> None:
    fact = [factor.field for factor in FACTORS].index("taker_fee_ppb")
    route = next(route for _, route in sent(run) if route is not None)
    assert {venue.facts[fact] for venue in route.venues} == {5_000}


def test_an_order_is_explained_with_the_venues_that_were_compared(run: Path) -> None:
    order, route = next(one for one in sent(run) if one[1] is not None and one[1].takes)
    assert route is not None
    told = explain_order(run, order.order_id).route
    assert told[0] == f"scored: take {route.total_lots} lots"
    assert [line.split(":")[0] for line in told[1:]] == [
        f"book {venue.book_id}" for venue in route.venues
    ]
    for line, venue in zip(told[1:], route.venues, strict=True):
        assert f"score {venue.score_micro / 1e6:+.3f} ppb" in line
        name, part = max(venue.parts, key=lambda one: abs(one[1]))
        assert f"{RouterFactor(name).field} " in line
        assert f"({part / 1e6:+.3f})" in line


def test_what_own_orders_taught_is_never_out_of_date(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept between choices is what the posteriors say when it is read."""
    kept, read = VenueMemory.learned, []

    def checked(memory: VenueMemory, book_id: int, priors: Priors) -> Learned:
        found = kept(memory, book_id, priors)
        assert found == learned_of(memory.data.venues[book_id], priors)
        read.append(found)
        return found

    monkeypatch.setattr(VenueMemory, "learned", checked)
    run_of(world(tmp_path), tmp_path)
    distinct = {tuple(one.values()) for one in read}
    assert 20 < len(distinct) < len(read)


def test_a_desk_with_a_route_is_rebuilt_from_its_journal(run: Path) -> None:
    """Reconstruction replays every event before the order, each of which must come out the same."""
    order, _ = sent(run)[-1]
    moment = reconstruct(run, order.order_id, None)
    assert any(one.get("order_id") == order.order_id for one in moment.commands)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('books = ["SYN@A", "SYN@B"]', 'books = ["SYN@A", "SYN@C"]'), "found book 'SYN@C'"),
        (('"SYN@B"]', '"SYN@B"]\nmode = "static"'), "allowed is static with a book"),
        (('"SYN@B"]', '"SYN@B"]\nmode = "nearest"'), "mode"),
        (('"SYN@B"]', '"SYN@B"]\ntake = { luck = 1 }'), "luck"),
    ],
)
def test_a_wrong_route_is_one_clear_error(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        run_of(world(tmp_path, change), tmp_path)


def test_books_that_differ_are_no_route(tmp_path: Path) -> None:
    path = world(tmp_path)
    text = path.read_text(encoding="utf-8")
    head, tail = text.split('venue = "B"')
    path.write_text(
        head + 'venue = "B"' + tail.replace("tick_units = 100", "tick_units = 50", 1),
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="with the ticks and lots of SYN@A"):
        run_of(path, tmp_path)
