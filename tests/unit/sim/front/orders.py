"""Orders and situations that the tests of a venue's front begin with."""

from typing import Any

from market.codes import OrderType, Phase, Side, TimeInForce
from market.instruments import Instrument
from market.messages import Replace, Submit, Terms
from sim.front import Admission, Situation

SHARE = Instrument(
    symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=1
)
NOW = Situation(now_ns=1_000, phase=Phase.CONTINUOUS)


def order(
    *,
    order_id: int = 1,
    book_id: int = 0,
    side: Side = Side.BUY,
    price_ticks: int = 100_000,
    qty_lots: int = 100,
    order_type: OrderType = OrderType.LIMIT,
    tif: TimeInForce = TimeInForce.GTC,
    post_only: bool = False,
    **terms: Any,
) -> Submit:
    """A buy of 100 at 10 dollars, unless it is told otherwise."""
    return Submit(
        book_id=book_id,
        order_id=order_id,
        side=side,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        order_type=order_type,
        tif=tif,
        post_only=post_only,
        terms=Terms(**terms) if terms else None,
    )


def rules(**changed: Any) -> Admission:
    """The rules of a book of shares that takes everything, unless it is told otherwise."""
    return Admission(instrument=SHARE, **changed)


MINUTE_NS = 60_000_000_000
CLOSE_NS = 1_000 * MINUTE_NS


def before_close(minutes: int, **changed: Any) -> Situation:
    """So many minutes before the closing call is crossed."""
    return NOW._replace(now_ns=CLOSE_NS - minutes * MINUTE_NS, close_cross_ns=CLOSE_NS, **changed)


def replaced(price_ticks: int, qty_lots: int) -> Replace:
    """A replace of the first order."""
    return Replace(book_id=0, order_id=1, price_ticks=price_ticks, qty_lots=qty_lots)
