"""How fast books with rules are: replay beside a plain book, and what each rule does to a command.

Model: `plain` and `ruled` replay the stream of `twin bench replay` through the venue's book alone, the
second with rules of which nothing is used; both must end in the same book. The other laps send commands
to a standing book: what is timed is a command with all that it brings about, driven from Python one by
one. `plain_commands` and `ruled_commands` are the same submits and cancels, without and with rules.

    iceberg     a market order that uses up a peak of an iceberg, which comes forward again
    pro_rata    a market order that a level of `QUEUE` orders shares by size
    pegs        a new best bid, after which `PEGS` pegged orders are priced anew
    stops       a trade that triggers a stop
    auction     a call of `CALLERS` orders that prints

Limits: one book, no wire, no local book.
"""

from collections.abc import Callable
from statistics import median
from typing import Any, Final

import msgspec

from market.codes import Mode, OrderType, Phase, Side, TimeInForce
from market.errors import VenueError
from market.messages import NO_PRICE
from scenarios.bench import TICK_UNITS, Stream, record_stream
from sim.arena import BookSpec
from sim.venue_rules.allocation_policy import AllocationPolicy, cme_steps
from sim.venue_rules.book_rules import BookRules, Matching
from sim.world import World

ROUNDS: Final = 5
MESSAGES: Final = 1_000_000
COMMANDS: Final = 4_000
QUEUE: Final = 100
PEGS: Final = 20
CALLERS: Final = 1_000
CALLS: Final = 20
MID: Final = 100_000
LEVELS: Final = 50

PRO_RATA: Final = BookRules(
    matching=Matching.SHARED, allocation=AllocationPolicy(steps=cme_steps("A"))
)


class RulesResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin bench rules` found.

    Attributes:
        messages_per_s: Medians of the two replays.
        ruled_over_plain: Their ratio in the same round, median over the rounds.
        command_us: Median cost of a command of each other lap, in microseconds.
        spread_us: Cheapest and dearest round of each.
    """

    messages_per_s: dict[str, float]
    ruled_over_plain: float
    command_us: dict[str, float]
    spread_us: dict[str, list[float]]


class Commands:
    """A book with numbered commands, one nanosecond each."""

    def __init__(self, rules: BookRules | None) -> None:
        self.world = World(
            mode=Mode.REACTIVE,
            books=[BookSpec(tick_units=TICK_UNITS, rules=rules)],
            locals_=[],
            start_ns=0,
        )
        self.number = 0
        self._ruled = rules is not None

    def submit(
        self,
        side: Side,
        price: int,
        lots: int,
        *,
        kind: OrderType = OrderType.LIMIT,
        tif: TimeInForce = TimeInForce.GTC,
        **terms: Any,
    ) -> int:
        """Send an order; its number."""
        self.number += 1
        now_ns = self._now()
        common: dict[str, Any] = {
            "side": side,
            "order_type": kind,
            "tif": tif,
            "price_ticks": price,
            "qty_lots": lots,
            "cause": -self.number,
        }
        if self._ruled:
            self.world.submit_terms(
                0, now_ns, self.number, owner=self.number, post=0, **common, **terms
            )
        else:
            self.world.submit(0, now_ns, self.number, post_only=False, **common)
        return self.number

    def cancel(self, number: int) -> None:
        """Take an order back."""
        self.world.cancel(0, self._now(), number, cause=-self.number - (1 << 40))

    def phase(self, phase: Phase) -> None:
        """Change the book's phase."""
        self.number += 1
        self.world.command_phase(0, phase, self._now(), cause=-self.number)

    def _now(self) -> int:
        self.world.advance(self.world.now_ns + 1)
        return self.world.now_ns

    def ladder(self, lots: int = 1_000) -> None:
        """Fifty levels a side."""
        for step in range(1, LEVELS + 1):
            self.submit(Side.BUY, MID - step, lots)
            self.submit(Side.SELL, MID + step, lots)


Lap = Callable[[Callable[[], int]], float]
"""Runs once and says how many microseconds a command took."""


def bench_rules(
    *,
    wall_ns: Callable[[], int],
    progress: Callable[[int, int], None] | None = None,
    rounds: int = ROUNDS,
    messages: int = MESSAGES,
) -> RulesResult:
    """Measure every lap in alternating rounds.

    Args:
        wall_ns: A monotonic clock in nanoseconds; rooms of simulated time have none of their own.
        progress: Called with rounds done and rounds in all.
        rounds: How often each lap runs.
        messages: Least number of messages in the stream.

    Raises:
        VenueError: The two replays ended in different books.
    """
    stream = record_stream(messages)
    replays: dict[str, BookRules | None] = {"plain": None, "ruled": BookRules()}
    for rules in replays.values():
        _replay(stream, rules, wall_ns)
    for lap in LAPS.values():
        lap(wall_ns)
    rates: list[dict[str, float]] = []
    costs: list[dict[str, float]] = []
    for number in range(rounds):
        rates.append({name: _replay(stream, rules, wall_ns) for name, rules in replays.items()})
        costs.append({name: lap(wall_ns) for name, lap in LAPS.items()})
        if progress is not None:
            progress(number + 1, rounds)
    return RulesResult(
        messages_per_s={name: median(one[name] for one in rates) for name in replays},
        ruled_over_plain=median(one["ruled"] / one["plain"] for one in rates),
        command_us={name: median(one[name] for one in costs) for name in LAPS},
        spread_us={
            name: [min(one[name] for one in costs), max(one[name] for one in costs)]
            for name in LAPS
        },
    )


def _replay(stream: Stream, rules: BookRules | None, wall_ns: Callable[[], int]) -> float:
    """Messages a second through the venue's book alone."""
    spec = BookSpec(tick_units=TICK_UNITS, handle_count=stream.handle_count, rules=rules)
    world = World(mode=Mode.FROZEN, books=[spec], locals_=[], start_ns=0, rows=iter([stream.rows]))
    began_ns = wall_ns()
    while world.now_ns < stream.end_ns:
        world.advance(stream.end_ns)
    took_ns = wall_ns() - began_ns
    shown = [world.venue_depth(0, side, LEVELS) for side in Side]
    if _SHOWN.setdefault(stream.end_ns, shown) != shown:
        raise VenueError("bench: the two replays ended in different books")
    return len(stream.rows) * 1e9 / took_ns


_SHOWN: Final[dict[int, list[list[tuple[int, int]]]]] = {}


def _timed(wall_ns: Callable[[], int], count: int, act: Callable[[int], None]) -> float:
    """Microseconds of one of `count` acts."""
    began_ns = wall_ns()
    for number in range(count):
        act(number)
    return (wall_ns() - began_ns) / count / 1e3


def _commands(rules: BookRules | None) -> Lap:
    """Submits that rest, and their cancels."""

    def lap(wall_ns: Callable[[], int]) -> float:
        book = Commands(rules)
        book.ladder()

        def act(number: int) -> None:
            book.cancel(book.submit(Side.BUY, MID - 1 - number % LEVELS, 10))

        return _timed(wall_ns, COMMANDS, act) / 2

    return lap


def _iceberg(wall_ns: Callable[[], int]) -> float:
    book = Commands(BookRules())
    book.submit(Side.SELL, MID + 1, COMMANDS * 10, display_lots=10 * COMMANDS // 500)
    peak = 10 * COMMANDS // 500

    def act(_: int) -> None:
        book.submit(Side.BUY, 0, peak, kind=OrderType.MARKET, tif=TimeInForce.IOC)

    return _timed(wall_ns, 490, act)


def _pro_rata(wall_ns: Callable[[], int]) -> float:
    book = Commands(PRO_RATA)
    for number in range(QUEUE):
        book.submit(Side.SELL, MID + 1, 1_000_000 + 1_000 * number)

    def act(_: int) -> None:
        book.submit(Side.BUY, 0, 5_000, kind=OrderType.MARKET, tif=TimeInForce.IOC)

    return _timed(wall_ns, COMMANDS // 4, act)


def _pegs(wall_ns: Callable[[], int]) -> float:
    book = Commands(BookRules())
    book.ladder()
    for number in range(PEGS):
        book.submit(Side.BUY, NO_PRICE, 10, kind=OrderType.PEG_PRIMARY, peg_offset_ticks=number)

    def act(_: int) -> None:
        book.cancel(book.submit(Side.BUY, MID, 10))

    return _timed(wall_ns, COMMANDS // 4, act) / 2


def _stops(wall_ns: Callable[[], int]) -> float:
    book = Commands(BookRules())
    book.ladder(lots=10_000_000)
    book.submit(Side.BUY, 0, 1, kind=OrderType.MARKET, tif=TimeInForce.IOC)

    def act(_: int) -> None:
        book.submit(Side.SELL, 0, 1, kind=OrderType.MARKET, tif=TimeInForce.IOC)
        book.submit(Side.BUY, NO_PRICE, 5, kind=OrderType.STOP, stop_ticks=MID + 1)
        book.submit(Side.BUY, 0, 1, kind=OrderType.MARKET, tif=TimeInForce.IOC)

    return _timed(wall_ns, COMMANDS // 4, act) / 3


def _auction(wall_ns: Callable[[], int]) -> float:
    """The phase command that ends a call; the orders of the call are not timed."""
    total_ns = 0
    book = Commands(BookRules())
    for _ in range(CALLS):
        book.phase(Phase.INTRADAY_CALL)
        made = []
        for number in range(CALLERS // 2):
            step = (number * 7919) % LEVELS
            made.append(book.submit(Side.BUY, MID + LEVELS // 2 - step, 1 + number % 100))
            made.append(book.submit(Side.SELL, MID - LEVELS // 2 + step, 1 + number % 90))
        began_ns = wall_ns()
        book.phase(Phase.CONTINUOUS)
        total_ns += wall_ns() - began_ns
        for order in made:
            book.cancel(order)
    return total_ns / CALLS / 1e3


LAPS: Final[dict[str, Lap]] = {
    "plain_commands": _commands(None),
    "ruled_commands": _commands(BookRules()),
    "iceberg": _iceberg,
    "pro_rata": _pro_rata,
    "pegs": _pegs,
    "stops": _stops,
    "auction": _auction,
}
