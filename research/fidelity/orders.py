"""Order by order: what became of it in the session, and what becomes of it in a twin.

Model: profit of an order is what its fills earn against the mid `MARK_NS` after each, less fees. The mids are of one
tape for both sides, so that a difference of profit is one of fills, prices and fees.

Figures of money are in the currency of the order's book.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from market.instruments import Instrument
from market.messages import Submit
from research.fidelity.evidence import Evidence
from research.fidelity.flow import Asked, Filled, FlowRun
from sim.kernels.tape_book import B_ASK, B_BID, NO_PRICE
from sim.rows import Rows
from sim.tape.book import TapeBooks
from sim.tape.growing import GrowingTape

MARK_NS: Final = 1_000_000_000
NEVER: Final = -1
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Mids:
    """The middle of every book over time.

    Args:
        evidence: Of the session.
        rows: Of the tape that is believed.
    """

    def __init__(self, evidence: Evidence, rows: Rows) -> None:
        start = evidence.start
        tape = GrowingTape(start.instruments, start.start_ns, start.end_ns)
        self._of: dict[int, tuple[Ints, Floats]] = {}
        for book_id, (at, best) in TapeBooks(tape.meta).apply_watched(rows).items():
            bid, ask = best[:, B_BID], best[:, B_ASK]
            known = (bid != NO_PRICE) & (ask != NO_PRICE) & (bid < ask)
            self._of[book_id] = rows["ts_ns"][at][known], (bid + ask)[known] / 2.0

    def at(self, book_id: int, time_ns: int, otherwise: float) -> float:
        """In price units; of the newest time at which there was one, or the first.

        Args:
            book_id: Of which book.
            time_ns: When.
            otherwise: What it is of a book that never had two sides.
        """
        times, mids = self._of.get(book_id, (np.zeros(0, np.int64), np.zeros(0)))
        if not len(times):
            return otherwise
        return float(mids[max(int(np.searchsorted(times, time_ns, "right")) - 1, 0)])


class Orders(NamedTuple):
    """The orders of a session, in the order in which they left.

    Attributes:
        place: Where an order is, by its id.
        lots: As ordered.
        unit: What one price unit × lot is in currency.
        signs: 1 of buys, -1 of sells.
    """

    place: dict[int, int]
    host: Ints
    book: Ints
    signs: Ints
    lots: Ints
    left_ns: Ints
    unit: Floats
    tick_units: Ints


def orders_of(evidence: Evidence) -> Orders:
    """Every order that left, once."""
    found: dict[int, tuple[int, ...]] = {}
    for left in evidence.flow:
        one = left.command
        if isinstance(one, Submit) and one.order_id not in found:
            found[one.order_id] = (
                left.host, one.book_id, one.side.sign, one.qty_lots, left.time_ns,
            )  # fmt: skip
    table = np.array(list(found.values()), np.int64).reshape(len(found), 5)
    books = evidence.start.instruments
    units = np.array([_unit(one) for one in books])
    ticks = np.array([one.tick_units for one in books], np.int64)
    host, book, signs, lots, left_ns = table.T
    place = {order_id: number for number, order_id in enumerate(found)}
    return Orders(place, host, book, signs, lots, left_ns, units[book], ticks[book])


def _unit(book: Instrument) -> float:
    return book.lot_num / (book.lot_den * book.price_units_per_currency)


class Outcome(NamedTuple):
    """What became of every order, in the order of `Orders`.

    Attributes:
        lots: Filled.
        first_ns: Of its first fill; NEVER without one.
        worth: What was traded.
        rested: Lots believed in front of it as it came to rest; NEVER where it did not.
    """

    lots: Ints
    first_ns: Ints
    last_ns: Ints
    fills: Ints
    worth: Floats
    fees: Floats
    profit: Floats
    rested: Ints

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Which orders filled at all."""
        return self.lots > 0

    @property
    def price(self) -> Floats:
        """Average worth of a lot; 0 of what did not fill."""
        empty = np.zeros(len(self.lots))
        return np.divide(self.worth, self.lots, out=empty, where=self.lots > 0)


def outcome_of(orders: Orders, fills: Iterable[Filled], run: FlowRun, mids: Mids) -> Outcome:
    """What fills make of each order.

    Args:
        orders: Of the session.
        fills: By time.
        run: That orders came to rest in.
        mids: That profits are marked at.
    """
    count = len(orders.lots)
    lots, first_ns, last_ns, number = (np.zeros(count, np.int64) for _ in range(4))
    worth, fees, profit = (np.zeros(count) for _ in range(3))
    first_ns[:] = last_ns[:] = NEVER
    front = np.full(count, NEVER, np.int64)
    for order_id, ahead in run.rested.items():
        if order_id in orders.place:
            front[orders.place[order_id]] = ahead
    for fill in fills:
        at = orders.place.get(fill.order_id)
        if at is None:
            continue
        price = fill.price_ticks * int(orders.tick_units[at])
        unit = orders.unit[at]
        mid = mids.at(int(orders.book[at]), fill.venue_ns + MARK_NS, price)
        lots[at] += fill.qty_lots
        number[at] += 1
        first_ns[at] = fill.venue_ns if first_ns[at] == NEVER else first_ns[at]
        last_ns[at] = fill.venue_ns
        worth[at] += abs(price) * fill.qty_lots * unit
        fees[at] += fill.fee * unit
        profit[at] += (orders.signs[at] * (mid - price) * fill.qty_lots - fill.fee) * unit
    return Outcome(lots, first_ns, last_ns, number, worth, fees, profit, front)


def questions(one: Outcome, other: Outcome, orders: Orders) -> tuple[list[Asked], list[Asked]]:
    """When to ask either side how many lots stand in front of an order that the other has filled.

    Returns:
        For the other side, where the first has filled before it; for the first, the reverse.
    """
    never = np.iinfo(np.int64).max
    left = np.where(one.first_ns == NEVER, never, one.first_ns)
    right = np.where(other.first_ns == NEVER, never, other.first_ns)
    of_other, of_one = [], []
    for order_id, at in orders.place.items():
        if left[at] < right[at]:
            of_other.append((order_id, int(left[at])))
        elif right[at] < left[at]:
            of_one.append((order_id, int(right[at])))
    return of_other, of_one


def queue_errors(
    orders: Orders, other: FlowRun, of_other: list[Asked], one: FlowRun, of_one: list[Asked]
) -> Floats:
    """Lots that the other side believed too many in front, when one of both filled; NaN where unknown."""
    errors = np.zeros(len(orders.lots))
    for run, asked, sign in ((other, of_other, 1.0), (one, of_one, -1.0)):
        for question in asked:
            ahead = run.ahead.get(question, -1)
            errors[orders.place[question[0]]] = sign * ahead if ahead >= 0 else np.nan
    return errors
