"""The desk's cycle against other systems: `twin bench desk --against nautilus`.

Both get the same quotes, make the same orders of them, and must end with the same number of filled or
cancelled orders and the same cash. Each round runs both, so that whatever else the machine does meets
them alike; a ratio is taken within each round. The peer runs in an interpreter of its own.

What is compared is not the same thing twice. Ours is a whole desk: views, gate, sizing, execution, last
check, orders, ledger, risk, and a hash-chained journal in memory of every event, answered by a stub that
matches nothing. nautilus_trader's has its risk engine (a notional limit for each instrument, a rate),
cache, execution engine and portfolio, and an exchange that matches; it journals nothing.
"""

import json
import subprocess  # a peer runs in an interpreter of its own
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from market.errors import InputError
from scenarios.bench_desk import BOOKS, GROUP, ORDERS, ROUNDS, Cycle, Lap, Tools, cycle, lap
from scenarios.desk_cycle import FEE, LOTS, TICK_UNITS, Style
from scenarios.race.peers import DRIVERS, PEERS, Competitor, last_line, ready

STYLES: Final[tuple[Style, ...]] = ("immediate", "passive")
DRIVER: Final = {"nautilus": DRIVERS / "desk_nautilus.py"}
WARM_UP_ORDERS: Final = 1_000


class DeskRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one competitor did in one style.

    Attributes:
        rate: Median orders per second, by the wall clock.
        slowest: Of all rounds.
        fastest: Of all rounds.
        cpu_rate: The same as `rate` by processor time.
        ratio: Our rate over its rate in the same round, median over the rounds; None for us.
        cpu_ratio: The same by processor time.
    """

    name: str
    style: str
    version: str
    rate: float
    slowest: float
    fastest: float
    cpu_rate: float
    ratio: float | None = None
    cpu_ratio: float | None = None


class DeskRace(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin bench desk --against` found.

    Attributes:
        orders: Of each style.
        books: Instruments, with one order each under way at a time.
        rounds: How often everybody ran.
        competitors: For each style we first, then the peer.
    """

    orders: int
    books: int
    rounds: int
    competitors: list[DeskRow]


def race_desks(
    against: str,
    *,
    wall_ns: Callable[[], int],
    cpu_ns: Callable[[], int],
    rounds: int = ROUNDS,
    orders: int = ORDERS,
    books: int = BOOKS,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] = lambda _text: None,
) -> DeskRace:
    """Race our desk against a peer's in alternating rounds.

    Raises:
        InputError: The peer is not known, cannot be had, failed, or did other work than we did.
    """
    if against not in DRIVER:
        raise InputError(f"--against {against!r}: no such peer, allowed is {', '.join(DRIVER)}")
    peer = ready(PEERS[against], note)._replace(driver=DRIVER[against])
    laps: dict[Style, list[tuple[Lap, dict[str, Any]]]] = {style: [] for style in STYLES}
    cycles = {style: cycle(style, books, GROUP, orders) for style in STYLES}
    with tempfile.TemporaryDirectory(prefix="twin-race-") as name:
        folder = Path(name)
        tools = Tools(wall_ns, cpu_ns, folder)
        for style, one in cycles.items():
            lap(cycle(style, books, GROUP, min(WARM_UP_ORDERS, orders)), tools, in_file=False)
            _write(one, folder / f"{style}.json")
        for number in range(rounds):
            for style, one in cycles.items():
                ours = lap(one, tools, in_file=False)
                theirs = _their_lap(peer, folder / f"{style}.json")
                _check_same(one, ours, theirs, peer.name)
                laps[style].append((ours, theirs))
            if progress is not None:
                progress(number + 1, rounds)
    rows = [row for style in STYLES for row in _rows(cycles[style], laps[style], peer.name)]
    return DeskRace(orders=cycles["immediate"].orders, books=books, rounds=rounds, competitors=rows)


def _write(one: Cycle, path: Path) -> None:
    """The cycle as a peer reads it."""
    shown = [
        [view.local_ns, view.book_id, view.bid_ticks, view.ask_ticks]
        for burst in one.bursts
        for view in burst
    ]
    about = {"books": one.books, "lots": LOTS, "passive": one.style == "passive", "quotes": shown}
    path.write_text(json.dumps(about), encoding="utf-8")


def _their_lap(peer: Competitor, path: Path) -> dict[str, Any]:
    """One process of the peer."""
    found = path.with_suffix(".result")
    done = subprocess.run(  # noqa: S603  # an interpreter and a script that we chose
        [str(peer.python), str(peer.driver), str(path), str(found)],
        capture_output=True, text=True, check=False, cwd=path.parent,
    )  # fmt: skip
    if done.returncode:
        raise InputError(f"{peer.name} failed in the race: {last_line(done.stderr)}")
    outcome: dict[str, Any] = json.loads(found.read_bytes())
    return outcome


def _check_same(one: Cycle, ours: Lap, theirs: dict[str, Any], name: str) -> None:
    """Refuse a peer that did other work: figures of it would compare nothing."""
    ended = "filled" if one.style == "immediate" else "cancelled"
    cash = ours.cash + (one.orders * FEE if one.style == "immediate" else 0)
    found = (theirs["orders"], theirs[ended], theirs["cash"] * TICK_UNITS)
    if found != (one.orders, one.orders, cash):
        raise InputError(
            f"{name}: found {found[0]} orders, {found[1]} {ended}, {found[2]} cash, "
            f"allowed is {one.orders}, {one.orders}, {cash}, as ours"
        )


def _rows(one: Cycle, laps: list[tuple[Lap, dict[str, Any]]], name: str) -> tuple[DeskRow, DeskRow]:
    """Medians of both."""
    ours = [(own.wall_ns, own.cpu_ns) for own, _ in laps]
    theirs = [(other["wall_ns"], other["cpu_ns"]) for _, other in laps]
    pairs = list(zip(ours, theirs, strict=True))
    return (
        _row(one, ours, name="ours", version="this checkout"),
        msgspec.structs.replace(
            _row(one, theirs, name=name, version=str(laps[0][1]["version"])),
            ratio=median(other[0] / own[0] for own, other in pairs),
            cpu_ratio=median(other[1] / max(own[1], 1) for own, other in pairs),
        ),
    )


def _row(one: Cycle, times_ns: list[tuple[int, int]], *, name: str, version: str) -> DeskRow:
    """One competitor's medians."""
    rates = [one.orders * 1e9 / wall_ns for wall_ns, _ in times_ns]
    return DeskRow(
        name=name,
        style=one.style,
        version=version,
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        cpu_rate=median(one.orders * 1e9 / max(cpu_ns, 1) for _, cpu_ns in times_ns),
    )
