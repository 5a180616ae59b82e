"""Series of a run: mids, fills, positions, profit and drawdown, each thinned to what a plot can show.

Model: a fill is an ANSWER of the venue; a BUSTED or CORRECTED one takes back the fill of the same
order and number. A mid is what a host saw when it decided. Profit is cash, plus the position at the
last mid, less fees; in currency, as floats.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from market.codes import Liquidity, ReportType, Side
from market.instruments import Instrument
from market.messages import NO_PRICE
from research.report.run_data import Ints, RunData
from sim.recorder import EventKind

Floats = npt.NDArray[np.float64]

POINTS_MAX: Final = 4_000
"""Points of a line: more than a screen has columns, and few enough for a small file."""


class Fills(NamedTuple):
    """Fills that stand, of one host in one book, in order of time; prices in currency."""

    time_ns: Ints
    order_id: Ints
    side: Ints
    price: Floats
    signed_lots: Ints
    liquidity: Ints
    cash: Floats
    fee: Floats


class Mids(NamedTuple):
    """Best prices that hosts saw of one book; in currency."""

    time_ns: Ints
    bid: Floats
    ask: Floats


def price_scale(book: Instrument) -> float:
    """Currency of one tick."""
    return book.tick_units / book.price_units_per_currency


def money_scale(book: Instrument) -> float:
    """Currency of one price unit × lot."""
    return book.lot_num / (book.lot_den * book.price_units_per_currency)


def mids_of(run: RunData, book_id: int) -> Mids:
    """Every two-sided view of a book, of all hosts, in order of time."""
    events = run.events
    rows = np.flatnonzero((events["kind"] == EventKind.VIEW) & (events["book_id"] == book_id))
    bid, ask = events["price_ticks"][rows], events["qty_lots"][rows]
    rows = rows[(bid != NO_PRICE) & (ask != NO_PRICE)]
    rows = rows[np.argsort(events["time_ns"][rows], kind="stable")]
    scale = price_scale(run.books[book_id])
    return Mids(
        events["time_ns"][rows],
        events["price_ticks"][rows] * scale,
        events["qty_lots"][rows] * scale,
    )


def fills_of(run: RunData, host: int, book_id: int) -> Fills:
    """The fills that stand."""
    events = run.events
    told = np.isin(
        events["detail"], (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED)
    ) & (events["kind"] == EventKind.ANSWER)
    rows = np.flatnonzero(told & (events["host"] == host) & (events["book_id"] == book_id))
    standing: dict[tuple[int, int], tuple[int, int]] = {}
    for row in rows.tolist():
        key = (int(events["order_id"][row]), int(events["exec_id"][row]))
        if events["detail"][row] == ReportType.FILLED:
            standing[key if key[1] else (key[0], -row)] = (row, row)
        elif events["detail"][row] == ReportType.BUSTED:
            standing.pop(key, None)
        else:  # a correction keeps the moment of the fill
            standing[key] = (standing.get(key, (row, row))[0], row)
    pairs = sorted(standing.values())
    first = np.array([pair[0] for pair in pairs], dtype=np.int64)
    last = np.array([pair[1] for pair in pairs], dtype=np.int64)
    return _fills(run.books[book_id], events, first, last)


def _fills(book: Instrument, events: dict[str, Ints], first: Ints, last: Ints) -> Fills:
    """Fills from the rows that made them, and those that say how they stand."""
    price_x2 = 2 * events["price_ticks"][last] + events["half"][last]
    sign = 1 - 2 * events["side"][first]
    lots = events["qty_lots"][last]
    unit = money_scale(book)
    return Fills(
        time_ns=events["venue_ns"][first],
        order_id=events["order_id"][first],
        side=events["side"][first],
        price=price_x2.astype(np.float64) * (price_scale(book) / 2),
        signed_lots=sign * lots,
        liquidity=events["liquidity"][first],
        cash=-(sign * lots * price_x2 * book.tick_units) * (unit / 2),
        fee=events["fee"][last].astype(np.float64) * unit,
    )


def as_of(time_ns: Ints, values: Floats, at_ns: Ints) -> Floats:
    """The last value at or before each moment; NaN before the first."""
    if len(time_ns) == 0:
        return np.full(len(at_ns), np.nan)
    index = np.searchsorted(time_ns, at_ns, side="right") - 1
    return np.where(index < 0, np.nan, values[np.maximum(index, 0)])


class Profit(NamedTuple):
    """A host's profit over time, in the currency of its books."""

    time_ns: Ints
    profit: Floats
    drawdown: Floats
    fees: Floats


def profit_of(run: RunData, host: int) -> Profit:
    """Profit after fees over all books, at every view and fill, thinned."""
    moments = [
        run.events["time_ns"][(run.events["kind"] == EventKind.VIEW) & (run.events["host"] == host)]
    ]
    held = []
    for book_id in range(len(run.books)):
        fills = fills_of(run, host, book_id)
        if len(fills.time_ns):
            held.append((book_id, fills))
            moments.append(fills.time_ns)
    time_ns = np.unique(np.concatenate(moments)) if moments else np.zeros(0, np.int64)
    profit = np.zeros(len(time_ns))
    fees = np.zeros(len(time_ns))
    for book_id, fills in held:
        mids = mids_of(run, book_id)
        mark = as_of(mids.time_ns, (mids.bid + mids.ask) / 2, time_ns)
        done = np.searchsorted(fills.time_ns, time_ns, side="right")
        lots = np.concatenate(([0], np.cumsum(fills.signed_lots)))[done]
        cash = np.concatenate(([0.0], np.cumsum(fills.cash)))[done]
        paid = np.concatenate(([0.0], np.cumsum(fills.fee)))[done]
        book = run.books[book_id]
        worth = lots * np.nan_to_num(mark) * (book.lot_num / book.lot_den)
        profit += cash + worth - paid
        fees += paid
    peak = np.maximum.accumulate(np.maximum(profit, 0.0)) if len(profit) else profit
    kept = thin(profit)
    return Profit(time_ns[kept], profit[kept], (peak - profit)[kept], fees[kept])


def thin(values: Floats, points_max: int = POINTS_MAX) -> Ints:
    """Rows to keep: first and last, and of every stretch its lowest and highest."""
    count = len(values)
    if count <= points_max:
        return np.arange(count)
    edges = np.linspace(0, count, points_max // 2, dtype=np.int64)
    kept = [np.array([0, count - 1])]
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if stop > start:
            piece = values[start:stop]
            kept.append(np.array([start + int(piece.argmin()), start + int(piece.argmax())]))
    return np.unique(np.concatenate(kept))


def markout(run: RunData, fills: Fills, book_id: int, after_ns: int) -> Floats:
    """What each fill was worth `after_ns` later against the mid, per unit; NaN past the last view."""
    mids = mids_of(run, book_id)
    if len(mids.time_ns) == 0:
        return np.full(len(fills.time_ns), np.nan)
    later = fills.time_ns + after_ns
    mid = as_of(mids.time_ns, (mids.bid + mids.ask) / 2, later)
    mid[later > mids.time_ns[-1]] = np.nan
    return np.sign(fills.signed_lots) * (mid - fills.price)


LIQUIDITY_NAMES: Final = {int(one): one.name.lower() for one in Liquidity}
SIDE_NAMES: Final = {int(side): side.name.lower() for side in Side}
