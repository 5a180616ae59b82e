"""Runs with `[[venues]]` on tapes that bring their own phases, and on tapes that do not."""

from pathlib import Path
from typing import Any

import pytest

from market.codes import Liquidity, Phase, ReportType
from market.errors import InputError
from scenarios.build import Assembly
from scenarios.schema import load_scenario
from scenarios.venue_phases import books_by_tape
from sim.ingest.lobster import ingest_lobster
from sim.recorder import EVENT_COLUMNS, EventKind
from sim.tape.merge import merge_tapes
from sim.tape.phases import books_with_phases
from sim.tape.read import Tape, open_tape
from tests.several_books import flow_tape
from tests.unit.sim.auction_days import clock_ns, itch_day
from tests.unit.sim.itch_fixture import MIDNIGHT_NS
from tests.unit.sim.lobster_fixture import opened

SCENARIO = """
format_version = 1
[run]
name = "by_tape"
title = "One order over a day with auctions"
start = "auto"
duration = "1s"
mode = "{mode}"
{phases}

[[venues]]
name = "{venue}"
preset = "nasdaq_like"

[[hosts]]
name = "buyer"
desk = 1
strategy = "day_order"
compute = {{ model = "constant", latency = "20us" }}
feed = {{ model = "constant", latency = "100us" }}
orders = {{ model = "constant", latency = "100us" }}
reports = {{ model = "constant", latency = "100us" }}

[hosts.params]
side = "buy"
total_lots = 500
open_ppm = 600_000
dark_ppm = 0
slices = 1
open_after = "6h"
begin_after = "9h"
close_after = "10h"
"""

HALTED = [Phase.CONTINUOUS, Phase.HALT, Phase.PRE_OPEN, Phase.CONTINUOUS]
"""What the tape says, but for its last row, with which a run is over."""


class Listener:
    """Phases as a venue's driver tells of them."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def on_phase(self, _book_id: int, phase: Phase, _now_ns: int) -> None:
        self.phases.append(phase)

    def on_extended(self, *_: Any) -> None:
        raise AssertionError("no call here goes on")


class Fills:
    """Keeps what filled: (time, price in ticks, lots, liquidity)."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int, int, Liquidity]] = []

    def write(self, rows: Any) -> None:
        for row in rows.tolist():
            event = dict(zip(EVENT_COLUMNS, row, strict=True))
            if event["kind"] == EventKind.ANSWER and event["detail"] == ReportType.FILLED:
                price, lots = event["price_ticks"], event["qty_lots"]
                self.found.append((event["venue_ns"], price, lots, Liquidity(event["liquidity"])))


def assembled(
    folder: Path,
    tape: Tape | None,
    *,
    mode: str = "frozen",
    phases: str = "",
    venue: str = "NASDAQ",
    fills: Fills | None = None,
) -> Assembly:
    line = f'phases = "{phases}"' if phases else ""
    path = folder / "scenario.toml"
    path.write_text(SCENARIO.format(mode=mode, phases=line, venue=venue), encoding="utf-8")
    scenario, _, _ = load_scenario(path)
    return Assembly(scenario, tape, 7, fills)


def played(assembly: Assembly) -> list[Phase]:
    """Play a run to its end; the phases that its first book had."""
    listener = Listener()
    assembly.venues.drivers[0].listeners.append(listener)
    assembly.clock.run_until(assembly.end_ns)
    return listener.phases


def at(hour: int, minute: int = 0) -> int:
    return MIDNIGHT_NS + clock_ns(hour, minute)


@pytest.mark.parametrize("phases", ["", "auto", "tape"])
def test_a_book_has_the_phases_of_its_tape(tmp_path: Path, phases: str) -> None:
    assert played(assembled(tmp_path, itch_day(tmp_path), phases=phases)) == HALTED


@pytest.mark.parametrize("mode", ["frozen", "reactive"])
def test_orders_for_the_open_and_the_close_fill_in_the_crosses_of_the_tape(
    tmp_path: Path, mode: str
) -> None:
    fills = Fills()
    assembly = assembled(tmp_path, itch_day(tmp_path), mode=mode, fills=fills)
    assert played(assembly) == HALTED
    assembly.recorder.flush()
    opening, closing = fills.found
    assert opening == (at(9, 30), 1002, 300, Liquidity.AUCTION)
    assert closing == (at(16), 1003, 200, Liquidity.AUCTION)
    # 0.0015 dollars a share at the open, 0.0012 at the close, in price units of 1e-4.
    assert [account.fee for account in assembly.venue.accounts.values()] == [4_500 + 2_400]


def test_what_a_schedule_ends_at_the_end_of_the_day_ends_on_a_tape_too(tmp_path: Path) -> None:
    over: list[tuple[int, int]] = []
    assembly = assembled(tmp_path, itch_day(tmp_path))
    driver = assembly.venues.drivers[0]
    driver._day_over = lambda book_id, now_ns: over.append((book_id, now_ns))
    played(assembly)
    assert over == [(0, at(20))]


def test_asking_for_the_schedule_of_a_book_with_phases_is_refused(tmp_path: Path) -> None:
    tape = itch_day(tmp_path)
    wanted = (
        "run.phases: found 'schedule', and PHASE rows of ABC@NASDAQ on the tape; "
        "allowed is 'auto' or 'tape', or a tape without them"
    )
    with pytest.raises(InputError) as refused:
        assembled(tmp_path, tape, phases="schedule")
    assert str(refused.value) == wanted


def test_asking_for_the_tapes_phases_without_a_tape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.phases: found 'tape' and no tape, allowed is"):
        books_by_tape("tape", None, [], [])


def test_phases_without_a_venue_or_of_nobody_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    text = SCENARIO.format(mode="frozen", phases='phases = "tape"', venue="NASDAQ")
    path.write_text(text.replace("[[venues]]", "[[venuez]]"), encoding="utf-8")
    with pytest.raises(InputError, match="venuez"):
        load_scenario(path)
    alone = text.replace('[[venues]]\nname = "NASDAQ"\npreset = "nasdaq_like"\n', "")
    path.write_text(alone, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.phases: found 'tape' and no \[\[venues\]\]"):
        load_scenario(path)
    path.write_text(text.replace('"tape"', '"mine"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"phases.*found 'mine', allowed .*schedule"):
        load_scenario(path)


def phaseless_tape(folder: Path) -> Tape:
    """A book from 9:30 on that brings no phases."""
    exchange = opened()
    exchange.submit(20, 1, 1_000_000, 20)
    exchange.submit(21, -1, 1_000_100, 20)
    exchange.now = 34_200.0 + 23_300  # a moment before the close
    exchange.take(3, 20)
    exchange.now += 200
    exchange.take(3, 21)
    message, orderbook = exchange.write_csv(folder)
    out = folder / "phaseless.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out)
    return open_tape(out)


@pytest.mark.parametrize("phases", ["", "schedule"])
def test_without_phases_of_its_own_a_book_follows_its_venues_schedule(
    tmp_path: Path, phases: str
) -> None:
    tape = phaseless_tape(tmp_path)
    assert books_with_phases(tape) == frozenset()
    found = played(assembled(tmp_path, tape, phases=phases))
    assert Phase.CLOSING_CALL in found


def test_a_tape_that_is_asked_for_its_phases_and_has_none_trades_throughout(
    tmp_path: Path,
) -> None:
    assert played(assembled(tmp_path, phaseless_tape(tmp_path), phases="tape")) == [
        Phase.CONTINUOUS
    ]


def test_only_the_books_with_phase_rows_have_phases(tmp_path: Path) -> None:
    first, second = tmp_path / "a.tape.parquet", tmp_path / "b.tape.parquet"
    tape, phaseless = itch_day(tmp_path), flow_tape(tmp_path / "c.tape.parquet", "SIM", 3, 1)
    merge_tapes([phaseless, tape.path], first)
    assert books_with_phases(open_tape(first)) == {1}
    merge_tapes([tape.path, phaseless], second)
    assert books_with_phases(open_tape(second)) == {0}
