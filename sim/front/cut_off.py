"""Cut-offs before an auction: from when on its orders are no longer taken, changed or cancelled.

Model: a cut-off counts from when the call that its orders are for is scheduled to be crossed, random
ends apart: ten minutes before it is -10 minutes. From that moment on, included, it is too late. Orders
for a call may be told apart by type, since venues let priced ones in for longer; the first cut-off of a
list that fits an order holds.

An order that works against a published imbalance helps the auction, so some venues take it to the end
(`unless_offsetting`).

Limits: legitimate errors, which some venues let be corrected for a while, are not known here; nor is
the repricing of late limit orders to a reference price.
"""

from typing import Final, NamedTuple

from market.codes import OrderType, Side, TimeInForce
from market.errors import InputError
from market.units import DURATION_NS

AUCTION_TIFS: Final = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE)
"""The times in force whose call is known beforehand, so that a cut-off can be counted from it."""


class CutOff(NamedTuple):
    """When it is too late for the orders of one call.

    Attributes:
        tif: AT_OPEN or AT_CLOSE: which call.
        enter_ns: Entering, from when the call is crossed; None is never too late.
        cancel_ns: Cancelling and replacing, likewise.
        order_type: For orders of this type only; None is for all.
        unless_offsetting: Whether an order against the imbalance may be entered all the same.
    """

    tif: TimeInForce
    enter_ns: int | None
    cancel_ns: int | None
    order_type: OrderType | None = None
    unless_offsetting: bool = False

    def fits(self, order_type: OrderType, tif: TimeInForce) -> bool:
        """Whether it is about such orders."""
        return self.tif is tif and self.order_type in (None, order_type)


def check_cut_offs(cut_offs: tuple[CutOff, ...]) -> None:
    """Refuse what no order could fall under.

    Raises:
        InputError: A cut-off is for a time in force without a known call, or after one that hides it.
    """
    for place, cut_off in enumerate(cut_offs):
        if cut_off.tif not in AUCTION_TIFS:
            raise InputError(
                f"cut-off: found {cut_off.tif.name}, allowed is AT_OPEN or AT_CLOSE, whose call is known"
            )
        for before in cut_offs[:place]:
            if before.tif is cut_off.tif and before.order_type in (None, cut_off.order_type):
                raise InputError(
                    f"cut-off: found a second one for {cut_off.tif.name}, "
                    "allowed are several when each is for a type that none before it covers"
                )


def too_late_since(
    cut_off: CutOff | None, cross_ns: int | None, *, entering: bool, imbalance: Side | None = None,
    side: Side | None = None,
) -> int | None:  # fmt: skip
    """From when on it is too late; None when it never is.

    Args:
        cut_off: The one that fits the order, if there is one.
        cross_ns: When the call is scheduled to be crossed; None when no call is known.
        entering: Whether an order is to be entered, and not to be changed or cancelled.
        imbalance: The side of which too much is there, as published.
        side: Of the order.
    """
    if cut_off is None or cross_ns is None:
        return None
    offset_ns = cut_off.enter_ns if entering else cut_off.cancel_ns
    offsets = imbalance is not None and side is not None and side is imbalance.other
    if offset_ns is None or (entering and cut_off.unless_offsetting and offsets):
        return None
    return cross_ns + offset_ns


_MINUTE_NS: Final = DURATION_NS["m"]

NYSE_CLOSE: Final = (
    CutOff(TimeInForce.AT_CLOSE, -10 * _MINUTE_NS, -10 * _MINUTE_NS, unless_offsetting=True),
)
"""15:50 for a close at 16:00: entering but against the imbalance, and any change (rule 7.35B, 2022)."""

NASDAQ_CLOSE: Final = (
    CutOff(TimeInForce.AT_CLOSE, -5 * _MINUTE_NS, -10 * _MINUTE_NS, OrderType.MARKET),
    CutOff(TimeInForce.AT_CLOSE, -2 * _MINUTE_NS, -10 * _MINUTE_NS),
)
"""15:55 for market and 15:58 for limit orders, changes until 15:50 (rule 4702(b), from late 2018)."""

NASDAQ_OPEN: Final = (CutOff(TimeInForce.AT_OPEN, -2 * _MINUTE_NS, -2 * _MINUTE_NS),)
"""9:28 for an open at 9:30."""
