"""Whether the books of a desk have the auction that a part of its parents is meant for.

Model: asked before a run begins, of the venue's preset. A book without rules has no phases; a venue that
has rules may not take such orders, or may have no such call in its day. Of a book whose phases the tape
sets, the tape alone knows. Whether a run lasts until the call is not asked: an order that has not traded at
its end has done nothing.
"""

from collections.abc import Sequence, Set

from msgspec import UNSET

from desk.config import DeskConfig
from desk.execution.auction import AuctionRule
from market.codes import OrderType, Phase
from market.errors import InputError
from market.instruments import Instrument
from scenarios.stack import name_of
from scenarios.venue_plan import VenuePlan


def check_auctions(
    config: DeskConfig,
    plans: Sequence[VenuePlan],
    instruments: Sequence[Instrument],
    by_tape: Set[int],
) -> None:
    """Hold the auctions of a desk's strategies to the venues of their books.

    Args:
        config: Of the desk.
        plans: Venues with a preset.
        instruments: By book.
        by_tape: Books whose phases the tape sets.

    Raises:
        InputError: A book has no such auction, or does not take such an order.
    """
    venues = {book_id: plan for plan in plans for book_id in plan.books}
    for strategy in config.strategies:
        schedule = strategy.execution.schedule
        if schedule is UNSET or schedule.auction is UNSET:
            continue
        for book_id in strategy.books:
            plan = venues.get(book_id)
            wrong = (
                "a book without rules, which has no auction"
                if plan is None
                else _wrong(schedule.auction, plan, book_id in by_tape)
            )
            if wrong:
                raise InputError(
                    f"strategy {strategy.name!r}: found algo 'auction' in "
                    f"{name_of(instruments[book_id])}, {wrong}; "
                    "allowed is a book of [[venues]] with such an auction"
                )


def _wrong(rule: AuctionRule, plan: VenuePlan, by_tape: bool) -> str:
    """What a venue lacks; empty when nothing."""
    accepted, name = plan.preset.admission.accepted, plan.preset.name
    order_type = OrderType.MARKET if rule.limit_ticks is UNSET else OrderType.LIMIT
    if rule.tif not in accepted.tifs:
        return f"and {name} takes no {rule.tif.name.lower()} orders"
    if order_type not in accepted.types:
        return f"and {name} takes no {order_type.name.lower()} orders"
    steps = [step for one in plan.preset.schedule for step in one.steps]
    calls = {step.phase for step in steps if step.phase.is_call}
    fitting = calls if rule.at == "next" else calls & {Phase.CLOSING_CALL}
    if by_tape or fitting:
        return ""
    return f"and the day of {name} has no {'call' if rule.at == 'next' else 'closing call'}"
