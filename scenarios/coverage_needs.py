"""What a run without a fault cannot reach, each with the reason: what `twin coverage` does not ask for.

Model: a link keeps the order of what it carries, in both directions, and a venue answers in the order
in which it was asked. So an order is heard of in the order of what befell it, and every row of the order
machine that takes an answer out of turn needs an answer that was lost, or came from elsewhere. The rows
that need none are written down one by one (`PLAIN`); a test holds that runs without faults take no other.

Limits: a scenario can make wires, sessions and hosts fail; it cannot speak as a person, bust a fill, or
plant a mistake in a desk. Those are driven by the tests that each reason names.
"""

from typing import Final

from desk.gate.codes import VetoCode
from desk.limits import CEILINGS, LimitCode
from desk.orders.table import OrderEvent, OrderState
from market.codes import OrderType, TimeInForce
from scenarios.journal_watch import Step

_S, _E = OrderState, OrderEvent

LINK: Final = "a lost link"
OUT_OF_TURN: Final = "an answer that was lost or came out of turn"
STAFF: Final = (
    "the venue's staff, who bust or correct a fill (tests/property/test_order_machine.py)"
)
PERSON: Final = "a person's word (tests/unit/desk/test_desk_pipeline.py)"
WRONG_LIMIT: Final = "a limit that was set wrong while the desk ran (fault O-03)"
MISTAKE: Final = "a mistake in the desk (tests/unit/desk/test_limits.py)"
CROSSED: Final = "a tape or a feed that shows a locked or crossed book"
BETWEEN_TICKS: Final = "a venue whose midpoint fills lie on ticks: a desk books whole ticks alone"

UNASKED: Final = "an end that nobody asked for: a lost session, or a venue that cancels on its own"
DAY_ORDER: Final = "an order for the day, which a desk sends as a peg alone"

UNUSUAL: Final[dict[Step, str]] = {
    (int(_S.LIVE), int(_E.CANCELLED)): UNASKED,
    (int(_S.PENDING_REPLACE), int(_E.CANCELLED)): UNASKED,
    (int(_S.CANCELLED), int(_E.TOO_LATE)): UNASKED,
    (int(_S.PENDING_REPLACE), int(_E.EXPIRED)): DAY_ORDER,
}
"""Rows that come in order, but not by themselves."""

PLAIN: Final[frozenset[Step]] = frozenset(
    (int(state), int(event))
    for state, events in {
        _S.PENDING_NEW: (_E.CANCEL_SENT, _E.ACCEPTED, _E.REJECTED),
        _S.LIVE: (
            _E.CANCEL_SENT,
            _E.REPLACE_SENT,
            _E.PART_FILL,
            _E.LAST_FILL,
            _E.EXPIRED,
            _E.STATUS_OPEN,
        ),
        _S.PENDING_CANCEL: (
            _E.ACCEPTED,
            _E.REJECTED,
            _E.PART_FILL,
            _E.LAST_FILL,
            _E.CANCELLED,
            _E.CANCEL_REJECTED,
            _E.REPLACED,
            _E.REPLACE_REJECTED,
            _E.EXPIRED,
        ),
        _S.PENDING_REPLACE: (
            _E.CANCEL_SENT,
            _E.PART_FILL,
            _E.LAST_FILL,
            _E.REPLACED,
            _E.REPLACE_REJECTED,
        ),
        _S.FILLED: (_E.TOO_LATE, _E.STATUS_ENDED),
        _S.CANCELLED: (_E.STATUS_ENDED,),
        _S.REJECTED: (_E.TOO_LATE, _E.STATUS_ENDED),
        _S.EXPIRED: (_E.TOO_LATE, _E.STATUS_ENDED),
    }.items()
    for event in events
)
"""Rows that links in order, and a venue without a fault, can bring about."""


def step_needs(step: Step) -> str:
    """What a row of the order machine needs; empty when it needs nothing."""
    state, event = step
    if event == _E.LINK_LOST or state == _S.UNKNOWN:
        return LINK
    if event in (_E.BUST, _E.CORRECT):
        return STAFF
    if step in PLAIN:
        return ""
    return UNUSUAL.get(step, OUT_OF_TURN)


VETO_NEEDS: Final[dict[VetoCode, str]] = {
    VetoCode.STRATEGY_PAUSED: PERSON,
    VetoCode.DISCONNECTED: LINK,
    VetoCode.UNKNOWN_ORDERS: LINK,
    VetoCode.CROSSED: CROSSED,
}

REFUSAL_NEEDS: Final[dict[LimitCode, str]] = {
    LimitCode.DUPLICATE_ORDER: MISTAKE,
    LimitCode.UNKNOWN_ORDER: MISTAKE,
    **dict.fromkeys(CEILINGS, WRONG_LIMIT),
}

KIND_NEEDS: Final[dict[tuple[OrderType, TimeInForce, bool], str]] = {
    (OrderType.PEG_MIDPOINT, TimeInForce.DAY, False): BETWEEN_TICKS,
}
