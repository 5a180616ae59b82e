"""What a host without a desk runs: the packaged participants, made from their sections."""

from collections.abc import Callable
from typing import Final

from market.ports import Participant
from scenarios.sections import HostSection
from strategies import (
    DayOrder,
    DayOrderConfig,
    Predator,
    PredatorConfig,
    Quoter,
    QuoterConfig,
    ScheduledBuyer,
    ScheduledBuyerConfig,
)


def _quoter(section: HostSection, books: list[int], _start_ns: int, end_ns: int) -> Participant:
    assert isinstance(section.params, QuoterConfig)
    return Quoter(section.params, desk=section.desk, book_id=books[0], end_ns=end_ns)


def _buyer(section: HostSection, books: list[int], start_ns: int, end_ns: int) -> Participant:
    assert isinstance(section.params, ScheduledBuyerConfig)
    return ScheduledBuyer(
        section.params, desk=section.desk, book_id=books[0], start_ns=start_ns, end_ns=end_ns
    )


def _day_order(section: HostSection, books: list[int], start_ns: int, _end_ns: int) -> Participant:
    assert isinstance(section.params, DayOrderConfig)
    return DayOrder(section.params, desk=section.desk, books=books, start_ns=start_ns)


def _predator(section: HostSection, books: list[int], _start_ns: int, end_ns: int) -> Participant:
    assert isinstance(section.params, PredatorConfig)
    return Predator(section.params, desk=section.desk, book_id=books[0], end_ns=end_ns)


MAKERS: Final[dict[str, Callable[[HostSection, list[int], int, int], Participant]]] = {
    "day_order": _day_order,
    "predator": _predator,
    "quoter": _quoter,
    "scheduled_buyer": _buyer,
}


def participant(section: HostSection, books: list[int], start_ns: int, end_ns: int) -> Participant:
    """What a host runs, made from its section and the books that it follows."""
    return MAKERS[section.strategy](section, books, start_ns, end_ns)
