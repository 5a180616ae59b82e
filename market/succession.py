"""What a desk is told when it goes on in the place of another one of the same number."""

import msgspec

from market.codes import OrderType, Side, TimeInForce


class Promoted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """From now on this desk speaks, in the place of one that may have said more than is known here.

    Attributes:
        epoch: Under which it speaks.
        sequence: Order ids go on behind this one, so that none can be used twice.
    """

    epoch: int
    sequence: int


class Adopted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """An order at the venue that bears this desk's number, and that this desk has not heard of.

    It is as it was submitted; what has become of it, its reports say.
    """

    book_id: int
    order_id: int
    side: Side
    price_ticks: int
    qty_lots: int
    order_type: OrderType = OrderType.LIMIT
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
