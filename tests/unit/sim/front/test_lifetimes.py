"""Lifetimes: DAY and GTD orders end at their time, once, and in order."""

from market.codes import Reason, TimeInForce
from sim.front import Ending, Lifetimes

DAY, GTD, GTC = TimeInForce.DAY, TimeInForce.GTD, TimeInForce.GTC


def over(order_id: int, book_id: int = 0) -> Ending:
    return Ending(order_id, book_id, Reason.TIME_OVER)


def day_over(order_id: int, book_id: int = 0) -> Ending:
    return Ending(order_id, book_id, Reason.DAY_OVER)


def test_orders_end_at_their_time_by_time_then_by_id() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(5, 0, GTD, expire_ns=20)
    lifetimes.add(4, 1, GTD, expire_ns=20)
    lifetimes.add(6, 0, GTD, expire_ns=10)
    lifetimes.add(1, 0, DAY, day_end_ns=20)

    assert lifetimes.next_ns() == 10
    assert lifetimes.due(9) == []
    assert lifetimes.due(10) == [over(6)]
    assert lifetimes.due(25) == [day_over(1), over(4, 1), over(5)]
    assert lifetimes.due(25) == []
    assert lifetimes.next_ns() is None


def test_orders_of_other_kinds_have_no_time() -> None:
    lifetimes = Lifetimes()
    for tif in TimeInForce:
        if tif not in (DAY, GTD):
            lifetimes.add(int(tif), 0, tif)

    assert (len(lifetimes), lifetimes.next_ns(), lifetimes.due(1 << 61)) == (0, None, [])


def test_an_order_that_has_ended_does_not_come_up() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, GTD, expire_ns=10)
    lifetimes.add(2, 0, DAY, day_end_ns=10)
    lifetimes.remove(1)
    lifetimes.remove(99)

    assert lifetimes.due(10) == [day_over(2)]


def test_the_end_of_a_books_day_ends_its_day_orders_early_or_late() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(3, 0, DAY, day_end_ns=50)
    lifetimes.add(2, 0, DAY)  # no scheduled end
    lifetimes.add(1, 1, DAY, day_end_ns=50)
    lifetimes.add(4, 0, GTD, expire_ns=50)

    assert lifetimes.next_ns() == 50
    assert lifetimes.end_day(0) == [day_over(2), day_over(3)]
    assert lifetimes.end_day(0) == []
    assert lifetimes.due(50) == [day_over(1, 1), over(4)]


def test_a_day_without_a_scheduled_end_schedules_nothing() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, DAY)

    assert lifetimes.next_ns() is None
    assert lifetimes.due((1 << 63) - 1) == []
    assert lifetimes.end_day(0) == [day_over(1)]


def test_a_day_may_be_cut_short_or_go_on() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, DAY, day_end_ns=50)
    lifetimes.add(2, 1, DAY, day_end_ns=50)
    lifetimes.add(3, 0, GTD, expire_ns=50)

    lifetimes.move_day_end(0, 30)
    assert lifetimes.due(30) == [day_over(1)]
    lifetimes.move_day_end(1, 70)
    assert lifetimes.due(69) == [over(3)]
    assert lifetimes.due(70) == [day_over(2, 1)]


def test_an_order_that_is_given_another_time_ends_then_and_only_then() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, GTD, expire_ns=10)
    lifetimes.add(1, 0, GTD, expire_ns=30)
    lifetimes.add(2, 0, GTD, expire_ns=10)
    lifetimes.add(2, 0, GTC)

    assert lifetimes.due(29) == []
    assert lifetimes.due(30) == [over(1)]


def entries(lifetimes: Lifetimes) -> int:
    """How much is kept, right and wrong."""
    return len(lifetimes._heap)


def test_orders_that_change_their_time_again_and_again_leave_nothing_behind() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, GTD, expire_ns=1)  # on top, so that nothing behind it comes up
    for ns in range(1_000):
        lifetimes.add(2, 0, GTD, expire_ns=10_000 - ns)
        assert entries(lifetimes) <= 2 * len(lifetimes) + 1

    assert lifetimes.due(9_000) == [over(1)]
    assert lifetimes.due(9_001) == [over(2)]


def test_orders_that_end_in_another_way_leave_nothing_behind() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(0, 0, GTD, expire_ns=1)
    for order_id in range(1, 1_000):
        lifetimes.add(order_id, 0, GTD, expire_ns=10_000 - order_id)
    for order_id in range(1, 998):
        lifetimes.remove(order_id)
        assert entries(lifetimes) <= 2 * len(lifetimes) + 1

    assert lifetimes.due(10_000) == [over(0), over(999), over(998)]


def test_days_that_end_or_move_leave_nothing_behind() -> None:
    lifetimes = Lifetimes()
    lifetimes.add(0, 1, GTD, expire_ns=1)
    for order_id in range(1, 100):
        lifetimes.add(order_id, 0, DAY, day_end_ns=500)
    for day_end_ns in range(600, 610):
        lifetimes.move_day_end(0, day_end_ns)
        assert entries(lifetimes) <= 2 * len(lifetimes) + 1
    lifetimes.end_day(0)

    assert (len(lifetimes), entries(lifetimes) <= 3) == (1, True)


def test_orders_that_come_up_take_wrong_entries_along() -> None:
    lifetimes = Lifetimes()
    for order_id in range(10):
        lifetimes.add(order_id, 0, GTD, expire_ns=order_id)
    for order_id in range(10):
        lifetimes.add(order_id, 0, GTD, expire_ns=10_000 - order_id)
        lifetimes.add(order_id, 0, GTD, expire_ns=order_id)

    assert len(lifetimes.due(8)) == 9
    assert entries(lifetimes) <= 2 * len(lifetimes) + 1
    assert lifetimes.due(9) == [over(9)]
