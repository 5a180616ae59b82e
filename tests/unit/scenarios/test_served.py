"""The market behind a served exchange: driven from outside, and the same however it is driven."""

from pathlib import Path

import msgspec
import pytest

from bridge.served.capture import CaptureFeed
from bridge.served.exchange import Exchange
from market.codes import ReportType, Side
from market.errors import InputError
from market.live import BestQuote, BookDelta, Print, Update
from market.messages import Cancel, Submit
from scenarios.served import SimulatedMarket, served_scenario, tape_scenario
from sim.ingest.binance import ingest_binance
from sim.streams import draw
from sim.tape.read import open_tape
from tests.served_rig import write_capture

SECOND_NS = 1_000_000_000


def simulation(members: int = 1) -> SimulatedMarket:
    return SimulatedMarket(served_scenario("calm"), None, seed=7, members=members)


def play(market: SimulatedMarket, pieces: int) -> tuple[list[Update], str]:
    """Three seconds with two orders, advanced in so many pieces."""
    made: list[Update] = []
    until_ns = market.start_ns
    for part in range(3):
        began_ns, until_ns = until_ns, market.start_ns + (part + 1) * SECOND_NS
        cuts = sorted(draw(9, part, n) % SECOND_NS for n in range(pieces))
        for cut_ns in [*(began_ns + cut for cut in cuts), until_ns]:
            market.advance(cut_ns)
            made += market.updates()
        _, bids, _ = market.depth(0, 1)
        assert market.command(
            0,
            Submit(
                book_id=0, order_id=part + 1, side=Side.BUY, price_ticks=bids[0][0], qty_lots=10
            ),
        )
    made += market.updates()
    recorder = market.assembly.recorder
    return made, recorder.digest(str(market.assembly.world.state(0)))


def test_cutting_time_in_other_pieces_changes_nothing() -> None:
    coarse, fine = play(simulation(), 0), play(simulation(), 40)

    assert len(coarse[0]) > 500
    assert coarse == fine


def test_members_do_not_change_a_world_that_they_do_not_trade_in() -> None:
    def digest(members: int) -> str:
        market = simulation(members)
        market.advance(market.start_ns + SECOND_NS)
        return market.assembly.recorder.digest(str(market.assembly.world.state(0)))

    assert digest(0) == digest(3)


def test_updates_are_numbered_and_make_the_venues_own_book() -> None:
    market = simulation()
    market.advance(market.start_ns + 2 * SECOND_NS)
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    last = trades = 0
    for update in market.updates():
        if isinstance(update, BookDelta):
            assert update.seq > last
            last = update.seq
            for known, levels in zip(sides, (update.bids, update.asks), strict=True):
                known.update(levels)
        elif isinstance(update, Print):
            trades += 1
            assert (update.trade_id, update.qty_lots > 0) == (trades, True)
        else:
            assert isinstance(update, BestQuote)
            assert update.seq == last
    for side in (Side.BUY, Side.SELL):
        shown = {price: lots for price, lots in sides[side].items() if lots}
        assert shown == dict(market.assembly.world.venue_depth(0, side, 10_000))
    assert trades > 10
    assert market.overruns == 0


def test_a_command_is_answered_when_it_returns_and_members_are_told_apart() -> None:
    market = simulation(members=2)
    market.advance(market.start_ns + SECOND_NS)
    _, bids, asks = market.depth(0, 1)
    middle = (bids[0][0] + asks[0][0]) // 2
    resting = Submit(book_id=0, order_id=1, side=Side.SELL, price_ticks=middle, qty_lots=5)
    taking = Submit(book_id=0, order_id=2, side=Side.BUY, price_ticks=asks[0][0], qty_lots=5)

    market.command(0, resting)
    first = market.reports()
    market.command(1, taking)
    then = market.reports()

    assert (first[0].member, first[0].report.type) == (0, ReportType.ACCEPTED)
    assert (1, ReportType.FILLED) in [(one.member, one.report.type) for one in then]
    held = [market.holding(member, 0) for member in (0, 1)]
    assert held[1].position_lots == 5
    assert held[0].position_lots in (0, -5)


def test_a_book_of_more_levels_than_its_ring_holds_is_compared(tmp_path: Path) -> None:
    tape = tmp_path / "t.tape.parquet"
    ingest_binance([write_capture(tmp_path / "c.gz", 300)], out=tape, market="spot")
    opened = open_tape(tape)
    market = SimulatedMarket(tape_scenario(opened), opened, seed=7, members=0)
    book = market._books[0]
    whole = SimulatedMarket(tape_scenario(opened), opened, seed=7, members=0)
    whole.advance(whole.end_ns)

    market._clock.run_until(market.end_ns)
    made = book._compared(book._word(15))

    assert book.overruns == 1
    assert len(made) >= 1
    assert market.depth(0, 100) == whole.depth(0, 100)


def test_time_ends_with_the_source() -> None:
    market = simulation()
    market.advance(market.end_ns + SECOND_NS)

    assert market.now_ns == market.end_ns
    assert not market.command(0, Cancel(book_id=0, order_id=1))


def test_a_scenario_that_needs_a_tape_is_refused() -> None:
    with pytest.raises(InputError, match=r"no \[flow\]"):
        served_scenario("goog_day")


def test_rates_are_those_of_the_price_list() -> None:
    market = simulation()

    assert market.rates(0) == (0, market.assembly.scenario.fees.taker_units_ppm)


def test_a_tape_is_served_as_the_capture_that_it_was_made_from(tmp_path: Path) -> None:
    capture = write_capture(tmp_path / "c.gz", 600)
    tape = tmp_path / "t.tape.parquet"
    ingest_binance([capture], out=tape, market="spot", tick="0.01", lot="0.00001")
    opened = open_tape(tape)
    market = SimulatedMarket(tape_scenario(opened), opened, seed=7, members=0)
    exchange = Exchange(market, {})
    frames = exchange.advance(market.end_ns, 1)
    recorded = CaptureFeed([capture])
    trades = [frame.traded for frame in recorded.take(1 << 62) if frame.traded is not None]

    symbol = exchange.symbols["BTCUSDT"]
    ours, theirs = exchange.feed.depth(symbol, 100), recorded.depth(symbol, 100)
    assert (ours.bids, ours.asks) == (theirs.bids, theirs.asks)
    prints = [frame.traded for frame in frames if frame.traded is not None]
    assert [one[1:] for one in prints][-len(trades) :] == [one[1:] for one in trades]
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for frame in frames:
        if frame.names == ("btcusdt@depth@0ms",):
            diff = msgspec.json.decode(frame.whole)
            for side, levels in zip(sides, (diff["b"], diff["a"]), strict=True):
                side.update(levels)
    for side, shown in zip(sides, (ours.bids, ours.asks), strict=True):
        assert {price: qty for price, qty in side.items() if float(qty)} == dict(shown)
