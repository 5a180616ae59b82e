"""`twin fidelity` in one call: the session run again, its twin, the distance between them, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import UNSET

from research.fidelity.assumed import assumed_by, lived_by, rows_of_tape
from research.fidelity.attribute import Attribution, attribute
from research.fidelity.calibrate import Calibration, calibrate
from research.fidelity.comparison import Compared, Comparison
from research.fidelity.distance import Figure, told, units_of
from research.fidelity.evidence import Evidence, Totals, read_evidence, totals_of
from research.fidelity.flow import put_house
from research.fidelity.orders import NEVER, Floats, Outcome
from scenarios.build import Assembly
from scenarios.paper_session import code_of
from scenarios.paper_words import PaperWords
from scenarios.schema import load_scenario
from scenarios.sections import Scenario
from sim.rows import Rows
from sim.tape.growing import GrowingTape

FOLDER: Final = "fidelity"
"""In a session's folder: the page, and files of fitted latencies."""


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What the session's orders came to on one side.

    Attributes:
        filled: Orders that filled at all.
        worth: Traded, in currency.
        profit: Against the mid a second after each fill, less fees.
    """

    orders: int
    filled: int
    fills: int
    lots: int
    worth: float
    fees: float
    profit: float


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One order on both sides; what did not fill has no time and no price.

    Attributes:
        left_ns: When it left its host in the session.
        queue_error_lots: Lots too many that the twin believed in front of it when either had filled it;
            None where it did not rest there.
    """

    host: str
    order_id: int
    book: str
    side: str
    lots: int
    left_ns: int
    lived_lots: int
    twin_lots: int
    lived_first_ns: int | None
    twin_first_ns: int | None
    lived_last_ns: int | None
    twin_last_ns: int | None
    lived_price: float | None
    twin_price: float | None
    queue_error_lots: int | None
    lived_fees: float
    twin_fees: float
    lived_profit: float
    twin_profit: float


class Desks(msgspec.Struct, frozen=True, kw_only=True):
    """What the desks came to: in the session, and left to themselves in the twin."""

    lived: Totals
    twin: Totals


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """How far a twin is from what happened.

    Attributes:
        explained_by: The first cause; empty where there is nothing to explain.
        passes: Whether every figure lies within its bound; None without bounds.
        same_program: Whether the program is the one that the session ran with.
        refilled: Acknowledged fills that the program gives otherwise today.
        gaps: Stretches in which the session did not know a book, and seconds in them.
    """

    session: str
    against: str
    tape: str
    entries: int
    explained_by: str
    passes: bool | None
    lived: Sums
    twin: Sums
    figures: list[Figure]
    attribution: Attribution
    calibration: Calibration | None
    desks: Desks
    same_program: bool
    refilled: int
    gaps: int
    gap_s: float
    orders: list[OrderRow]


def judge(
    session: Path | Evidence,
    *,
    against: str = "",
    tape: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Fidelity:
    """Hold a twin against a session.

    Args:
        session: Its folder, or what was read of it already.
        against: A scenario's name or file; the session's own as it is written by default.
        tape: What happened in the books while the session's feed did not see it.
        progress: Told steps done, and how many there are.

    Raises:
        InputError: The session, the scenario or the tape is not as it must be.
    """
    evidence = session if isinstance(session, Evidence) else read_evidence(session)
    scenario = load_scenario(against)[0] if against else evidence.plan.scenario
    rows = evidence.rows if tape is None else rows_of_tape(tape, evidence)
    lived, twin = lived_by(evidence), assumed_by(scenario, evidence, rows)
    compared = Comparison(evidence, lived, twin)
    bounds = _bounds(scenario) or _bounds(evidence.scenario)
    units = units_of(bounds)
    attribution = attribute(compared, units, progress)
    (found,) = compared.compare([twin])
    figures = told(found.parts, compared.blocks, bounds)
    judged = [one.holds for one in figures if one.holds is not None]
    return Fidelity(
        session=str(evidence.folder),
        against=against or "the session's own scenario",
        tape="" if tape is None else str(tape),
        entries=evidence.entries,
        explained_by=attribution.explained_by,
        passes=all(judged) if judged else None,
        lived=_sums(compared.one),
        twin=_sums(found.other),
        figures=figures,
        attribution=attribution,
        calibration=calibrate(compared, units, evidence.folder / FOLDER),
        desks=Desks(lived=evidence.desk, twin=free_desk(evidence, scenario, rows)),
        same_program=code_of(evidence.plan) == evidence.start.code_digest,
        refilled=evidence.refilled,
        gaps=len(evidence.gaps_ns),
        gap_s=sum(until_ns - from_ns for from_ns, until_ns in evidence.gaps_ns) / 1e9,
        orders=_rows(compared, found),
    )


def _bounds(scenario: Scenario) -> dict[str, float]:
    return {} if scenario.fidelity is UNSET else scenario.fidelity.bounds()


def free_desk(evidence: Evidence, scenario: Scenario, rows: Rows) -> Totals:
    """Let the twin's desks decide for themselves: what they come to.

    They are told what people said to the session's desks when they said it, and the books go on to the
    session's last entry.
    """
    start = evidence.start
    tape = GrowingTape(start.instruments, start.start_ns, start.end_ns)
    assembly = Assembly(scenario, tape, start.seed, None)
    put_house(assembly, evidence)
    if len(rows):
        assembly.world.inject(rows)
    PaperWords(assembly).say_again(evidence.words)
    assembly.clock.run_until(min(evidence.last_ns + 1, assembly.end_ns))
    return totals_of(assembly)


def _sums(one: Outcome) -> Sums:
    return Sums(
        orders=len(one.lots),
        filled=int(one.filled.sum()),
        fills=int(one.fills.sum()),
        lots=int(one.lots.sum()),
        worth=float(one.worth.sum()),
        fees=float(one.fees.sum()),
        profit=float(one.profit.sum()),
    )


def _rows(compared: Comparison, found: Compared) -> list[OrderRow]:
    """Every order, in the order in which they left."""
    evidence, orders, one, other = (
        compared.evidence, compared.orders, compared.one, found.other,
    )  # fmt: skip
    hosts = [host.name for host in evidence.scenario.hosts]
    books = [f"{book.symbol}@{book.venue}" for book in evidence.start.instruments]
    quantity = np.array([book.lot_num / book.lot_den for book in evidence.start.instruments])
    lot = quantity[orders.book]
    prices = (one.price / lot, other.price / lot)
    return [
        OrderRow(
            host=hosts[orders.host[at]],
            order_id=order_id,
            book=books[orders.book[at]],
            side="BUY" if orders.signs[at] > 0 else "SELL",
            lots=int(orders.lots[at]),
            left_ns=int(orders.left_ns[at]),
            lived_lots=int(one.lots[at]),
            twin_lots=int(other.lots[at]),
            lived_first_ns=_time(one.first_ns, at),
            twin_first_ns=_time(other.first_ns, at),
            lived_last_ns=_time(one.last_ns, at),
            twin_last_ns=_time(other.last_ns, at),
            lived_price=_price(prices[0], one, at),
            twin_price=_price(prices[1], other, at),
            queue_error_lots=int(found.errors[at]) if np.isfinite(found.errors[at]) else None,
            lived_fees=float(one.fees[at]),
            twin_fees=float(other.fees[at]),
            lived_profit=float(one.profit[at]),
            twin_profit=float(other.profit[at]),
        )
        for order_id, at in orders.place.items()
    ]


def _time(values: "np.ndarray", at: int) -> int | None:
    return None if values[at] == NEVER else int(values[at])


def _price(values: Floats, one: Outcome, at: int) -> float | None:
    return round(float(values[at]), 9) if one.lots[at] else None
