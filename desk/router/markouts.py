"""Mark-outs: where the mid stands some time after an own fill, and whether that was our way.

Model: a fill at price P, h later, has the mark-out side·(mid(fill + h) − P)/P, in billionths of
the price. For a resting fill it begins at the half spread that was earned and falls as the price
moves through it: what is left after a second is what resting there is worth. Means weigh by lots
and forget (`posterior`).

The mid at a moment is the last one known by then. Whoever calls tells each new mid once, in order
of time; fills whose horizon passed before it are judged by the mid that stood until then.

Invariants: a fill is judged once at each horizon, in order; no judgement uses a mid from after
its horizon; when too many wait the oldest is dropped and counted.
"""

from typing import Final

import msgspec

from desk.router.posterior import MeanData, Prior, ShareData, add_mean, add_share
from market.codes import Side

HORIZONS_NS: Final = (10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 60_000_000_000)
TOXIC: Final = 2
"""Index of the horizon by which a fill is called toxic: one second."""

WAITING_MAX: Final = 4_096
PPB: Final = 1_000_000_000


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A fill that has not passed its last horizon."""

    side: Side
    price_x2_ticks: int
    lots: int
    fill_ns: int


class MarkoutData(msgspec.Struct):
    """What is remembered of one venue.

    Attributes:
        mid_x2_ticks: Twice the newest mid; 0 while there is none.
        waiting: Fills, in the order of their times.
        judged: By horizon, how many of those were judged at it.
        means: By horizon.
        toxic: Hits are fills with a loss after a second.
        dropped: Fills that were not judged to the end.
    """

    mid_x2_ticks: int = 0
    waiting: list[Waiting] = []
    judged: list[int] = msgspec.field(default_factory=lambda: [0] * len(HORIZONS_NS))
    means: list[MeanData] = msgspec.field(default_factory=lambda: [MeanData() for _ in HORIZONS_NS])
    toxic: ShareData = msgspec.field(default_factory=ShareData)
    dropped: int = 0


def on_fill(data: MarkoutData, now_ns: int, side: Side, price_ticks: int, lots: int) -> None:
    """An own resting order was filled.

    Args:
        data: Changed in place.
        now_ns: When, not before any earlier fill.
        side: Of the order.
        price_ticks: Of the fill, above 0.
        lots: How many.
    """
    assert price_ticks > 0
    assert lots > 0
    assert not data.waiting or data.waiting[-1].fill_ns <= now_ns
    if len(data.waiting) == WAITING_MAX:
        _forget(data, 1)
        data.dropped += 1
    data.waiting.append(Waiting(side, 2 * price_ticks, lots, now_ns))


def on_mid(data: MarkoutData, prior: Prior, now_ns: int, mid_x2_ticks: int) -> bool:
    """A new mid is known: what fell due before it is judged by the old one.

    Returns:
        Whether anything was judged.
    """
    assert mid_x2_ticks > 0
    before = settle(data, prior, now_ns - 1)
    data.mid_x2_ticks = mid_x2_ticks
    return settle(data, prior, now_ns) or before


def settle(data: MarkoutData, prior: Prior, until_ns: int) -> bool:
    """Judge what falls due until a moment by the mid as it stands; without a mid nothing is.

    Returns:
        Whether anything was judged.
    """
    waiting, judged = data.waiting, False
    if data.mid_x2_ticks == 0 or not waiting:
        return False
    for horizon, horizon_ns in enumerate(HORIZONS_NS):
        place = data.judged[horizon]
        while place < len(waiting) and waiting[place].fill_ns + horizon_ns <= until_ns:
            _judge(data, prior, waiting[place], horizon)
            place, judged = place + 1, True
        data.judged[horizon] = place
    # The last horizon is the longest: what has passed it has passed all of them.
    _forget(data, data.judged[-1])
    return judged


def _judge(data: MarkoutData, prior: Prior, fill: Waiting, horizon: int) -> None:
    value_ppb = markout_ppb(fill.side, fill.price_x2_ticks, data.mid_x2_ticks)
    add_mean(data.means[horizon], prior, value_ppb, fill.lots)
    if horizon == TOXIC:
        add_share(data.toxic, prior, int(value_ppb < 0), 1)


def _forget(data: MarkoutData, count: int) -> None:
    """The oldest fills are no longer waited for."""
    if count:
        del data.waiting[:count]
        data.judged = [max(place - count, 0) for place in data.judged]


def markout_ppb(side: Side, price_x2_ticks: int, mid_x2_ticks: int) -> int:
    """How far the mid stands from a price, our way positive; rounded towards zero."""
    gain = side.sign * (mid_x2_ticks - price_x2_ticks)
    size = abs(gain) * PPB // price_x2_ticks
    return size if gain >= 0 else -size
