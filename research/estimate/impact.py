"""What trading moves: the square-root law, or the curve that a desk learned from its own orders.

*Square root.* A lot of Q, when V is traded meanwhile and the price swings by σ, costs Y·σ·√(Q/V) of its worth;
since σ² and V both grow with time, the horizon does not matter, and the whole tape is taken for both. Y near
one is what most measurements find (Tóth et al. 2011, Sato and Kanazawa 2024; as in
`desk.sizing_models.capacity`).

*Learned.* A desk's curve says what a lot costs in one taking order of a parent, by the order's size, against
the mid at which the parent began: the half spread, and what earlier pieces had moved, are in it. An order is
then worked in pieces of the size that the desk found cheap enough.

Limits: the law says nothing of a single order, and its Y is a belief; a curve knows its desk's orders of its
day alone. Neither knows that a book refills slowly.
"""

from math import sqrt
from pathlib import Path

import msgspec

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from desk.tca import CostCurve, CurveAxis, CurveKey
from market.decisions import PPM, Learned
from market.errors import InputError
from research.report.run_data import load_run
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.stack import name_of


class LearnedCurve(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk had learned of one book at its newest boundary.

    Attributes:
        book: `SYMBOL@VENUE`.
        orders: How many orders the newest curve was learned from.
        piece_lots: The largest order that was cheap enough.
    """

    book: str
    curve: CostCurve
    orders: int
    boundary_ns: int
    piece_lots: int

    def pieces(self, lots: float) -> int:
        """In how many orders so many lots are worked."""
        return max(-int(-lots // self.piece_lots), 1)

    def cost(self, lots: float) -> float:
        """Cost of a lot, as a share of the mid, with the half spread."""
        size = round(lots / self.pieces(lots))
        return self.curve.expected_ppm(size, self.boundary_ns) / PPM


def square_root(flow: float, volume_lots: float, volatility: float, impact_ppm: int) -> float:
    """Cost of a lot as a share of its worth.

    Args:
        flow: Lots that push the same way.
        volume_lots: Traded over the time that `volatility` is of.
        volatility: Standard deviation of the price's relative change over that time.
        impact_ppm: Y.
    """
    assert volume_lots > 0
    return impact_ppm / PPM * volatility * sqrt(max(flow, 0.0) / volume_lots)


def learned_curves(run: Path) -> dict[str, LearnedCurve]:
    """The newest curve of every book of a run, by `SYMBOL@VENUE`; the last desk's where several have one.

    Raises:
        InputError: The folder is no run, a journal is damaged, or no desk of it learned anything.
    """
    data = load_run(run)
    found: dict[str, LearnedCurve] = {}
    for host in data.hosts:
        path = run / f"{host}{JOURNAL_SUFFIX}"
        if not path.is_file():
            continue
        reader = Reader(map_file(path), where=str(path))
        for record in reader:
            if record.type is RecordType.EVENT:
                for one in event_in(record).learned:
                    name = name_of(data.books[one.book_id])
                    found[name] = _curve(name, one)
        reader.check()
    if not found:
        raise InputError(
            f"{run}: found no learned curve, allowed is a run whose desk has a [hosts.stack.tca] "
            "and met a boundary"
        )
    return found


def _curve(name: str, learned: Learned) -> LearnedCurve:
    return LearnedCurve(
        book=name,
        curve=CostCurve(
            key=CurveKey(),
            axis=CurveAxis.SIZE,
            knots=learned.knots,
            costs_ppm=learned.after_ppm,
            boundary_ns=learned.boundary_ns,
            parents=learned.orders,
        ),
        orders=learned.orders,
        boundary_ns=learned.boundary_ns,
        piece_lots=learned.piece_after_lots,
    )
