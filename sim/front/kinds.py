"""Kinds of order: what an order carries, which prices it has, and what a venue takes of it."""

from dataclasses import dataclass
from typing import Final

from market.codes import OrderType, PostOnly, TimeInForce
from market.columns import PRICE_TICKS_MAX
from market.messages import NO_PRICE, Submit, Terms
from market.refusals import ALL_TERMS, OrderTerm

NO_TERMS: Final = Terms()
_PRICED: Final = (
    OrderType.LIMIT,
    OrderType.STOP_LIMIT,
    OrderType.PEG_PRIMARY,
    OrderType.PEG_MIDPOINT,
    OrderType.PEG_MARKET,
)
_STOPPED: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.STRIKE_MATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Kinds of order that are taken."""

    types: tuple[OrderType, ...] = (OrderType.LIMIT, OrderType.MARKET)
    tifs: tuple[TimeInForce, ...] = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    terms: OrderTerm = OrderTerm.POST_REJECT

    def takes(self, submit: Submit) -> bool:
        """Whether such an order is taken."""
        fits = submit.order_type in self.types and submit.tif in self.tifs
        return fits and not terms_of(submit) & ~self.terms


ANYTHING: Final = Accepted(types=tuple(OrderType), tifs=tuple(TimeInForce), terms=ALL_TERMS)


def limit_of(submit: Submit) -> int | None:
    """The limit of an order, in ticks; None when it has none."""
    if submit.order_type not in _PRICED:
        return None
    is_peg = submit.order_type not in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    return None if is_peg and submit.price_ticks == NO_PRICE else submit.price_ticks


def stop_of(submit: Submit) -> int | None:
    """The stop of an order, in ticks; None when it has none, or one that only a book can refuse."""
    stop_ticks = (submit.terms or NO_TERMS).stop_ticks
    held = submit.order_type in _STOPPED and abs(stop_ticks) <= PRICE_TICKS_MAX
    return stop_ticks if held else None


def terms_of(submit: Submit) -> OrderTerm:
    """What an order carries beyond type, time in force, price and quantity."""
    terms = submit.terms or NO_TERMS
    carried = {
        OrderTerm.DISPLAY: terms.display_lots != 0,
        OrderTerm.RANDOM_DISPLAY: terms.display_high_lots != 0,
        OrderTerm.HIDDEN: terms.hidden,
        OrderTerm.MIN_QTY: terms.min_qty_lots != 0,
        OrderTerm.ALL_OR_NONE: terms.all_or_none,
        OrderTerm.PEG_OFFSET: terms.peg_offset_ticks != 0,
        OrderTerm.POST_REJECT: submit.post_only or terms.post is PostOnly.REJECT,
        OrderTerm.POST_SLIDE: terms.post is PostOnly.SLIDE,
        OrderTerm.SELF_TRADE: terms.self_trade is not None,
        OrderTerm.QUOTE: terms.quote,
    }
    found = OrderTerm(0)
    for term, there in carried.items():
        if there:
            found |= term
    return found
