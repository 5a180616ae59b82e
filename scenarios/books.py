"""Which books a run has, who follows which, and how long it lasts: from a scenario and its tape."""

from market.errors import InputError
from market.instruments import Instrument
from scenarios.monitor_section import MonitorSection
from scenarios.sections import HostSection, Scenario
from scenarios.stack import name_of
from sim.flow import FlowModel
from sim.tape.growing import GrowingTape
from sim.tape.meta import TapeBook
from sim.tape.read import Tape


def books_of(host: HostSection | MonitorSection, instruments: list[Instrument]) -> list[int]:
    """The books that a host or a monitor follows: each named `SYMBOL` or `SYMBOL@VENUE`; none named, all."""
    names = [(one.symbol, name_of(one)) for one in instruments]
    if not host.books:
        return list(range(len(names)))
    found: list[int] = []
    for wanted in host.books:
        fitting = [number for number, name in enumerate(names) if wanted in name]
        if not fitting:
            raise InputError(
                f"host {host.name!r}: found book {wanted!r}, allowed "
                f"{', '.join(name for _, name in names)} (or none named, for all)"
            )
        found.extend(number for number in fitting if number not in found)
    return found


def flows_of(scenario: Scenario) -> list[tuple[int, FlowModel]]:
    """Every generator of the scenario with the number of the book that it fills."""
    if scenario.flow is not None:
        return [(0, scenario.flow)]
    names = [name_of(book) for book in scenario.books]
    return [(names.index(flow.book), flow) for flow in scenario.flows]


def instruments_of(scenario: Scenario, tape: Tape | GrowingTape | None) -> list[Instrument]:
    """The tape's instruments, or the scenario's."""
    if tape is None:
        return list(scenario.books)
    return [instrument_of(book) for book in tape.meta.books]


def instrument_of(book: TapeBook) -> Instrument:
    """An instrument as a tape describes it."""
    return Instrument(
        symbol=book.symbol,
        venue=book.venue,
        currency=book.currency,
        price_units_per_currency=book.price_units_per_currency,
        tick_units=book.tick_units,
        lot_num=book.lot_units,
        lot_den=book.qty_units_per_piece,
    )


def interval_of(scenario: Scenario, tape: Tape | GrowingTape | None) -> tuple[int, int]:
    """[start, end) of the run: the tape's, or the scenario's."""
    if tape is None:
        return scenario.run.start_ns, scenario.run.start_ns + scenario.run.duration_ns
    if isinstance(tape, GrowingTape):
        return tape.start_ns, tape.end_ns
    if tape.row_count == 0:
        raise InputError("the tape has no rows: there is nothing to run")
    first = next(iter(tape.chunks(0, 1)))
    last = next(iter(tape.chunks(tape.row_count - 1, 1)))
    return int(first["ts_ns"][0]), int(last["ts_ns"][-1]) + 1
