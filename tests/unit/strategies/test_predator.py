"""The predator: what it takes for a pattern, when it strikes, and how it gets rid of what it has."""

from collections.abc import Sequence

import pytest

from market.codes import Liquidity, Phase, Reason, ReportType, Side, TimeInForce, Trigger
from market.errors import InputError
from market.messages import Cancel, Command, Report, SetTimer, Submit, TimerFired, View
from strategies.predator import GIVE_UP, STRIKE, Predator, PredatorConfig

S = 1_000_000_000
TOLD = PredatorConfig(
    periods_ms=(10_000,), lots_max=500, streak=3, stop_before_end_ns=S, give_up_ns=S
)


class Rig:
    """A predator, and a book whose best ask can be taken."""

    def __init__(self) -> None:
        self.predator = Predator(TOLD, desk=1, book_id=0, end_ns=1_000 * S)
        self.trades = self.seq = 0
        self.predator.start(0)
        self.look(0, ask_lots=300)

    def look(self, now_ns: int, *, ask_lots: int, trade: bool = False) -> Sequence[Command]:
        self.trades += trade
        self.seq += 1
        view = View(
            book_id=0,
            bid_ticks=99,
            bid_lots=200,
            ask_ticks=101,
            ask_lots=ask_lots,
            own_bid_lots=0,
            own_ask_lots=0,
            last_trade_units=101,
            last_trade_lots=1,
            trade_count=self.trades,
            venue_ns=now_ns,
            local_ns=now_ns,
            seq=self.seq,
            phase=Phase.CONTINUOUS,
            fired=Trigger.BBO,
            bids=((99, 200), (98, 100)),
            asks=((101, ask_lots), (104, 100)),
        )
        return self.predator.on(view, now_ns)

    def taken(self, now_ns: int) -> Sequence[Command]:
        """Somebody takes a lot of the ask, which then stands as before."""
        commands = self.look(now_ns, ask_lots=299, trade=True)
        self.look(now_ns + 1_000, ask_lots=300)
        return commands

    def told(
        self, order: Submit, lots: int, now_ns: int, what: ReportType = ReportType.FILLED
    ) -> Sequence[Command]:
        """Lots of an order were filled, or have ended."""
        report = Report(
            type=what,
            book_id=0,
            order_id=order.order_id,
            price_ticks=order.price_ticks,
            qty_lots=lots,
            leaves_lots=order.qty_lots - lots,
            reason=Reason.NONE,
            liquidity=Liquidity.TAKER,
            venue_ns=now_ns,
            report_seq=self.seq,
            exec_id=1,
        )
        return self.predator.on(report, now_ns)

    def struck(self) -> tuple[Submit, int]:
        """Show it a pattern that is due at 43 seconds; its strike, and when that was."""
        for at_s in (13, 23, 33):
            self.taken(at_s * S)
        now_ns = 43 * S - TOLD.lead_ns
        strike = self.predator.on(TimerFired(timer_id=STRIKE, due_ns=now_ns), now_ns)[0]
        assert isinstance(strike, Submit)
        return strike, now_ns


def test_a_side_that_is_taken_in_the_same_moment_of_each_period_is_a_pattern() -> None:
    rig = Rig()
    assert not rig.taken(13 * S)
    assert not rig.taken(23 * S)
    timers = rig.taken(33 * S)

    assert timers == [SetTimer(timer_id=STRIKE, due_ns=43 * S - TOLD.lead_ns)]


def test_what_does_not_keep_its_time_is_none() -> None:
    rig = Rig()
    assert not any(rig.taken(at_ns * S // 10) for at_ns in (130, 237, 333, 431, 539, 632))


def test_it_takes_what_is_shown_and_offers_it_a_tick_before_the_next_price() -> None:
    rig = Rig()
    for at_s in (13, 23, 33):
        rig.taken(at_s * S)
    now_ns = 43 * S - TOLD.lead_ns
    strike, timer = rig.predator.on(TimerFired(timer_id=STRIKE, due_ns=now_ns), now_ns)

    assert isinstance(strike, Submit)
    assert (strike.side, strike.price_ticks, strike.qty_lots) == (Side.BUY, 101, 300)
    assert strike.tif is TimeInForce.IOC
    assert timer == SetTimer(timer_id=GIVE_UP, due_ns=44 * S)
    (offer,) = rig.told(strike, 300, now_ns + 1_000)
    assert isinstance(offer, Submit)
    assert (offer.side, offer.price_ticks, offer.qty_lots) == (Side.SELL, 103, 300)
    assert offer.post_only


def test_when_nobody_came_it_takes_back_what_is_left() -> None:
    rig = Rig()
    for at_s in (13, 23, 33):
        rig.taken(at_s * S)
    now_ns = 43 * S
    strike = rig.predator.on(TimerFired(timer_id=STRIKE, due_ns=now_ns), now_ns)[0]
    assert isinstance(strike, Submit)
    (offer,) = rig.told(strike, 300, now_ns + 1_000)
    assert isinstance(offer, Submit)
    given_up = rig.predator.on(TimerFired(timer_id=GIVE_UP, due_ns=44 * S), 44 * S)
    assert Cancel(book_id=0, order_id=offer.order_id) in given_up


def test_a_hunt_follows_the_other_while_the_pattern_lasts() -> None:
    rig = Rig()
    strike, now_ns = rig.struck()
    (offer,) = rig.told(strike, 300, now_ns + 1_000)
    assert isinstance(offer, Submit)
    # Somebody comes by the clock again, and meets what was offered.
    assert not rig.taken(43 * S)
    rig.told(offer, 300, 43 * S + 2_000)

    ended = rig.predator.on(TimerFired(timer_id=GIVE_UP, due_ns=44 * S), 44 * S)

    assert ended == [SetTimer(timer_id=STRIKE, due_ns=53 * S - TOLD.lead_ns)]


def test_its_own_trades_are_no_pattern() -> None:
    rig = Rig()
    strike, now_ns = rig.struck()
    rig.taken(now_ns + 500)
    rig.told(strike, 300, now_ns + 1_000, ReportType.EXPIRED)
    assert not rig.predator.on(TimerFired(timer_id=GIVE_UP, due_ns=44 * S), 44 * S)

    # With its own it would be the third and not the second.
    assert not rig.taken(now_ns + 10 * S)
    assert not rig.taken(now_ns + 20 * S)
    assert rig.taken(now_ns + 30 * S)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"periods_ms": ()}, "periods_ms"),
        ({"lots_max": 0}, "lots_max is 0"),
        ({"streak": 1}, "streak is 1, allowed is 2"),
        ({"lead_ns": 20 * S}, "lead_ns"),
        ({"lead_ns": S, "bin_ns": S // 2 + 1}, "bin_ns is 500000001, allowed is 1 to 500000000"),
    ],
)
def test_wrong_parameters_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        PredatorConfig(**{"periods_ms": (10_000,), "lots_max": 5} | fields)  # type: ignore[arg-type]
