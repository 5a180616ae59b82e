"""The stream of a race, in a form that every competitor can read.

Model: one row is one message of a public feed, in columns of plain integers. Books by order (L3) name
each order by an id that is never used again, because peers keep orders in hash maps while a tape uses
its handles again. Every row also says what is left of its order, or of its level, after it, because
some peers want the new quantity and not the change. Books by level (L2) and best prices (L1) can be
derived from the orders, and best prices from levels (`derive`). A CLEAR is said as the removal of everything that rests, because not every peer has a
word for it.

The stream also says when one own order of one lot at a time comes to rest at the best bid, and when
it is cancelled if it is still there; and at which times the best prices are to be written down.
None of these times coincides with a message, so ties cannot decide who agrees.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from market.codes import Depth, Kind, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import InputError
from scenarios.race.derive import Neutral, as_one, by_level, by_quote
from scenarios.race.plain import PlainBook, Top

Ints = npt.NDArray[np.int64]

LATENCY_NS: Final = 100_000
START_NS: Final = 1_000_000_000
"""Time of the first message: peers take time 0 for 'never'."""

CHECKPOINTS: Final = 1_000
OWN_ORDERS: Final = 20
OWN_LOTS: Final = 1

DROPPED: Final = (Kind.PHASE, Kind.CROSS)
"""Rows that no peer has a word for; they are left out for everybody."""

ROW_KINDS: Final = {
    Depth.L3: (
        Kind.ADD, Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE, Kind.REVEAL, Kind.TRADE
    ),
    Depth.L2: (Kind.LEVEL, Kind.TRADE),
    Depth.L1: (Kind.QUOTE, Kind.TRADE),
}  # fmt: skip


class RaceStream(NamedTuple):
    """A stream in neutral columns; times in nanoseconds, prices in ticks, quantities in lots.

    Attributes:
        depth: 3 orders, 2 levels, 1 best prices.
        kind: `market.codes.Kind` of each row; REVEAL is said as ADD, REDUCE or DELETE.
        side: Of the resting order or level; of the aggressor on a print.
        left: What the order (or level) has after the row; 0 on a print.
        order_id: From 1, never used again; 0 where there are no orders.
        flags: `market.codes.RowFlag`, of which peers use LAST.
        rows: The same messages as tape rows, which is our own format, one price unit a tick.
        handle_count: Handles that `rows` uses.
        checkpoint_ns: When to write the best prices down.
        own_ns: When each own order reaches the venue.
        own_until_ns: When it is cancelled, if it still rests.
        own_price: Its price: the best bid at `own_ns`.
    """

    depth: int
    ts_ns: Ints
    kind: Ints
    side: Ints
    price: Ints
    qty: Ints
    left: Ints
    order_id: Ints
    flags: Ints
    rows: npt.NDArray[np.void]
    handle_count: int
    latency_ns: int
    checkpoint_ns: Ints
    own_ns: Ints
    own_until_ns: Ints
    own_price: Ints

    def save(self, path: Path) -> None:
        """Write every column to an uncompressed npz."""
        np.savez(path, **self._asdict())


def race_stream(
    rows: npt.NDArray[np.void], *, depth: Depth, tick_units: int, latency_ns: int = LATENCY_NS
) -> RaceStream:
    """Turn tape rows of one book into the stream of a race.

    Args:
        rows: Order rows for any depth, LEVEL rows for L2 and L1, QUOTE rows for L1 only; prices in
            units.

    Raises:
        InputError: The rows cannot make a book of that depth.
    """
    rows = _without_dropped(rows)
    _check_kinds(rows, depth)
    shifted = rows.copy()
    shifted["ts_ns"] += START_NS - int(rows["ts_ns"][0])
    found = _depth_of(rows, depth)
    messages = _by_order(shifted, tick_units) if found == Depth.L3 else _said(shifted, tick_units)
    if depth != found:
        messages = by_level(messages) if depth == Depth.L2 else by_quote(messages)
    # Prints before there is a book fill nobody, and not every peer takes a stream that opens with one.
    opening = next((i for i, each in enumerate(messages) if each.kind != Kind.TRADE), None)
    if opening is None:
        raise InputError("race: found prints alone, needs a tape with a book")
    return _columns(messages[opening:], depth, latency_ns)


def _without_dropped(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The rows that peers have words for; what ended with a dropped one ends with the one before it."""
    ends = (rows["side_flags"] & RowFlag.LAST) != 0
    message = np.cumsum(ends) - ends
    kept = ~np.isin(rows["kind"], DROPPED)
    rows, message = rows[kept].copy(), message[kept]
    closes = np.append(message[1:] != message[:-1], True)[: len(rows)]
    rows["side_flags"] |= np.where(closes, RowFlag.LAST, 0).astype(np.uint8)
    return rows


def _depth_of(rows: npt.NDArray[np.void], depth: Depth) -> Depth:
    """What the rows themselves tell of the book."""
    if np.isin(rows["kind"], ROW_KINDS[Depth.L3][:-1]).any():
        return Depth.L3
    return Depth.L2 if (rows["kind"] == Kind.LEVEL).any() else depth


def _check_kinds(rows: npt.NDArray[np.void], depth: Depth) -> None:
    """Refuse what no competitor could be given."""
    if not len(rows):
        raise InputError("race: found no rows, needs a tape with messages")
    if len(np.unique(rows["book_id"])) > 1:
        raise InputError("race: found a tape of several books, allowed is one")
    given = [each for each in Depth if each >= depth]
    allowed = {int(kind) for each in given for kind in ROW_KINDS[each]} | {int(Kind.CLEAR)}
    for kind in np.unique(rows["kind"]).tolist():
        if kind not in allowed:
            raise InputError(
                f"race: found {Kind(kind).name} rows, an L{int(depth)} race takes "
                f"{', '.join(Kind(each).name for each in sorted(allowed))}"
            )


def _by_order(rows: npt.NDArray[np.void], tick_units: int) -> list[Neutral]:
    """Messages about named orders, each with an id of its own."""
    alive: dict[int, tuple[int, int, int, int]] = {}  # handle: order id, side, price, left
    last_id = 0
    result = []
    for ts_ns, units, signed, handle, _, said, flags in rows.tolist():
        kind, qty = said, abs(signed)
        if kind == Kind.TRADE:
            price = units // tick_units
            result.append(Neutral(ts_ns, kind, flags & 1, price, qty, 0, 0, flags, handle))
            continue
        if kind == Kind.CLEAR:
            result += as_one(
                Neutral(ts_ns, int(Kind.DELETE), side, price, left, 0, order_id, 0, place)
                for place, (order_id, side, price, left) in alive.items()
            )
            alive.clear()
            continue
        if kind == Kind.REVEAL:
            kind = Kind.ADD if signed > 0 else Kind.REDUCE
        if kind == Kind.ADD:
            last_id += 1
            alive[handle] = (last_id, flags & 1, units // tick_units, 0)
        if handle not in alive:
            raise InputError(f"race: {Kind(kind).name} on handle {handle}, which names no order")
        order_id, side, price, left = alive[handle]
        if kind == Kind.REPLACE:
            price, left = units // tick_units, qty
        elif kind == Kind.ADD:
            left = qty
        elif kind == Kind.DELETE:
            left = 0
        else:
            left -= qty
            kind = Kind.DELETE if kind == Kind.REDUCE and not left else kind
        alive[handle] = (order_id, side, price, left)
        if not left:
            del alive[handle]
        result.append(Neutral(ts_ns, int(kind), side, price, qty, left, order_id, flags, handle))
    return result


def _said(rows: npt.NDArray[np.void], tick_units: int) -> list[Neutral]:
    """Levels, best prices and prints as a source said them."""
    shown: dict[int, Neutral] = {}  # the newest of each level, or of each side's best price
    result = []
    for ts_ns, units, qty, handle, _, kind, flags in rows.tolist():
        if kind == Kind.CLEAR:
            result += as_one(
                each._replace(ts_ns=ts_ns, qty=0, left=0) for each in shown.values() if each.left
            )
            shown.clear()
            continue
        left = 0 if kind == Kind.TRADE else qty
        message = Neutral(ts_ns, kind, flags & 1, units // tick_units, qty, left, 0, flags, handle)
        result.append(message)
        if kind != Kind.TRADE:
            shown[handle if kind == Kind.LEVEL else flags & 1] = message
    return result


def _columns(messages: list[Neutral], depth: Depth, latency_ns: int) -> RaceStream:
    """Columns, tape rows, checkpoints and the own orders of the messages."""
    columns = np.array([message[:8] for message in messages], dtype=np.int64).T
    ts_ns, kind, side, price, qty, left, order_id, flags = (column.copy() for column in columns)
    rows = np.zeros(len(messages), dtype=TAPE_DTYPE)
    rows["ts_ns"], rows["kind"], rows["qty"] = ts_ns, kind, qty
    rows["price"] = price
    rows["handle"] = [message.handle for message in messages]
    rows["side_flags"] = flags & ~int(RowFlag.SELL) | side
    begin_ns, end_ns = int(ts_ns[len(ts_ns) // 100]) + latency_ns, int(ts_ns[-1])
    busy = _busy(ts_ns, latency_ns)
    checkpoint_ns = _quiet(np.linspace(begin_ns, end_ns, CHECKPOINTS + 2)[1:-1], busy)
    grid = _quiet(np.linspace(begin_ns, end_ns, OWN_ORDERS + 2)[1:], busy)
    neutral = RaceStream(
        int(depth), ts_ns, kind, side, price, qty, left, order_id, flags, rows,
        max(int(rows["handle"].max()) + 1, 2), latency_ns, checkpoint_ns,
        grid[:-1], grid[1:] - 1, grid[:-1],
    )  # fmt: skip
    # Where nobody bids there is no queue to join: the order goes to the stream's lowest price.
    least = int(price.min())
    bids = [top.bid_ticks if top.bid_lots else least for top in tops(neutral, neutral.own_ns)]
    return neutral._replace(own_price=np.array(bids, dtype=np.int64))


def _busy(ts_ns: Ints, latency_ns: int) -> frozenset[int]:
    """Times at which something happens at the venue, or arrives behind the wire."""
    return frozenset(np.concatenate((ts_ns, ts_ns + latency_ns)).tolist())


def _quiet(times: npt.NDArray[np.float64], busy: frozenset[int]) -> Ints:
    """The same times, each moved on to the next pair of nanoseconds in which nothing happens."""
    result = []
    for wanted in times.astype(np.int64).tolist():
        now_ns = wanted
        while now_ns - 1 in busy or now_ns in busy:
            now_ns += 1
        result.append(now_ns)
    return np.array(result, dtype=np.int64)


def tops(stream: RaceStream, times_ns: Ints) -> list[Top]:
    """The venue's best prices at each of the times, by the plain book."""
    book = PlainBook()
    ends = np.searchsorted(stream.ts_ns, times_ns, side="right").tolist()
    columns = zip(
        stream.kind.tolist(), stream.side.tolist(), stream.price.tolist(), stream.left.tolist(),
        stream.order_id.tolist(), strict=True,
    )  # fmt: skip
    result, done = [], 0
    for end in ends:
        for _ in range(end - done):
            book.apply(*next(columns))
        done = end
        result.append(book.top())
    return result
