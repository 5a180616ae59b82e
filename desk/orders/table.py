"""The order machine: which states an order of ours can be in, and what may happen in each.

Two rules. Everything about transitions lives in `TABLE`; and this file counts no lots.

Theory of operation
-------------------
We never see an order, only what the venue says of it, late. So a state is not where the order is but
what we are waiting for:

    PENDING_NEW      sent, and the venue has said nothing
    LIVE             it rests, as far as we have heard, and nothing needs an answer
    PENDING_CANCEL   a cancel is on its way
    PENDING_REPLACE  a replacement is on its way
    UNKNOWN          an answer may have been lost; only the venue's word settles it
    FILLED, CANCELLED, REJECTED, EXPIRED    it has ended

An event is either something that we do (CANCEL_SENT, REPLACE_SENT), something that befalls us
(LINK_LOST), or something that the venue reports. All but the first are legal at moments that look
wrong, because every message is under way for a while and two messages may overtake each other. The
races, each with its rows:

1. *Fill before acknowledgement.* PENDING_NEW takes a fill and is LIVE; the ACCEPTED that follows
   finds it LIVE, or even ended, and changes nothing.
2. *Fill after a cancel request.* A cancel is a wish. PENDING_CANCEL takes fills like LIVE does.
3. *Too late to cancel.* The venue holds no such open order any more (event TOO_LATE, for a cancel and
   for a replacement alike). If the end was reported before, it changes nothing. If not, the order
   has ended in a way that we have not heard of, and that is what UNKNOWN is for.
4. *Cancel and replacement cross.* A cancel may be sent while a replacement is on its way, because
   nothing may stand in the way of a cancel. The state is then PENDING_CANCEL; the answer to the
   replacement comes first or last and changes lots, not the state. When the cancel is refused the
   order is LIVE with a replacement still to be answered: LIVE takes both its answers.
5. *An end that nobody asked for.* Venues cancel on a lost link, in a halt, by their own risk checks;
   so CANCELLED and EXPIRED are legal wherever an order is open.
6. *The end overtakes what came before it.* Fills, acknowledgements, refusals and replacements are
   taken by ended orders too. Whether an ended order still has lots to hear of is a count
   (`desk/orders/lots.py`), not a state.
7. *Lost link.* Every open order is UNKNOWN: its request or the answer may be gone, and the venue may
   have cancelled it. In UNKNOWN reports are believed, but only an end or a STATUS that was asked for
   after our last request ends the doubt.
8. *A status says "ended", not how.* STATUS_ENDED makes an order CANCELLED; a late LAST_FILL, EXPIRED
   or REJECTED then tells the true end and corrects the name. A STATUS_OPEN that its order's end has
   overtaken changes nothing.
9. *Bust and correction* come minutes or hours later, in any state, and may overtake their own fill.
   They move lots, never the state: a busted order does not come back to life.
10. *One cancel, delivered twice* by a stuttering link, is answered twice: a second CANCEL_REJECTED or
   TOO_LATE may find the order LIVE or PENDING_REPLACE again.
11. *An end, said twice* by a link that stutters: every end is legal in its own state and changes
   nothing; a fill's number says the same of the last fill.

12. *A venue under load* refuses an order, and what was asked of it before that was known, without a look
   at the order: REJECTED takes both refusals. When the refusal of a cancel overtakes that of the
   order, we believe it LIVE and may ask again; LIVE and PENDING_REPLACE take REJECTED.

What is not in the table is an anomaly: it is coded and counted by the machine, raises nothing, leaves
the state alone, and its lots, if it has any, are booked all the same.

Weaknesses: REJECTED for a duplicate id is no event (the first copy lives on). An order that shows
life after its end is not in the table either; the machine makes it UNKNOWN by force and says so.
"""

from enum import IntEnum
from typing import Final


class OrderState(IntEnum):
    """What we are waiting for; every state from FILLED on has ended."""

    PENDING_NEW = 0
    LIVE = 1
    PENDING_CANCEL = 2
    PENDING_REPLACE = 3
    UNKNOWN = 4
    FILLED = 5
    CANCELLED = 6
    REJECTED = 7
    EXPIRED = 8


class OrderEvent(IntEnum):
    """What we do, what befalls us, and what is reported."""

    CANCEL_SENT = 0
    REPLACE_SENT = 1
    LINK_LOST = 2
    ACCEPTED = 3
    REJECTED = 4
    PART_FILL = 5
    LAST_FILL = 6
    CANCELLED = 7
    CANCEL_REJECTED = 8
    TOO_LATE = 9
    REPLACED = 10
    REPLACE_REJECTED = 11
    EXPIRED = 12
    BUST = 13
    CORRECT = 14
    STATUS_OPEN = 15
    STATUS_ENDED = 16


_S, _E = OrderState, OrderEvent

TABLE: Final[dict[OrderState, dict[OrderEvent, OrderState]]] = {
    _S.PENDING_NEW: {
        _E.CANCEL_SENT: _S.PENDING_CANCEL,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.ACCEPTED: _S.LIVE,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.LIVE,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.PENDING_NEW,
        _E.CORRECT: _S.PENDING_NEW,
        _E.STATUS_OPEN: _S.LIVE,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.LIVE: {
        _E.CANCEL_SENT: _S.PENDING_CANCEL,
        _E.REPLACE_SENT: _S.PENDING_REPLACE,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.ACCEPTED: _S.LIVE,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.LIVE,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.LIVE,
        _E.TOO_LATE: _S.UNKNOWN,
        _E.REPLACED: _S.LIVE,
        _E.REPLACE_REJECTED: _S.LIVE,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.LIVE,
        _E.CORRECT: _S.LIVE,
        _E.STATUS_OPEN: _S.LIVE,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.PENDING_CANCEL: {
        _E.LINK_LOST: _S.UNKNOWN,
        _E.ACCEPTED: _S.PENDING_CANCEL,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.PENDING_CANCEL,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.LIVE,
        _E.TOO_LATE: _S.UNKNOWN,
        _E.REPLACED: _S.PENDING_CANCEL,
        _E.REPLACE_REJECTED: _S.PENDING_CANCEL,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.PENDING_CANCEL,
        _E.CORRECT: _S.PENDING_CANCEL,
        _E.STATUS_OPEN: _S.LIVE,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.PENDING_REPLACE: {
        _E.CANCEL_SENT: _S.PENDING_CANCEL,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.ACCEPTED: _S.PENDING_REPLACE,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.PENDING_REPLACE,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.PENDING_REPLACE,
        _E.TOO_LATE: _S.UNKNOWN,
        _E.REPLACED: _S.LIVE,
        _E.REPLACE_REJECTED: _S.LIVE,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.PENDING_REPLACE,
        _E.CORRECT: _S.PENDING_REPLACE,
        _E.STATUS_OPEN: _S.LIVE,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.UNKNOWN: {
        _E.CANCEL_SENT: _S.UNKNOWN,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.ACCEPTED: _S.UNKNOWN,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.UNKNOWN,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.UNKNOWN,
        _E.TOO_LATE: _S.UNKNOWN,
        _E.REPLACED: _S.UNKNOWN,
        _E.REPLACE_REJECTED: _S.UNKNOWN,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.UNKNOWN,
        _E.CORRECT: _S.UNKNOWN,
        _E.STATUS_OPEN: _S.LIVE,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.FILLED: {
        _E.ACCEPTED: _S.FILLED,
        _E.PART_FILL: _S.FILLED,
        _E.CANCEL_REJECTED: _S.FILLED,
        _E.TOO_LATE: _S.FILLED,
        _E.REPLACED: _S.FILLED,
        _E.REPLACE_REJECTED: _S.FILLED,
        _E.BUST: _S.FILLED,
        _E.CORRECT: _S.FILLED,
        _E.STATUS_OPEN: _S.FILLED,
        _E.STATUS_ENDED: _S.FILLED,
    },
    _S.CANCELLED: {
        _E.ACCEPTED: _S.CANCELLED,
        _E.REJECTED: _S.REJECTED,
        _E.PART_FILL: _S.CANCELLED,
        _E.LAST_FILL: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.CANCEL_REJECTED: _S.CANCELLED,
        _E.TOO_LATE: _S.CANCELLED,
        _E.REPLACED: _S.CANCELLED,
        _E.REPLACE_REJECTED: _S.CANCELLED,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.CANCELLED,
        _E.CORRECT: _S.CANCELLED,
        _E.STATUS_OPEN: _S.CANCELLED,
        _E.STATUS_ENDED: _S.CANCELLED,
    },
    _S.REJECTED: {
        _E.REJECTED: _S.REJECTED,
        _E.CANCEL_REJECTED: _S.REJECTED,
        _E.TOO_LATE: _S.REJECTED,
        _E.REPLACE_REJECTED: _S.REJECTED,
        _E.STATUS_ENDED: _S.REJECTED,
    },
    _S.EXPIRED: {
        _E.ACCEPTED: _S.EXPIRED,
        _E.PART_FILL: _S.EXPIRED,
        _E.CANCEL_REJECTED: _S.EXPIRED,
        _E.TOO_LATE: _S.EXPIRED,
        _E.REPLACED: _S.EXPIRED,
        _E.REPLACE_REJECTED: _S.EXPIRED,
        _E.EXPIRED: _S.EXPIRED,
        _E.BUST: _S.EXPIRED,
        _E.CORRECT: _S.EXPIRED,
        _E.STATUS_OPEN: _S.EXPIRED,
        _E.STATUS_ENDED: _S.EXPIRED,
    },
}
"""State, event, next state: every row that is legal."""

NEXT: Final[list[list[OrderState | None]]] = [
    [TABLE[state].get(event) for event in OrderEvent] for state in OrderState
]
"""The same by two indices, None where nothing is legal: what the hot path reads."""
