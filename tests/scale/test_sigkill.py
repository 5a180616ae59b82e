"""A desk that is killed at any moment goes on from its journal's file alone, with nothing lost or doubled.

The parent is the venue and the host: it remembers every command that has left the desk and every report
that it gave. A child that is killed takes down with it whatever stood in its memory and in the pipes.
"""

import contextlib
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from desk.journal import Reader, Record, RecordType, event_in, survey
from desk.journal.frame import BODY_HEAD, frame_of
from desk.journal.records import restart_in
from desk.recovery import ReplayLog, replay, restore
from market.messages import Command, Inbound, Query, SetTimer, Submit, TimerFired
from scenarios.desk_cycle import START_NS, quotes, view_of
from scenarios.recover import open_desk
from sim.streams import draw, stream_key, uniform_below
from tests.scale.sigkill_child import BOOKS, ENCODER, HEADER, SAID, make, read_frame, write_frame
from tests.scale.sigkill_venue import Venue

STEP_NS = 20_000
BURST_NS = 1_000_000
BURSTS_MAX = 12
"""Between two kills."""

DELAY_US_MAX = 4_000
"""From handing a child its last messages to killing it: it is somewhere within them."""

QUIET_BURSTS = 8
QUIET_NS = 5_000_000


class Host:
    """Starts a desk's process, hands it messages, answers its commands, and kills it."""

    def __init__(self, root: Path, path: Path, seed: int) -> None:
        self.now_ns = START_NS
        self.seen: dict[int, list[Command]] = {}
        """Every command that has left, by the writer of the journal that sent it."""
        self._root = root
        self.path = path
        self._key = stream_key(seed, "test/sigkill")
        self._draws = count()
        self.venue = Venue(BOOKS, self.below)
        self._timers: dict[int, int] = {}
        self._inbox: list[Inbound] = []
        self._views = (view for view in _views())
        self._child: subprocess.Popen[bytes] | None = None
        self.start_s = 0.0

    def below(self, n: int) -> int:
        return uniform_below(draw(self._key, next(self._draws)), n)

    # --- a process ------------------------------------------------------------------------------

    def start(self) -> None:
        self.now_ns += STEP_NS
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.scale.sigkill_child", self.path, str(self.now_ns)],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def await_start(self) -> None:
        """Hear its first words: it doubts every order that may be open, and asks about each."""
        open_ids = [order_id for order_id, _price_ticks, _lots in self.venue.open_orders()]
        before = len(self.venue.commands)
        self.await_idle()
        said = self.venue.commands[before:]
        asked = [one.order_id for one in said if isinstance(one, Query)]
        assert [one for one in open_ids if one not in asked] == []

    def await_idle(self) -> int:
        """Hear what the child says until it waits; how many commands about orders that were."""
        heard = 0
        while True:
            said = self._hear()
            assert said is not None, "the child ended by itself"
            heard += said[0]
            if said[1]:
                return heard

    def burst(self, *, quiet: bool = False) -> None:
        """Hand the child what is under way, and new views unless it shall be quiet."""
        self.now_ns += QUIET_NS if quiet else BURST_NS
        if not quiet:
            self._inbox += [next(self._views) for _ in range(1 + self.below(2 * BOOKS))]
            self._inbox += self.venue.trade_somewhere(self.now_ns)
        self._inbox += [
            TimerFired(timer_id=timer_id, due_ns=due_ns)
            for timer_id, due_ns in self._timers.items()
            if due_ns <= self.now_ns
        ]
        messages = []
        for message in self._inbox:
            self.now_ns += STEP_NS
            if isinstance(message, TimerFired):
                del self._timers[message.timer_id]
            messages.append((self.now_ns, message))
        self._inbox = []
        assert self._child is not None
        assert self._child.stdin is not None
        write_frame(self._child.stdin, ENCODER.encode(messages))

    def burst_to_disk(self) -> None:
        """Hand it messages and return while it waits for the disk: on record, but not yet sent."""
        for _ in range(20):
            size = self.path.stat().st_size
            self.burst()
            deadline = time.monotonic() + 0.1
            while time.monotonic() < deadline:
                if self.path.stat().st_size > size:
                    return
            self.await_idle()
        raise AssertionError("in twenty bursts no command was made durable")

    def kill(self) -> None:
        """End it without a word; what it had said before has left."""
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.send_signal(signal.SIGKILL)
        while self._hear() is not None:
            pass
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.stdout.close()
        assert self._child.wait() == -signal.SIGKILL
        self._timers.clear()
        self._inbox.clear()

    def end(self) -> None:
        """Let it end by itself."""
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.close()
        assert self._child.wait(timeout=60) == 0
        assert self._child.stdout is not None
        self._child.stdout.close()

    def _hear(self) -> tuple[int, bool] | None:
        """One frame, and the venue's answers to what is in it."""
        assert self._child is not None
        assert self._child.stdout is not None
        frame = read_frame(self._child.stdout)  # type: ignore[arg-type]
        if frame is None:
            return None
        said = SAID.decode(frame)
        self.seen.setdefault(said.epoch, []).extend(said.commands)
        orders = 0
        for command in said.commands:
            if isinstance(command, SetTimer):
                self._timers[command.timer_id] = command.due_ns
            else:
                orders += 1
                self._inbox += self.venue.answer(command, self.now_ns)
        return orders, said.idle

    # --- what a crash of the whole machine may leave ---------------------------------------------

    def tear(self) -> None:
        """Leave the beginning of a record that was being written."""
        if not self.path.exists():
            return
        head = Reader(self.path.read_bytes()).to_end().head
        if head.count == 0:
            return
        body = BODY_HEAD.pack(int(RecordType.EVENT), head.count, self.now_ns) + b"torn" * 50
        frame, _chain = frame_of(head.chain, body)
        with self.path.open("r+b") as file:
            file.truncate(head.end_offset)
            file.seek(head.end_offset)
            file.write(frame[: 1 + self.below(len(frame) - 1)])


def _views():  # type: ignore[no-untyped-def]
    for seq, burst in enumerate(quotes(BOOKS, 1 << 14, "immediate"), 1):
        for quote in burst:
            yield view_of(quote, seq)


def _run(host: Host, kills: int) -> None:
    """Kill it so many times, then let it come to rest."""
    for number in range(kills):
        host.start()
        if number % 4 == 3:  # while it starts, reads and recovers
            time.sleep(host.start_s * host.below(1_250) / 1_000)
        else:
            began = time.monotonic()
            host.await_start()
            host.start_s = time.monotonic() - began
            for _ in range(host.below(BURSTS_MAX)):
                host.burst()
                host.await_idle()
            if number % 2:
                host.burst()
                time.sleep(host.below(DELAY_US_MAX) / 1e6)
            else:
                host.burst_to_disk()
        host.kill()
        if number % 2:
            host.tear()
    host.start()
    host.await_start()
    for _ in range(BURSTS_MAX):
        host.burst()
        host.await_idle()
    quiet = 0
    for _ in range(500):
        host.burst(quiet=True)
        quiet = 0 if host.await_idle() else quiet + 1
        if quiet == QUIET_BURSTS:
            break
    assert quiet == QUIET_BURSTS, "the desk never came to rest"
    host.end()


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(5, 1), pytest.param(50, 2, marks=[pytest.mark.nightly, pytest.mark.timeout(1_800)])],
)
def test_a_killed_desk_goes_on_with_nothing_lost_and_nothing_doubled(
    repo_root: Path, tmp_path: Path, kills: int, seed: int
) -> None:
    path = tmp_path / "desk.journal"
    host = Host(repo_root, path, seed)
    _run(host, kills)
    venue = host.venue
    data = path.read_bytes()
    records = list(Reader(data))

    assert survey(data).holds
    restarts = [restart_in(one) for one in records if one.type is RecordType.RESTART]
    assert kills // 2 < len(restarts) <= kills
    assert any(one.torn_bytes for one in restarts)
    assert len(venue.commands) > 5 * kills

    # What has left is on record, in its order, and nothing was ever sent under a name used before.
    recorded = _commands(records)
    for epoch, commands in host.seen.items():
        assert commands == recorded[epoch][: len(commands)]
    unsent = sum(len(recorded[one]) - len(host.seen.get(one, ())) for one in recorded)
    assert unsent, "no kill came between a command's record and its leaving"
    every = [one for commands in recorded.values() for one in commands if isinstance(one, Submit)]
    assert len({one.order_id for one in every}) == len(every)

    # The same bytes give the same desk, from the newest snapshot and from the first record.
    log = ReplayLog()
    from_start = restore(make, None, log)
    replay(from_start, log, records)
    opened = open_desk(path, make, HEADER, host.now_ns)
    opened.writer.close()
    desk = opened.desk
    assert opened.replayed < len(records)
    assert desk.snapshot() == from_start.snapshot()

    # Desk and venue agree about everything.
    assert venue.open_orders() == [
        (order.order_id, order.price_ticks, order.open_lots)
        for order in desk.orders.data.orders.values()
        if not order.ended
    ]
    open_lots = [0] * BOOKS
    for order_id, _price_ticks, lots in venue.open_orders():
        open_lots[venue.held[order_id].submit.book_id] += lots
    tally = desk.limits.data.tally
    for book_id, strategy in enumerate((0, 0, 1, 1)):
        assert desk.ledger.position_lots(strategy, book_id) == venue.position_lots[book_id]
        assert desk.ledger.data.net_cash[book_id] == venue.cash[book_id]
        risk = desk.orders.buy_risk(book_id, strategy) + desk.orders.sell_risk(book_id, strategy)
        assert risk == open_lots[book_id]
        assert tally.buy_lots[book_id] + tally.sell_lots[book_id] == open_lots[book_id]
        assert tally.position_lots[book_id] == venue.position_lots[book_id]
    desk.orders.check()
    desk.ledger.check()


def _commands(records: list[Record]) -> dict[int, list[Command]]:
    """Every command on record, by who wrote it."""
    epoch, found = 0, {0: []}
    for record in records:
        if record.type is RecordType.RESTART:
            epoch = restart_in(record).epoch
            found[epoch] = []
        elif record.type is RecordType.EVENT:
            found[epoch] += [caused.command for caused in event_in(record).commands]
    return found
