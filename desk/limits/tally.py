"""What was sent and what came of it, counted again: the last check's own book of orders.

Model: an order's *open* lots are what may still fill, as far as reports tell; a replacement in
flight may fill on top of what it replaces, because the old order may fill first. Position, open
and replacing lots together bound every position that the venue can bring about. It is written
anew on purpose: what `desk.orders` gets wrong, this must not get wrong with it.

Invariants:
1. Open lots are never negative, and a fill with a number counts once.
2. Reports of an order may come in any order: `report_seq` is the venue's own order, and a fill
   from before a replacement never uses up what the replacement asked for.
3. What nobody knows counts in full: a request without an answer stays at risk until its order's
   end.

Limits: of orders that have ended and are settled, the newest KEPT are remembered; a bust of an
older one finds no order and is counted in `unmatched`.
"""

from typing import Final

import msgspec

from market.codes import OrderType, Reason, ReportType, Side
from market.messages import Replace, Report, Submit

KEPT: Final = 1_024

# Enum attributes cost a look-up each; the hot path has plain names.
_BUY: Final = Side.BUY
_MARKET: Final = OrderType.MARKET
_ACCEPTED: Final = ReportType.ACCEPTED
_FILLED: Final = ReportType.FILLED
_ENDS: Final = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))


class SentFill(msgspec.Struct, gc=False, array_like=True):
    """One fill.

    Attributes:
        lots: As they stand.
        seq: Venue's number of the report that said so.
        filled_lots: As they filled.
        filled_seq: Number of that report; 0 while only a bust or a correction is here.
    """

    lots: int
    seq: int
    filled_lots: int
    filled_seq: int


class SentOrder(msgspec.Struct, gc=False):
    """One order that left.

    Attributes:
        sign: +1 for a buy, −1 for a sell.
        open_lots: May still fill, replacements apart.
        pending: Price and quantity of each replacement without an answer, oldest first.
        pending_lots: Sum of their quantities.
        seq: Venue's number of the newest report about its quantity.
        fills: By number.
    """

    book_id: int
    strategy: int
    sign: int
    price_ticks: int
    market: bool
    open_lots: int
    pending: tuple[tuple[int, int], ...] = ()
    pending_lots: int = 0
    ended: bool = False
    replaced_seq: int = 0
    cancelled_lots: int = 0
    seq: int = 0
    fills: dict[int, SentFill] = {}


class TallyData(msgspec.Struct):
    """All that the tally remembers; lists are by book.

    Attributes:
        buy_lots: Open and replacing lots of buys.
        sell_lots: The same of sells.
        working: Ids of the orders that may rest, by `book_id << 1 | side`.
        settled: Ids of orders from which only a bust or a correction can come, oldest first.
        last_id: Largest id that left.
        unmatched: Reports about orders that are not known here.
    """

    position_lots: list[int]
    buy_lots: list[int]
    sell_lots: list[int]
    working: dict[int, list[int]] = {}
    orders: dict[int, SentOrder] = {}
    settled: list[int] = []
    last_id: int = 0
    unmatched: int = 0


def reached_lots(data: TallyData, book_id: int, side: Side, qty_lots: int) -> int:
    """How far a position may come to one side with everything that was sent and so many lots more."""
    if side is _BUY:
        return data.position_lots[book_id] + data.buy_lots[book_id] + qty_lots
    return data.sell_lots[book_id] + qty_lots - data.position_lots[book_id]


def send_order(data: TallyData, command: Submit, strategy: int) -> None:
    """A new order leaves."""
    side, book_id, order_id, qty_lots = (
        command.side, command.book_id, command.order_id, command.qty_lots
    )  # fmt: skip
    is_buy = side == _BUY
    data.last_id = order_id
    data.orders[order_id] = SentOrder(
        book_id=book_id,
        strategy=strategy,
        sign=1 if is_buy else -1,
        price_ticks=command.price_ticks,
        market=command.order_type == _MARKET,
        open_lots=qty_lots,
    )
    if is_buy:
        data.buy_lots[book_id] += qty_lots
    else:
        data.sell_lots[book_id] += qty_lots
    working = data.working.get(book_id << 1 | side)
    if working is None:
        data.working[book_id << 1 | side] = [order_id]
    else:
        working.append(order_id)


def send_replace(data: TallyData, order: SentOrder, command: Replace) -> None:
    """A replacement leaves; until it is answered both quantities may fill."""
    order.pending = (*order.pending, (command.price_ticks, command.qty_lots))
    order.pending_lots += command.qty_lots
    if order.sign > 0:
        data.buy_lots[order.book_id] += command.qty_lots
    else:
        data.sell_lots[order.book_id] += command.qty_lots


def take_report(data: TallyData, report: Report) -> int:
    """A venue's answer.

    Returns:
        Number of the strategy that it is a new execution of; −1 for everything else.
    """
    order = data.orders.get(report.order_id)
    if order is None:
        data.unmatched += 1
        return -1
    before_lots = order.open_lots + order.pending_lots
    is_new_fill = _apply(data, order, report)
    open_lots = order.open_lots
    assert open_lots >= 0
    change_lots = open_lots + order.pending_lots - before_lots
    if change_lots:
        lots = data.buy_lots if order.sign > 0 else data.sell_lots
        lots[order.book_id] += change_lots
    if order.ended or (open_lots == 0 and not order.pending):
        _retire(data, report.order_id, order)
    return order.strategy if is_new_fill else -1


def _apply(data: TallyData, order: SentOrder, report: Report) -> bool:
    """Change an order by a report; whether it was a new fill."""
    seq, kind = report.report_seq, report.type
    if kind == _FILLED:
        return _fill(data, order, report)
    if kind in _ENDS:
        order.ended = True
        order.cancelled_lots = left_lots = report.qty_lots
        order.open_lots = order.open_lots - left_lots if order.open_lots > left_lots else 0
    elif kind != _ACCEPTED:
        _apply_rare(data, order, report)
    if seq > order.seq:
        order.seq = seq
    return False


def _apply_rare(data: TallyData, order: SentOrder, report: Report) -> None:
    """The same for what is neither a fill, nor an end, nor an acknowledgement."""
    match report.type:
        case ReportType.BUSTED | ReportType.CORRECTED:
            _restate(data, order, report)
        case ReportType.REPLACED:
            _replaced(order, report)
        case ReportType.REPLACE_REJECTED:
            _answered(order, report)
            if report.reason == Reason.UNKNOWN_ORDER:
                order.ended = True
        case ReportType.CANCEL_REJECTED:
            order.ended = order.ended or report.reason == Reason.UNKNOWN_ORDER
        case ReportType.STATUS:
            if report.report_seq > order.seq:
                _status(order, report)
        case _:
            pass


def _fill(data: TallyData, order: SentOrder, report: Report) -> bool:
    """A fill, which may be a repetition, late, or taken back already."""
    lots, seq = report.qty_lots, report.report_seq
    known = order.fills.get(report.exec_id)
    if known is not None and known.filled_seq:
        return False
    if seq > order.replaced_seq:
        order.open_lots = order.open_lots - lots if order.open_lots > lots else 0
    if seq > order.seq:
        order.seq = seq
    if known is None:
        order.fills[report.exec_id] = SentFill(lots, seq, lots, seq)
        data.position_lots[order.book_id] += order.sign * lots
    else:
        known.filled_lots, known.filled_seq = lots, seq
    return True


def _restate(data: TallyData, order: SentOrder, report: Report) -> None:
    """A fill that is taken back, or given another quantity."""
    lots = 0 if report.type == ReportType.BUSTED else report.qty_lots
    known = order.fills.setdefault(report.exec_id, SentFill(0, 0, 0, 0))
    if report.report_seq <= known.seq:
        return
    data.position_lots[order.book_id] += order.sign * (lots - known.lots)
    known.lots, known.seq = lots, report.report_seq


def _replaced(order: SentOrder, report: Report) -> None:
    """A replacement was done, and every earlier one was answered before it."""
    _answered(order, report)
    if report.report_seq < order.replaced_seq:
        return
    order.replaced_seq = report.report_seq
    order.price_ticks = report.price_ticks
    later_lots = sum(
        [one.filled_lots for one in order.fills.values() if one.filled_seq > report.report_seq]
    )
    order.open_lots = max(report.qty_lots - later_lots - order.cancelled_lots, 0)


def _answered(order: SentOrder, report: Report) -> None:
    """Take the replacement that a report answers out of those in flight, and all before it."""
    asked = report.price_ticks, report.qty_lots
    if asked in order.pending:
        order.pending = order.pending[order.pending.index(asked) + 1 :]
        order.pending_lots = sum([lots for _, lots in order.pending])


def _status(order: SentOrder, report: Report) -> None:
    """How the venue says the order stands; fills that it counts and we have not heard of are owed."""
    heard = sum([one.filled_lots for one in order.fills.values()])
    owed_lots = max(report.qty_lots - heard, 0)
    order.open_lots = report.leaves_lots + owed_lots
    if report.leaves_lots == 0:
        order.ended = True
        order.pending, order.pending_lots = (), 0


def _retire(data: TallyData, order_id: int, order: SentOrder) -> None:
    """An order that cannot trade any more works no longer; a settled one is kept a while."""
    working, settled_ids = data.working.get(order.book_id << 1 | (order.sign < 0)), data.settled
    if working and order_id in working:
        working.remove(order_id)
        settled_ids.append(order_id)
    if len(settled_ids) < 2 * KEPT:
        return
    old, data.settled = settled_ids[:KEPT], settled_ids[KEPT:]
    for settled_id in old:
        settled = data.orders[settled_id]
        if settled.open_lots or settled.pending:
            data.settled.append(settled_id)
        else:
            del data.orders[settled_id]
