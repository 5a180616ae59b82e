"""V-01 and V-04: a book halts and comes back, and trades are taken back or corrected."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from market.codes import Phase, ReportType
from market.errors import InputError
from scenarios.build import Assembly
from scenarios.schema import load_scenario, scenario_of, scenario_text
from sim.recorder import Event, EventKind

S = 1_000_000_000


class Rows:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.rows: list[Event] = []

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        """Take rows."""
        self.rows += [Event(*row) for row in rows.tolist()]


def table_of(*faults: dict[str, Any]) -> dict[str, Any]:
    """A minute of the drills' base, with faults."""
    text, _ = scenario_text("drill_base")
    table = tomllib.loads(text)
    table["run"]["duration"] = "60s"
    table["hosts"][0]["stack"]["flat_before_end"] = "1s"
    return {**table, "faults": list(faults)}


def made(*faults: dict[str, Any]) -> tuple[Assembly, Rows]:
    """A run that is ready to go."""
    where = load_scenario("drill_base")[2]
    scenario = scenario_of(table_of(*faults), where, Path(where).parent)
    rows = Rows()
    return Assembly(scenario, None, 7, rows), rows


def played(*faults: dict[str, Any]) -> tuple[Assembly, list[Event]]:
    """A run to its end."""
    assembly, rows = made(*faults)
    assembly.clock.run_until(assembly.end_ns)
    assembly.recorder.flush()
    return assembly, rows.rows


HALT = {"name": "halt", "kind": "V-01", "target": "book:AAA@NORTH", "at": "42s", "duration": "3s"}


def test_a_halted_book_trades_no_more_until_it_is_resumed() -> None:
    assembly, rows = made(HALT)
    start_ns = assembly.start_ns
    phases = []
    for second in (41.9, 42.1, 44.9):
        assembly.clock.run_until(start_ns + int(second * S))
        phases.append((assembly.world.phase(0), assembly.world.phase(1)))
    assembly.clock.run_until(assembly.end_ns)
    assembly.recorder.flush()

    free, halted = Phase.CONTINUOUS, Phase.HALT
    assert phases == [(free, free), (halted, free), (halted, free)]
    assert assembly.world.phase(0) is free
    fills = [
        (one.time_ns - start_ns, one.book_id)
        for one in rows.rows
        if one.kind == EventKind.ANSWER and one.detail == ReportType.FILLED
    ]
    assert not [at for at, book in fills if book == 0 and 42 * S <= at < 45 * S]
    assert [at for at, book in fills if book == 0 and at < 42 * S]
    assert [at for at, book in fills if book == 0 and at > 45 * S]
    assert [at for at, book in fills if book == 1 and 42 * S <= at < 45 * S]
    assert [one.hits for one in assembly.faults.outcomes(assembly)] == [1]


def test_a_venue_halts_all_of_its_books() -> None:
    assembly, _ = made({**HALT, "target": "venue:NORTH"})
    assembly.clock.run_until(assembly.start_ns + 43 * S)

    assert (assembly.world.phase(0), assembly.world.phase(1)) == (Phase.HALT, Phase.CONTINUOUS)
    assert [one.hits for one in assembly.faults.outcomes(assembly)] == [1]


def test_a_venue_that_is_not_there_cannot_halt() -> None:
    with pytest.raises(InputError, match="found venue 'WEST', allowed is NORTH, SOUTH"):
        made({**HALT, "target": "venue:WEST"})


def test_the_trade_of_an_event_is_taken_back_long_after_and_nothing_else() -> None:
    on = {"event": "answer.filled", "count": 5, "book": "AAA@NORTH", "after": "4s"}
    bust = {"name": "bust", "kind": "V-04", "target": "book:AAA@NORTH", "on": on, "severity": 1}

    assembly, events = played(bust)

    fills = [
        one
        for one in events
        if one.kind == EventKind.ANSWER and one.detail == ReportType.FILLED and one.book_id == 0
    ]
    taken = [
        one for one in events if one.kind == EventKind.ANSWER and one.detail == ReportType.BUSTED
    ]
    fifth = fills[4]
    assert [(one.order_id, one.exec_id) for one in taken] == [(fifth.order_id, fifth.exec_id)]
    assert taken[0].time_ns == fifth.time_ns + 4 * S
    assert fifth.exec_id not in assembly.venue.orders[fifth.order_id].fills
    assert [one.hits for one in assembly.faults.outcomes(assembly)] == [1]
    # The desk knows, too.
    position = assembly.desks[0].ledger.data.position_lots[0]
    assert position == assembly.venue.accounts[0, 0].position_lots


def test_every_second_trade_is_corrected_instead() -> None:
    fault = {"name": "two", "kind": "V-04", "target": "book:AAA@NORTH", "at": "50s", "severity": 2}

    assembly, events = played(fault)

    said = {ReportType.BUSTED: 0, ReportType.CORRECTED: 0}
    for one in events:
        if one.kind == EventKind.ANSWER and one.detail in said:
            assert one.time_ns == assembly.start_ns + 50 * S
            said[ReportType(one.detail)] += 1
    assert said == {ReportType.BUSTED: 1, ReportType.CORRECTED: 1}
    assert [one.hits for one in assembly.faults.outcomes(assembly)] == [2]


def test_a_book_without_a_venue_cannot_halt() -> None:
    table = table_of(HALT)
    table["venues"] = [one for one in table["venues"] if one["name"] == "SOUTH"]
    where = load_scenario("drill_base")[2]
    scenario = scenario_of(table, where, Path(where).parent)

    with pytest.raises(InputError, match=r"'book:AAA@NORTH', allowed are books .* BBB@SOUTH"):
        Assembly(scenario, None, 7, None)
