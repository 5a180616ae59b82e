"""The estimate of a recorder's clock: offset, drift, and memory that does not grow."""

from sim.ingest.clock_offset import WINDOW_NS, WINDOWS_MAX, ClockOffset

SECOND = 1_000_000_000


def test_nothing_seen_gives_zeros() -> None:
    clock = ClockOffset()
    assert clock.recent_ns is None
    assert clock.statistics() == {"clock_offset_ns": 0, "clock_drift_ppb": 0, "clock_windows": 0}


def test_offset_is_the_least_delay_and_late_messages_do_not_move_it() -> None:
    clock = ClockOffset()
    for second in range(100):
        sent_ns = second * SECOND
        late_ns = 0 if second % 10 == 0 else 700_000_000
        clock.see(sent_ns - SECOND + 5_000 + late_ns, sent_ns)
    assert clock.statistics()["clock_offset_ns"] == 5_000 - SECOND
    assert clock.statistics()["clock_drift_ppb"] == 0


def test_drift_is_parts_in_a_billion() -> None:
    clock = ClockOffset()
    for second in range(1_000):
        sent_ns = second * SECOND
        clock.see(sent_ns + 50_000 * second, sent_ns)
    found = clock.statistics()
    assert abs(found["clock_drift_ppb"] - 50_000) <= 50
    assert found["clock_windows"] == 100


def test_one_broken_window_does_not_move_the_offset() -> None:
    clock = ClockOffset()
    for second in range(300):
        sent_ns = second * SECOND
        clock.see(sent_ns + (-(9 * SECOND) if second == 150 else 3_000_000), sent_ns)
    assert clock.statistics()["clock_offset_ns"] == 3_000_000


def test_windows_are_merged_before_there_are_too_many() -> None:
    clock = ClockOffset()
    for window in range(3 * WINDOWS_MAX):
        clock.see(window * WINDOW_NS, window * WINDOW_NS - 7)
    assert WINDOWS_MAX // 2 <= clock.statistics()["clock_windows"] <= WINDOWS_MAX
    assert clock.statistics()["clock_offset_ns"] == 7
