"""The loop: entries are kept before they are applied, fills acknowledged after, and time is never waited for."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bridge.feeds import Want
from bridge.paper.alarm import Alarm
from bridge.paper.fills import FillFile
from bridge.paper.loop import ACK_NS, NEVER_NS, PaperLoop
from market.errors import InputError

MS = 1_000_000


class World:
    """Says what it was told, and lets a fill happen at its due times."""

    def __init__(self, fills: FillFile, due_ns: list[int]) -> None:
        self.now_ns = 100
        self.is_over = False
        self.told: list[str] = []
        self._due_ns = due_ns
        self._fills = fills

    def take(self, stamp_ns: int, channel: str, data: bytes) -> Sequence[Want]:
        self.told.append(f"take {stamp_ns} {channel} {data.decode()}")
        return ()

    def advance(self, until_ns: int) -> None:
        while self._due_ns and self._due_ns[0] < until_ns:
            self._fills.add(b'{"venue_ns":%d}' % self._due_ns.pop(0))
        self.told.append(f"advance {until_ns}")
        self.now_ns = max(self.now_ns, until_ns)

    def peek(self) -> int:
        return self._due_ns[0] if self._due_ns else NEVER_NS


class Log:
    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.refuses = False

    def append(self, stamp_ns: int, channel: str, data: bytes) -> None:
        if self.refuses:
            raise InputError("the disk is full")
        self.told.append(f"keep {stamp_ns} {channel} {data.decode()}")

    def sync(self) -> None:
        self.told.append("sync")


class Rig:
    def __init__(self, fills: FillFile, due_ns: Sequence[int] = (), **more: object) -> None:
        self.now_ns = 1_000
        self.fills = fills
        self.world = World(self.fills, list(due_ns))
        self.log = Log(self.world.told)
        self.stopped: list[Exception] = []
        self.loop = PaperLoop(
            self.world,
            self.log,
            self.fills,
            lambda: self.now_ns,
            self.stopped.append,
            **more,  # type: ignore[arg-type]
        )
        self.loop.ring()  # the first sync is due at once
        self.world.told.clear()


@pytest.fixture
def fills(tmp_path: Path) -> Iterator[FillFile]:
    with FillFile(tmp_path / "fills.jsonl") as file:
        yield file


def test_what_is_before_happens_first_then_the_entry_is_kept_and_then_applied(
    fills: FillFile,
) -> None:
    rig = Rig(fills)
    rig.now_ns = 2_000
    rig.loop.take("0/ws", b"a")

    assert rig.world.told == [
        "advance 2000",
        "keep 2000 0/ws a",
        "take 2000 0/ws a",
        "advance 2001",
    ]


def test_stamps_rise_though_the_clock_stands_still(fills: FillFile) -> None:
    rig = Rig(fills)
    for _ in range(3):
        rig.loop.take("0/ws", b"a")
    kept = [int(line.split()[1]) for line in rig.world.told if line.startswith("keep")]
    assert kept == sorted(set(kept))
    assert len(kept) == 3


def test_an_entry_that_cannot_be_kept_is_not_applied_and_ends_the_session(fills: FillFile) -> None:
    rig = Rig(fills)
    rig.log.refuses = True
    with pytest.raises(InputError, match="disk is full"):
        rig.loop.take("0/ws", b"a")

    assert not [line for line in rig.world.told if line.startswith("take")]
    assert [str(one) for one in rig.stopped] == ["the disk is full"]
    assert rig.loop.take("0/ws", b"b") == ()
    assert not [line for line in rig.world.told if "b" in line.split()]


def test_a_fill_is_acknowledged_behind_the_entries_that_led_to_it(
    fills: FillFile, tmp_path: Path
) -> None:
    rig = Rig(fills, due_ns=[5_000, 6_000])
    rig.now_ns = ACK_NS
    rig.loop.take("0/ws", b"a")

    assert rig.world.told[-1] == "sync"
    assert (tmp_path / "fills.jsonl").read_bytes().splitlines() == [
        b'{"venue_ns":5000}',
        b'{"venue_ns":6000}',
    ]
    assert rig.loop.figures.acknowledged == 2
    assert rig.loop.figures.late.max_ns == ACK_NS - 5_000


def test_by_source_stamps_nothing_happens_by_our_time(fills: FillFile) -> None:
    rig = Rig(fills, due_ns=[4_000], source_stamp_ns=lambda data: int(data or b"0"))
    rig.now_ns = 10**15
    rig.loop.ring()
    assert rig.world.told == ["sync"]
    rig.world.told.clear()
    for stamp in (b"3000", b"3000", b"", b"2000", b"5000"):
        rig.loop.take("0/ws", stamp)
    took = [line for line in rig.world.told if line.startswith(("take", "advance"))]
    assert [line.split()[1] for line in took] == ["3000", "3000", "3000", "3000", "5000"]
    rig.loop.finish()
    assert rig.world.told[-2:] == ["advance 5001", "sync"]


@pytest.mark.parametrize("precise", [True, False])
def test_an_alarm_rings_once_and_soon(precise: bool) -> None:
    async def rung() -> list[float]:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        alarm = Alarm(loop, lambda: times.append(loop.time()), precise=precise)
        assert alarm.is_precise is precise
        began_s = loop.time()
        alarm.set(50 * MS)
        alarm.set(20 * MS)  # brought forward
        await asyncio.sleep(0.6)
        alarm.set(10 * MS)
        alarm.clear()
        await asyncio.sleep(0.05)
        alarm.close()
        return [one - began_s for one in times]

    [at_s] = asyncio.run(rung())
    assert 0.019 < at_s < 0.5


def test_what_an_alarm_calls_may_fail_in_any_way_and_is_heard() -> None:
    async def heard() -> list[str]:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda _loop, about: told.append(str(about["exception"])))

        def ring() -> None:
            raise BlockingIOError("a disk that would block")

        alarm = Alarm(loop, ring)
        alarm.set(MS)
        await asyncio.sleep(0.2)
        alarm.close()
        return told

    assert asyncio.run(heard()) == ["a disk that would block"]
