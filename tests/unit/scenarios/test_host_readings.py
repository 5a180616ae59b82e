"""A host's readings: what its machine has, its own clock, its store, and the doors that it minds."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from desk.oversight import AlertCode, Door, DoorConfig
from market.codes import JournalTrouble
from scenarios.host_readings import HostReadings
from sim.clock import Clock
from sim.host import BookVitals, Vitals

if TYPE_CHECKING:
    from market.oversight import Alert, Telemetry

MS = 1_000_000
S = 1_000 * MS


class Rig:
    """A host that decides nothing, and what is heard of it."""

    def __init__(self, commit: Any = None, shows: object = None) -> None:
        self.clock = Clock(0, 10 * S)
        book = BookVitals(0, 7, 3, 1)
        self.host: Any = SimpleNamespace(
            number=0, is_down=False, decisions=4, commands=2,
            vitals=lambda _now_ns: Vitals(1, 2, 3, (book,)),
        )  # fmt: skip
        self.heard: list[Telemetry] = []
        self.alerts: list[Alert] = []
        self.readings = HostReadings(
            self.clock,
            self.host,
            every_ns=100 * MS,
            desk=None,
            commit=commit,
            shows=lambda: shows,
            alerts=lambda alert, _teller, _now_ns: self.alerts.append(alert),
        )
        self.readings.listeners.append(self.heard.append)
        self.clock.at(0, self.readings.start)


def test_readings_come_at_a_steady_pace_and_stop_with_the_machine() -> None:
    rig = Rig()
    rig.clock.run_until(S)
    rig.host.is_down = True
    rig.clock.run_until(2 * S)
    rig.host.is_down = False
    rig.clock.run_until(3 * S)

    assert [one.number for one in rig.heard] == list(range(1, len(rig.heard) + 1))
    assert len(rig.heard) == 20
    first = rig.heard[0]
    assert (first.waiting, first.busy_ns, first.slowest_ns, first.has_desk) == (1, 2, 3, False)
    assert (first.books[0].seq, first.books[0].venue_ns) == (7, 3)


def test_a_clock_of_its_own_is_what_a_reading_says() -> None:
    rig = Rig(shows=SimpleNamespace(reading_ns=lambda: 42))
    rig.clock.run_until(MS)

    assert rig.heard[0].clock_ns == 42


def test_a_commit_under_way_is_as_old_as_the_reading_that_saw_it_first() -> None:
    commit = SimpleNamespace(is_busy=True, commits=3)
    readings = Rig(commit).readings

    assert [readings.unsaved(at * MS) for at in (0, 100, 200)] == [0, 100 * MS, 200 * MS]
    commit.commits = 4
    assert readings.unsaved(300 * MS) == 0
    commit.is_busy = False
    assert readings.unsaved(400 * MS) == 0


def test_a_store_in_trouble_is_told() -> None:
    store = SimpleNamespace(trouble=JournalTrouble.FULL)
    commit = SimpleNamespace(is_busy=False, commits=1, store=store)

    assert Rig(commit).readings.trouble() == JournalTrouble.FULL
    commit.store = None
    assert Rig(commit).readings.trouble() == 0
    assert Rig().readings.trouble() == 0


def test_it_minds_the_door_of_its_monitor() -> None:
    rig = Rig()
    rig.readings.doors.append(Door(DoorConfig(silence_ns=S), 1_000, 0))
    rig.clock.run_until(3 * S)

    assert [one.code for one in rig.alerts] == [AlertCode.MONITOR_SILENT]
