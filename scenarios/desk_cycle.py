"""The cycle that `twin bench desk` times: a view makes a desk send, a stub venue answers, and again.

Model: every book is shown a new view in turn. In the *immediate* cycle each view makes one order: a
strategy that is flat wants to be long and the other way round, the desk crosses the spread with an IOC
order, and the venue answers ACCEPTED and FILLED. In the *passive* one a view makes a post-only order
rest at its own side's best price, and the next view of that book makes it go: ACCEPTED, then CANCELLED.
In the *routed* one books are venues, VENUES of them for an instrument: a wish is split by scores over all of
them, an IOC order each, answered as in the immediate cycle.

All books' views arrive together, then all answers to what came of them: a burst. Within it commands
leave in groups, as `scenarios.group_commit` says.

Every check of the desk runs: each table of the gate and of the limits is there, and no limit of them
is ever reached. Snapshots are taken with the default period.

Limits: the venue is a stub. It holds no book, has no queue and no latency, and never says no; it keeps
positions and cash, against which the desk's own are held at the end.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from desk.config import DeskConfig, StrategyConfig
from desk.execution import ExecutionConfig
from desk.gate import GateConfig
from desk.gate.config import GroupGate, InstrumentGate, PortfolioGate, StrategyGate
from desk.limits import BookLimits, LimitsConfig
from desk.pipeline import Desk
from desk.router.config import RouteConfig, RouteFees
from desk.sizing import SizingConfig
from desk.state import StateConfig
from market.codes import Liquidity, Phase, Reason, ReportType, Side, Trigger
from market.decisions import PPM, Facts, Signal, Target
from market.errors import DeskError
from market.instruments import Instrument
from market.messages import Cancel, Command, Report, Submit, View
from market.units import DURATION_NS

Style = Literal["immediate", "passive", "routed"]

START_NS: Final = 1_000_000_000_000_000_000
VIEW_NS: Final = 40_000
"""Between two views: 25,000 of them in a simulated second."""

ANSWER_NS: Final = 1_000
TICK_UNITS: Final = 100
BID_TICKS: Final = 58_000
SPREAD_TICKS: Final = 2
SWING_TICKS: Final = 6
"""Best prices go up and down so far, a tick at a time: marks move, and no resting order is met."""

VENUES: Final = 4
"""Books of one instrument in the routed cycle; the last one shown of them is the home."""

LOTS: Final = 100
FEE: Final = 30
STRATEGY: Final = "cycle"

_ACCEPTED: Final = ReportType.ACCEPTED
_FILLED: Final = ReportType.FILLED
_CANCELLED: Final = ReportType.CANCELLED
_NONE: Final = Reason.NONE
_NO_FILL: Final = Liquidity.NONE
_TAKER: Final = Liquidity.TAKER


class Turns(msgspec.Struct):
    """What a strategy of the cycle remembers: in which books it wants to be long."""

    long: list[bool]


class InAndOut:
    """Wants to be long in a book with every other view of it, and flat with the ones between."""

    def __init__(self, books: int) -> None:
        self.state: object = Turns(long=[False] * books)

    def on_view(self, view: View, _facts: Facts) -> Sequence[Signal]:
        """The other one of its two wishes."""
        state, book_id = self.state, view.book_id
        assert isinstance(state, Turns)
        is_long = state.long[book_id] = not state.long[book_id]
        return (Target(book_id=book_id, strength_ppm=PPM if is_long else 0),)


class StubVenue:
    """Answers at once, and keeps what every book holds and has paid.

    Attributes:
        orders: Orders that were submitted.
        ended: Those of them that were filled or cancelled.
        position_lots: By book.
        cash: By book, in price unit × lot, fees taken off.
    """

    def __init__(self, books: int) -> None:
        self.orders = 0
        self.ended = 0
        self.position_lots = [0] * books
        self.cash = [0] * books
        self._resting_lots: dict[int, int] = {}
        self._seq = 0

    def answer(self, commands: Sequence[Command], now_ns: int, reports: list[Report]) -> None:
        """Add what is reported about some commands."""
        for command in commands:
            if type(command) is Submit:
                self.orders += 1
                price_ticks, qty_lots = command.price_ticks, command.qty_lots
                reports.append(self._report(_ACCEPTED, command, price_ticks, qty_lots, now_ns))
                if command.post_only:
                    self._resting_lots[command.order_id] = qty_lots
                else:
                    reports.append(self._fill(command, now_ns))
            elif type(command) is Cancel:
                self.ended += 1
                left_lots = self._resting_lots.pop(command.order_id)
                reports.append(self._report(_CANCELLED, command, 0, left_lots, now_ns))

    def _fill(self, order: Submit, now_ns: int) -> Report:
        """The whole order, at its price."""
        self.ended += 1
        signed_lots = order.qty_lots if order.side is Side.BUY else -order.qty_lots
        self.position_lots[order.book_id] += signed_lots
        self.cash[order.book_id] -= order.price_ticks * TICK_UNITS * signed_lots + FEE
        self._seq += 1
        return Report(
            type=_FILLED,
            book_id=order.book_id,
            order_id=order.order_id,
            price_ticks=order.price_ticks,
            qty_lots=order.qty_lots,
            leaves_lots=0,
            reason=_NONE,
            liquidity=_TAKER,
            venue_ns=now_ns,
            report_seq=self._seq,
            exec_id=1,
            fee=FEE,
        )

    def _report(
        self,
        kind: ReportType,
        command: Submit | Cancel,
        price_ticks: int,
        qty_lots: int,
        now_ns: int,
    ) -> Report:
        """An answer that is no fill, about what is open, or was when it ended."""
        self._seq += 1
        return Report(
            type=kind,
            book_id=command.book_id,
            order_id=command.order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            leaves_lots=qty_lots if kind is _ACCEPTED else 0,
            reason=_NONE,
            liquidity=_NO_FILL,
            venue_ns=now_ns,
            report_seq=self._seq,
        )


def instruments_of(books: int) -> list[Instrument]:
    """The books of a cycle."""
    return [
        Instrument(
            symbol=f"B{book_id}",
            venue="STUB",
            currency="USD",
            price_units_per_currency=10_000,
            tick_units=TICK_UNITS,
        )
        for book_id in range(books)
    ]


def desk_config(books: int, style: Style) -> DeskConfig:
    """A desk with every table there, and none of them in the way."""
    symbols = [one.symbol for one in instruments_of(books)]
    strategies = _strategies(books, style)
    worth = 10**17
    instrument = InstrumentGate(
        position_lots=1_000,
        value_micros=worth,
        volume_ppm=PPM,
        daily_volume_lots=1_000_000_000,
        spread_ppm=PPM // 10,
        stale_ns=10 * DURATION_NS["s"],
        price_move_ppm=PPM,
        volatility_jump_ppm=100 * PPM,
    )
    gate = GateConfig(
        instruments=dict.fromkeys(symbols, instrument),
        groups={"all": GroupGate(gross_micros=worth, net_micros=worth)},
        strategies={
            one.name: StrategyGate(
                value_micros=worth,
                regimes=dict.fromkeys(("unknown", "calm", "normal", "volatile", "extreme"), PPM),
            )
            for one in strategies
        },
        portfolio=PortfolioGate(
            gross_micros=worth,
            net_micros=worth,
            single_name_ppm=PPM,
            correlation_ppm=PPM,
            day_drawdown_micros=worth,
            peak_drawdown_micros=worth,
            orders_max=1_000_000,
            disconnect_ns=DURATION_NS["h"],
        ),
    )
    book = BookLimits(
        order_lots=LOTS,
        order_notional_micros=10**13,
        position_lots=1_000,
        collar_ppm=PPM // 10,
    )
    limits = LimitsConfig(
        instruments=dict.fromkeys(symbols, book),
        messages_max=10_000,
        messages_window_ns=100 * DURATION_NS["ms"],
        cancel_reserve=1_000,
        fills_max=100_000,
        fills_window_ns=100 * DURATION_NS["ms"],
    )
    return DeskConfig(
        desk=1,
        strategies=strategies,
        groups=("all",) * books,
        state=StateConfig(capital=100_000_000),
        gate=gate,
        limits=limits,
    )


def _strategies(books: int, style: Style) -> tuple[StrategyConfig, ...]:
    """One strategy over all books, or one with a route over the venues of each instrument."""
    if style != "routed":
        return (
            StrategyConfig(
                name=STRATEGY,
                books=tuple(range(books)),
                sizing=SizingConfig(lots_max=LOTS),
                execution=ExecutionConfig(child_lots_max=LOTS, style=style),
            ),
        )
    fees = tuple(RouteFees(taker_ppb=10_000 * venue) for venue in range(VENUES))
    return tuple(
        StrategyConfig(
            name=f"{STRATEGY}{first}",
            books=tuple(range(first, first + VENUES)),
            sizing=SizingConfig(lots_max=VENUES * LOTS),
            execution=ExecutionConfig(child_lots_max=LOTS, style="immediate"),
            route=RouteConfig(books=tuple(range(first + VENUES - 1, first - 1, -1)), fees=fees),
        )
        for first in range(0, books, VENUES)
    )


def quotes(books: int, rounds: int, style: Style) -> list[list[tuple[int, int, int, int]]]:
    """Time, book, bid and ask of every view, a list for each burst.

    Venues of one instrument show the same prices.
    """
    bursts, now_ns = [], START_NS
    for number in range(rounds):
        burst = []
        for book_id in range(books):
            now_ns += VIEW_NS
            shift = book_id // VENUES if style == "routed" else book_id
            swing = (number + shift) % (2 * SWING_TICKS)
            bid_ticks = BID_TICKS + abs(swing - SWING_TICKS)
            burst.append((now_ns, book_id, bid_ticks, bid_ticks + SPREAD_TICKS))
        bursts.append(burst)
    return bursts


def view_of(quote: tuple[int, int, int, int], seq: int) -> View:
    """A view with these best prices."""
    now_ns, book_id, bid_ticks, ask_ticks = quote
    return View(
        book_id=book_id,
        bid_ticks=bid_ticks,
        bid_lots=LOTS,
        ask_ticks=ask_ticks,
        ask_lots=LOTS,
        own_bid_lots=0,
        own_ask_lots=0,
        last_trade_units=bid_ticks * TICK_UNITS,
        last_trade_lots=1,
        trade_count=seq,
        venue_ns=now_ns,
        local_ns=now_ns,
        seq=seq,
        phase=Phase.CONTINUOUS,
        fired=Trigger.BBO,
    )


def check_end(desk: Desk, venue: StubVenue, orders: int) -> None:
    """Refuse a cycle that did not do all of its work, or did it wrongly.

    Raises:
        DeskError: The desk and the venue do not agree, or orders are missing.
    """
    if not venue.orders == venue.ended == orders:
        raise DeskError(
            f"bench: {venue.orders} orders were sent and {venue.ended} ended of {orders}"
        )
    if desk.orders.data.anomalies:
        raise DeskError(f"bench: the desk found {desk.orders.data.anomalies} wrong with reports")
    for book_id, (lots, cash) in enumerate(zip(venue.position_lots, venue.cash, strict=True)):
        held = sum(
            desk.ledger.position_lots(strategy, book_id) for strategy in range(len(desk.strategies))
        )
        worth_x2 = desk.ledger.equity_x2(book_id)
        mark_x2 = desk.state.data.mark_x2_ticks[book_id]
        if (held, worth_x2) != (lots, 2 * cash + lots * mark_x2 * TICK_UNITS):
            raise DeskError(
                f"bench: book {book_id} holds {held} lots worth {worth_x2}/2 with the desk, "
                f"{lots} lots and {cash} cash with the venue"
            )
