"""Orders: every order that this desk has sent, and what may still come of it.

`table` says which states an order can be in and what may happen there; `order` is the data; `lots`
counts; `machine` holds them all together. Nothing here knows prices, limits or money.
"""

from desk.orders.machine import KEEP_ENDED, Orders
from desk.orders.order import Anomaly, Fill, Order, OrdersData, Outcome
from desk.orders.table import TABLE, OrderEvent, OrderState

__all__ = [
    "KEEP_ENDED",
    "TABLE",
    "Anomaly",
    "Fill",
    "Order",
    "OrderEvent",
    "OrderState",
    "Orders",
    "OrdersData",
    "Outcome",
]
