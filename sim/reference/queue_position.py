"""Where an own order stands in a queue whose orders have no identity: a guess, and how it changes.

Model: `ahead` is the historical lots believed to be in front of it. Prints at its price take from
it, because the oldest trade first. Lots that left the level without a print were cancelled, some
in front of us and some behind; the queue model says how many of each.
"""

import math

from market.codes import Depth, QueueModel
from market.portable import log
from sim.reference.state import Order, State


def begin(state: State, order: Order) -> None:
    """An own limit order, still in no queue, comes to rest behind all that its price shows."""
    if state.depth < Depth.L3:
        order.ahead = state.shown(order.side, order.price_ticks)
        order.traded = 0


def revise(order: Order, before: int, after: int, model: QueueModel) -> None:
    """The level of an own order showed `before` lots and now shows `after`."""
    front = order.ahead
    back = max(0, before - order.traded - front)
    gone = before - after - order.traded
    if model != QueueModel.RISK_AVERSE and gone > 0 and front + back > 0:
        share = share_in_front(gone, front, back, model)
        order.ahead -= min(order.ahead, share)
        # More cannot have gone from behind us than stood there.
        if gone - share > back:
            order.ahead = max(0, order.ahead - (gone - share - back))
    order.ahead = min(order.ahead, after)
    order.traded = 0


def share_in_front(gone: int, front: int, back: int, model: QueueModel) -> int:
    """How many of the lots that are `gone` without a print are believed to have been in front."""
    front_weight = weight(front, model)
    back_weight = weight(back, model)
    return math.floor(float(gone) * (front_weight / (front_weight + back_weight)))


def weight(lots: int, model: QueueModel) -> float:
    """How strongly a part of the queue draws cancellations; zero lots draw none."""
    x = float(lots)
    return x * x if model == QueueModel.POWER else log(1.0 + x)
