"""A world whose one local book is fed by two lines, and the plain reference beside it."""

from typing import Any, Final

import msgspec

from market.codes import Mode, Phase, Side, Trigger
from sim.arena import BookSpec, LocalSpec
from sim.flow import FlowModel
from sim.latency import Block, Constant, LogNormal
from sim.lines import FeedNote, Impairing, LineSpec
from sim.reference.line import Published, Row, Trouble
from sim.reference.lines import LinedBook
from sim.slowdown import Slowdown, slowed
from sim.streams import stream_key
from sim.world import World

MS: Final = 1_000_000
START_NS: Final = 1_000 * MS
MODEL: Final = FlowModel(
    limit_mean_ns=2 * MS,
    market_mean_ns=9 * MS,
    life_mean_ns=150 * MS,
    band_ticks=6,
    qty_mean_lots=4,
    seed_orders=20,
    anchor_ticks=1_000,
)
LAST: Final = 2
ALL: Final = Trigger.BBO | Trigger.TRADE | Trigger.GAP
LEVELS: Final = 200


def constant(latency_ns: int) -> Block:
    """A latency that is always the same."""
    return Constant(latency_ns=latency_ns).compile()


def uneven(median_ns: int) -> Block:
    """A latency that is not."""
    return LogNormal(median_ns=median_ns, sigma=0.7).compile()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair is made of; troubles are (line, what, from, until, amount)."""

    seed: int = 1
    a: Block = constant(1 * MS)
    b: Block = constant(3 * MS)
    troubles: tuple[tuple[int, Impairing, int, int, int], ...] = ()
    slow: tuple[tuple[int, Slowdown], ...] = ()
    ages: tuple[tuple[int, int, int], ...] = ()
    wait_ns: int = 1 * MS
    beat_ns: int = 20 * MS
    requests: int = 2
    request_ns: int = 10 * MS
    ask_most: int = 50
    refill_loss_ppm: int = 0
    snapshot_ns: int = 40 * MS
    behind_ns: int = 10 * MS
    end_ns: int = START_NS + 1_000 * MS


class Lined:
    """A world with a lined local book, and its reference.

    Args:
        setting: What they are made of.
        armed: Whether somebody always waits, so that the book is merged message by message.
    """

    def __init__(self, setting: Setting, *, armed: bool) -> None:
        self.notes: list[FeedNote] = []
        self.woken: list[tuple[int, Trigger]] = []
        self._armed = armed
        latencies = tuple(
            slowed(block, [row for at, row in setting.slow if at == line])
            for line, block in enumerate((setting.a, setting.b))
        )
        self.spec = LineSpec(
            latencies=latencies,
            keys=(stream_key(1, "a"), stream_key(1, "b")),
            key=stream_key(1, "recovery"),
            refill=uneven(2 * MS),
            snapshot=constant(5 * MS),
            **{
                name: getattr(setting, name)
                for name in (
                    "wait_ns", "beat_ns", "requests", "request_ns", "ask_most",
                    "refill_loss_ppm", "snapshot_ns", "behind_ns",
                )
            },
        )  # fmt: skip
        flow = MODEL.compile(seed=setting.seed, book_id=0, start_ns=START_NS, end_ns=setting.end_ns)
        self.world = World(
            mode=Mode.REACTIVE,
            books=[BookSpec(tick_units=5)],
            locals_=[LocalSpec(book_id=0, latency=constant(1), key=0, lines=self.spec)],
            start_ns=START_NS,
            flows=[flow],
        )
        self.world.tell_feed = self.notes.append
        self.lines = self.world.lines[0]
        troubles: tuple[list[Trouble], list[Trouble]] = ([], [])
        for number, (line, what, low, high, amount) in enumerate(setting.troubles):
            key = stream_key(1, f"fault/{number}")
            self.lines.impair(line, what, low, high, amount=amount, key=key)
            troubles[line].append(Trouble(what, low, high, amount, key))
        for low, high, age in setting.ages:
            self.lines.age_snapshots(low, high, age)
        copy = msgspec.structs.replace(
            self.spec, latencies=tuple(block.copy() for block in latencies)
        )
        self.reference = LinedBook(
            copy,
            troubles,
            setting.ages,
            book_id=0,
            tick_units=5,
            phase=Phase.CONTINUOUS,
            start_ns=START_NS,
        )
        self._read = 0

    def advance(self, until_ns: int) -> None:
        """Let both go on to an instant."""
        if self._armed:
            self.world.arm(0, ALL, self.world.now_ns)
        while self.world.now_ns < until_ns:
            # Small steps, so that nothing leaves the ring unread.
            for row in self.world.advance(min(until_ns, self.world.now_ns + 20 * MS)):
                self.woken.append((row.ts_ns, Trigger(row.qty_lots)))
                self.world.arm(0, ALL, row.ts_ns)
            self._publish()
        self.reference.run(until_ns)

    def _publish(self) -> None:
        """Tell the reference what the venue has published since."""
        seq, rows = self._read, []
        for ts_ns, kind, flags, _, price, qty, shown, cause in self.world.published(0, seq):
            rows.append(Row(ts_ns, kind, flags & 1, price, qty, shown, cause))
            self._read += 1
            if flags & LAST:
                self.reference.publish(Published(seq, tuple(rows)))
                seq, rows = self._read, []
        assert not rows

    def seen(self) -> dict[str, Any]:
        """What the world's local book knows."""
        view = self.world.view(0)
        return {
            "seq": view.seq,
            "local_ns": view.local_ns,
            "trades": view.trade_count,
            "bad": self.world.maybe_bad(0),
            "bids": dict(self.world.depth(0, Side.BUY, LEVELS)),
            "asks": dict(self.world.depth(0, Side.SELL, LEVELS)),
        }

    def told(self) -> dict[str, Any]:
        """The same of the reference."""
        book = self.reference
        return {
            "seq": book.seq,
            "local_ns": book.local_ns,
            "trades": book.trades,
            "bad": book.bad,
            "bids": book.sides[0],
            "asks": book.sides[1],
        }

    def venue(self) -> dict[str, Any]:
        """What the venue shows now."""
        return {
            "bids": dict(self.world.venue_depth(0, Side.BUY, LEVELS)),
            "asks": dict(self.world.venue_depth(0, Side.SELL, LEVELS)),
        }
