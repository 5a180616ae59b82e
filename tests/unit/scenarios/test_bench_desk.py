import sys
import time
from pathlib import Path

import pytest

from desk.pipeline import Desk
from market.errors import DeskError, InputError
from market.messages import Command, Report
from scenarios import bench_desk as module
from scenarios.bench_desk import LAPS, DeskBench, bench_desk
from scenarios.desk_cycle import StubVenue
from scenarios.race import desk as race

ORDERS = 256
PYTHON = Path(sys.executable)


class Counter:
    """A profiler that only counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def enable(self) -> None:
        self.calls.append("enable")

    def disable(self) -> None:
        self.calls.append("disable")


@pytest.fixture(scope="module")
def profiler() -> Counter:
    return Counter()


@pytest.fixture(scope="module")
def result(profiler: Counter, tmp_path_factory: pytest.TempPathFactory) -> DeskBench:
    folder = tmp_path_factory.mktemp("bench")
    found = bench_desk(
        wall_ns=time.perf_counter_ns,
        cpu_ns=time.process_time_ns,
        folder=folder,
        rounds=2,
        orders=ORDERS,
        books=8,
        group=4,
        profiler=profiler,
    )
    assert list(folder.iterdir()) == []
    return found


def test_every_lap_has_a_rate_and_every_stage_a_time(result: DeskBench) -> None:
    assert set(LAPS) == set(result.rates) == set(result.cpu_rates) == set(result.on)
    for lap, (low, high) in result.spread.items():
        assert 0 < low <= result.rates[lap] <= high
        assert 0 < result.on[lap].p50_ns <= result.on[lap].p99_ns <= result.on[lap].max_ns
    assert result.orders == ORDERS
    assert result.events == 3 * ORDERS + 1
    stages = {"state", "strategy", "watch", "gate", "execution", "limits", "journal", "on"}
    assert stages == set(result.stages["immediate"]) == set(result.stages["passive"])
    assert result.stages["immediate"]["strategy"].count == ORDERS
    assert result.bytes_per_event["immediate"] > 100


def test_a_commit_serves_a_group(result: DeskBench) -> None:
    # Eight books send in one burst, in groups of four; and the start has a timer.
    assert result.commits == ORDERS // 4 + 1


def test_one_lap_is_profiled(result: DeskBench, profiler: Counter) -> None:
    assert result.rates
    assert profiler.calls == ["enable", "disable"]


def test_a_desk_that_leaves_orders_undone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Desk._work

    def lazy(self: Desk, key: int, now_ns: int) -> None:
        if key != 3:
            work(self, key, now_ns)

    monkeypatch.setattr(Desk, "_work", lazy)
    with pytest.raises(DeskError, match="were sent and"):
        bench_desk(
            wall_ns=time.perf_counter_ns,
            cpu_ns=time.process_time_ns,
            rounds=1,
            orders=ORDERS,
            books=8,
        )


def test_a_venue_that_holds_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = StubVenue.answer

    def richer(
        self: StubVenue, commands: list[Command], now_ns: int, reports: list[Report]
    ) -> None:
        answer(self, commands, now_ns, reports)
        self.cash[5] += 1

    monkeypatch.setattr(StubVenue, "answer", richer)
    with pytest.raises(DeskError, match="bench: book 5 holds"):
        bench_desk(
            wall_ns=time.perf_counter_ns,
            cpu_ns=time.process_time_ns,
            rounds=1,
            orders=ORDERS,
            books=8,
        )


def test_a_lap_that_writes_another_journal_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    lap = module.lap
    monkeypatch.setattr(
        module,
        "lap",
        lambda one, tools, *, in_file, check=False: lap(
            one, tools, in_file=in_file, check=check
        )._replace(chain=str(in_file)),
    )
    with pytest.raises(DeskError, match="round 0, lap file wrote another journal"):
        bench_desk(
            wall_ns=time.perf_counter_ns,
            cpu_ns=time.process_time_ns,
            rounds=1,
            orders=ORDERS,
            books=8,
        )


def test_fewer_orders_than_books_are_refused() -> None:
    with pytest.raises(InputError, match="found 7 orders, allowed is one for each of 8 books"):
        bench_desk(wall_ns=time.perf_counter_ns, cpu_ns=time.process_time_ns, orders=7, books=8)


FAKE_PEER = """
import json, sys
from pathlib import Path
cycle = json.loads(Path(sys.argv[1]).read_text())
count = len(cycle["quotes"]) // (2 if cycle["passive"] else 1)
cash = 0
if not cycle["passive"]:
    is_long = [False] * cycle["books"]
    for _, book, bid, ask in cycle["quotes"]:
        cash += (bid if is_long[book] else -ask) * cycle["lots"]
        is_long[book] = not is_long[book]
Path(sys.argv[2]).write_text(json.dumps({
    "wall_ns": 10**9, "cpu_ns": 10**9, "orders": count, "filled": 0 if cycle["passive"] else count,
    "cancelled": count if cycle["passive"] else 0, "cash": cash + WRONG, "version": "0"}))
"""


@pytest.fixture
def fake_peer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    driver = tmp_path / "desk_fake.py"
    driver.write_text(FAKE_PEER.replace("WRONG", "0"))
    monkeypatch.setitem(race.DRIVER, "nautilus", driver)
    monkeypatch.setattr(
        race, "ready", lambda peer, _note: race.Competitor(peer.name, PYTHON, driver)
    )
    return driver


def test_a_race_gives_both_rates_and_their_ratio(fake_peer: Path) -> None:
    found = race.race_desks(
        "nautilus",
        wall_ns=time.perf_counter_ns,
        cpu_ns=time.process_time_ns,
        rounds=1,
        orders=ORDERS,
        books=8,
    )

    names = [(row.style, row.name) for row in found.competitors]
    assert names == [
        ("immediate", "ours"),
        ("immediate", "nautilus"),
        ("passive", "ours"),
        ("passive", "nautilus"),
    ]
    ours, theirs = found.competitors[:2]
    assert theirs.rate == ORDERS
    assert theirs.ratio == pytest.approx(ours.rate / theirs.rate)


def test_a_peer_that_did_other_work_is_refused(fake_peer: Path) -> None:
    fake_peer.write_text(FAKE_PEER.replace("WRONG", "1"))
    with pytest.raises(InputError, match="nautilus: found 256 orders, 256 filled"):
        race.race_desks(
            "nautilus",
            wall_ns=time.perf_counter_ns,
            cpu_ns=time.process_time_ns,
            rounds=1,
            orders=ORDERS,
            books=8,
        )


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(InputError, match="--against 'lrvx': no such peer, allowed is nautilus"):
        race.race_desks("lrvx", wall_ns=time.perf_counter_ns, cpu_ns=time.process_time_ns)
