"""How many lots of an order may still fill, whatever order its reports come in.

Model: open lots = base − traded since the base − left unfilled by the end + owed from before the
base, and never below zero. Each report changes one of these, so the sum does not depend on which
came first. Every function here changes one `Order` and knows no table.

Invariants:
1. A fill's number is booked once: repeats change nothing, whatever they say.
2. Without a replacement, traded + open lots is never less than what the venue has filled or holds open.
3. A bust or correction moves what counts, never what may still fill.

Limits: a replacement that overtakes a fill from before it is not yet known to be missing a fill, so
until that fill comes, invariant 2 is short by it. Links keep the order of reports; whoever sees a
gap in one calls `link_lost` and asks for the status, which says what is owed.
"""

from typing import Final

from desk.orders.order import Anomaly, Fill, Order, Outcome
from market.messages import Report

_NONE: Final = Anomaly.NONE


def recount(order: Order) -> None:
    """Bring the open lots up to date."""
    open_lots = order.base_lots - order.since_lots - order.left_lots
    order.open_lots = order.owed_lots + (open_lots if open_lots > 0 else 0)


def fill(order: Order, report: Report, outcome: Outcome) -> Anomaly:
    """Book a fill by its number, once."""
    exec_id, lots = report.exec_id, report.qty_lots
    if lots <= 0:
        return Anomaly.BAD_REPORT
    if exec_id <= 0:
        exec_id = -1 - len(order.fills)  # no number of a venue's is below zero
    known = order.fills.get(exec_id)
    if known is None:
        order.fills[exec_id] = Fill(
            report.price_ticks, lots, lots, report.venue_ns, report.report_seq
        )
        order.cum_lots += lots
        outcome.filled_lots = lots
        outcome.price_ticks = report.price_ticks
        outcome.fee = report.fee
        outcome.liquidity = report.liquidity
    elif known.traded_lots:
        return Anomaly.DUPLICATE_EXEC
    else:
        # Its bust or correction overtook it and has been booked: only the order's lots are left.
        known.traded_lots = lots
        known.venue_ns, known.report_seq = report.venue_ns, report.report_seq
    order.traded_lots += lots
    anomaly = _consume(order, report, lots)
    return anomaly if exec_id > 0 else Anomaly.NO_EXEC_ID


def _consume(order: Order, report: Report, lots: int) -> Anomaly:
    """Take traded lots off what may still fill."""
    if report.venue_ns < order.base_ns or (
        report.venue_ns == order.base_ns and report.report_seq < order.base_seq
    ):
        paid_lots = min(order.owed_lots, lots)
        order.owed_lots -= paid_lots
        order.qty_lots += lots - paid_lots
        recount(order)
        return _NONE
    order.since_lots += lots
    over_lots = order.since_lots + order.left_lots - order.base_lots
    recount(order)
    if over_lots <= 0 or order.replacing_lots:
        return _NONE  # a replacement whose answer is late may well be what has filled
    # The venue owns the truth: what it says is open stays at risk.
    order.base_lots += over_lots + report.leaves_lots
    recount(order)
    return Anomaly.OVERFILL


def bust(order: Order, report: Report, outcome: Outcome) -> Anomaly:
    """Take a fill back; 0 lots remain of it."""
    return _reword(order, report, outcome, report.price_ticks, 0)


def correct(order: Order, report: Report, outcome: Outcome) -> Anomaly:
    """Give a fill another price and quantity."""
    return _reword(order, report, outcome, report.price_ticks, report.qty_lots)


def _reword(
    order: Order, report: Report, outcome: Outcome, price_ticks: int, qty_lots: int
) -> Anomaly:
    """What counts of a fill is now this; a newer word of the venue beats an older one."""
    if report.exec_id <= 0 or qty_lots < 0:
        return Anomaly.BAD_REPORT
    known = order.fills.get(report.exec_id)
    is_new = known is None
    if known is None:
        known = order.fills[report.exec_id] = Fill(price_ticks, 0, 0, -1, -1)
    elif (known.word_ns, known.word_seq) >= (report.venue_ns, report.report_seq):
        return Anomaly.DUPLICATE_EXEC
    known.word_ns, known.word_seq = report.venue_ns, report.report_seq
    same = known.qty_lots == qty_lots and (qty_lots == 0 or known.price_ticks == price_ticks)
    if same and not is_new:
        return Anomaly.DUPLICATE_EXEC
    outcome.fee = report.fee
    outcome.liquidity = report.liquidity
    if qty_lots == 0:
        outcome.price_ticks, outcome.filled_lots = known.price_ticks, -known.qty_lots
    else:
        outcome.price_ticks, outcome.filled_lots = price_ticks, qty_lots
        if known.qty_lots:
            outcome.corrected_from = (known.price_ticks, known.qty_lots)
        known.price_ticks = price_ticks
    order.cum_lots += qty_lots - known.qty_lots
    known.qty_lots = qty_lots
    return _NONE


def replaced(order: Order, report: Report) -> None:
    """A replacement took effect: its quantity is what is open from then on."""
    answered(order, report)
    if _rebase(order, report, report.qty_lots):
        order.price_ticks = report.price_ticks
        order.qty_lots = order.traded_lots - order.since_lots + order.owed_lots + report.qty_lots
    recount(order)


def answered(order: Order, report: Report) -> None:
    """A replacement is answered; one from before the base is not the one that is in flight."""
    if (report.venue_ns, report.report_seq) >= (order.base_ns, order.base_seq):
        order.replacing_lots = 0


def status(order: Order, report: Report) -> None:
    """The venue says what is open and how much has filled; requests from before are settled."""
    order.replacing_lots = 0
    order.cancel_sent = False
    if _rebase(order, report, report.leaves_lots):
        heard_lots = order.traded_lots - order.since_lots
        order.owed_lots = max(0, report.qty_lots - heard_lots)
        ordered_lots = heard_lots + order.owed_lots + report.leaves_lots
        if report.leaves_lots:
            order.price_ticks = report.price_ticks
            order.qty_lots = ordered_lots
        else:  # an end may have left lots unfilled; a lost replacement may have added some
            order.qty_lots = max(order.qty_lots, ordered_lots)
    recount(order)


def end(order: Order, report: Report, left_lots: int) -> None:
    """It ended with this much unfilled; what else is open has filled unheard."""
    order.left_lots = left_lots
    order.end_ns, order.end_seq = report.venue_ns, report.report_seq
    recount(order)


def revive(order: Order, report: Report) -> None:
    """It has not ended after all: what the venue says is open may fill."""
    order.left_lots = 0
    order.end_ns = order.end_seq = -1
    order.cancel_sent = False
    _rebase(order, report, report.leaves_lots)
    recount(order)


def shows_life(order: Order, report: Report) -> bool:
    """Whether a report shows an ended order open at a moment after its end."""
    return report.leaves_lots > 0 and (
        report.venue_ns > order.end_ns
        or (report.venue_ns == order.end_ns and report.report_seq > order.end_seq)
    )


def _rebase(order: Order, report: Report, base_lots: int) -> bool:
    """Count from this report on, unless a newer one has come before it."""
    stamp = (report.venue_ns, report.report_seq)
    if stamp < (order.base_ns, order.base_seq):
        return False
    order.base_lots = base_lots
    order.base_ns, order.base_seq = stamp
    order.since_lots = sum(
        known.traded_lots
        for known in order.fills.values()
        if (known.venue_ns, known.report_seq) > stamp
    )
    return True
