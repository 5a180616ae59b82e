"""From what is known of a venue to its facts: the one place where each factor is computed.

What stands in the market and in the session now comes as `VenueNow`; what own orders have taught
comes as `learning.VenueData`; how it is comes from `health`. Two factors are made of others:

    take cost    fees + slippage − improvement − price edge
    rest value   p·(mark-out after 1 s + rebate) − (1 − p)·(half spread + taker fee)

with p the fill probability. The first compares venues by what a lot costs now, the second by what
it is worth to wait there: filled, it has earned its mark-out and the rebate; not filled, it has
to cross after all.

Limits: prices must be above zero, because money is counted in parts of the price. The rest value
knows nothing of how far the price runs before an unfilled lot crosses; `leak` and the longer
mark-outs have weights of their own for that.
"""

from collections.abc import Mapping

import msgspec

from desk.router.facts import VenueFacts
from desk.router.health import HealthData
from desk.router.learning import Priors, VenueData
from desk.router.markouts import PPB
from desk.router.posterior import (
    mean_of,
    quantile_ns,
    rate_uhz,
    share_low_ppm,
    share_ppm,
    wait_us,
)
from market.codes import Side
from market.decisions import PPM

Learned = Mapping[str, int]
"""Factors that own orders have taught, by name."""


class VenueNow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A venue as market data, fees and session show it, for one parent.

    Attributes:
        side: Of the parent.
        todo_lots: What is to be traded now, above 0.
        parent_lots: The parent's whole quantity, at least `todo_lots`.
        working_lots: Of the parent, at work at this venue already.
        near_ticks: Best price of the own side, above 0.
        far_ticks: Best price of the other side, above 0.
        next_far_ticks: The other side's second price; the best again where there is none.
        best_far_ticks: Best price of the other side at any venue.
        far_lots: Displayed at `far_ticks`.
        far_depth_lots: Displayed on the other side.
        near_lots: Displayed at `near_ticks`, without own lots.
        outflow_mlots_s: Leaving `near_ticks`, in thousandths of a lot a second; 0 while unknown.
        volume_mlots_s: Traded at the venue.
        all_volume_mlots_s: Traded at all venues.
        trade_mlots: Mean size of a trade.
        flicker_mhz: Changes of the best prices, in thousandths a second.
        taker_fee_ppb: Fee for taking.
        maker_rebate_ppb: Rebate for resting.
        clearing_ppb: Clearing of a trade.
        order_fee_ppb: Fee per order, in ppb of one lot's price.
        lot_step: Orders are multiples of so many lots, at least 1.
        feed_delay_us: Age of market data when it arrives.
        stale_ms: Age of the newest content.
        unknown_orders: Own orders of which nobody knows how they stand.
        link_breaks: Losses of the order link today.
        throttle_room: Messages that may be sent now.
        throttle_max: Messages that may be sent when none was.
        auction_ms: To the next auction or the close; a day where there is none.
        halts: Today.
        resting_lots: Own lots resting on the same side.
        opposite_lots: Own lots resting on the other side.
    """

    book_id: int
    side: Side
    todo_lots: int
    parent_lots: int
    working_lots: int = 0
    near_ticks: int
    far_ticks: int
    next_far_ticks: int
    best_far_ticks: int
    far_lots: int
    far_depth_lots: int
    near_lots: int
    outflow_mlots_s: int = 0
    volume_mlots_s: int = 0
    all_volume_mlots_s: int = 0
    trade_mlots: int = 0
    flicker_mhz: int = 0
    taker_fee_ppb: int = 0
    maker_rebate_ppb: int = 0
    clearing_ppb: int = 0
    order_fee_ppb: int = 0
    lot_step: int = 1
    feed_delay_us: int = 0
    stale_ms: int = 0
    unknown_orders: int = 0
    link_breaks: int = 0
    throttle_room: int = 1_000
    throttle_max: int = 1_000
    auction_ms: int = 86_400_000
    halts: int = 0
    resting_lots: int = 0
    opposite_lots: int = 0


def facts_of(now: VenueNow, learned: Learned, health: HealthData) -> VenueFacts:
    """Every factor of a venue."""
    assert min(now.near_ticks, now.far_ticks, now.best_far_ticks, now.todo_lots) > 0
    shown, prices = _shown(now), _prices(now)
    fees_ppb = now.taker_fee_ppb + now.clearing_ppb + prices["order_fee_ppb"]
    slipped_ppb = learned["slippage_ppb"] - learned["improvement_ppb"]
    rest_ppb = rest_value_ppb(
        learned["fill_ppm"],
        learned["markout_1s_ppb"] + now.maker_rebate_ppb,
        prices["spread_ppb"] // 2 + now.taker_fee_ppb,
    )
    return VenueFacts(
        book_id=now.book_id,
        **prices,
        **shown,
        **learned,
        health_ppm=health.weight_ppm,
        rest_value_ppb=rest_ppb,
        take_cost_ppb=fees_ppb + slipped_ppb - prices["price_edge_ppb"],
    )


def _prices(now: VenueNow) -> dict[str, int]:
    """Prices and fees."""
    sign = now.side.sign
    return {
        "price_edge_ppb": _ppb(sign * (now.best_far_ticks - now.far_ticks), now.best_far_ticks),
        "spread_ppb": _ppb(sign * (now.far_ticks - now.near_ticks), now.near_ticks),
        "taker_fee_ppb": now.taker_fee_ppb,
        "maker_rebate_ppb": now.maker_rebate_ppb,
        "order_fee_ppb": now.order_fee_ppb // now.todo_lots,
        "clearing_ppb": now.clearing_ppb,
        "level_gap_ticks": sign * (now.next_far_ticks - now.far_ticks),
        "lot_waste_ppm": _part_ppm(now.todo_lots % now.lot_step, now.todo_lots),
    }


def _shown(now: VenueNow) -> dict[str, int]:
    """What book, flow and session show, and what of one's own is there."""
    return {
        "far_lots": now.far_lots,
        "far_depth_lots": now.far_depth_lots,
        "far_cover_ppm": min(_part_ppm(now.far_lots, now.todo_lots), PPM),
        "near_lots": now.near_lots,
        "queue_share_ppm": _part_ppm(now.near_lots, now.near_lots + now.todo_lots),
        "imbalance_ppm": _signed(now.near_lots - now.far_lots, PPM, now.near_lots + now.far_lots),
        "outflow_mlots_s": now.outflow_mlots_s,
        "queue_wait_ms": _wait_ms(now),
        "volume_mlots_s": now.volume_mlots_s,
        "volume_share_ppm": _part_ppm(now.volume_mlots_s, now.all_volume_mlots_s),
        "trade_mlots": now.trade_mlots,
        "flicker_mhz": now.flicker_mhz,
        "feed_delay_us": now.feed_delay_us,
        "stale_ms": now.stale_ms,
        "unknown_orders": now.unknown_orders,
        "link_breaks": now.link_breaks,
        "throttle_room": now.throttle_room,
        "throttle_use_ppm": PPM - _part_ppm(now.throttle_room, now.throttle_max),
        "auction_ms": now.auction_ms,
        "halts": now.halts,
        "resting_lots": now.resting_lots,
        "parent_share_ppm": _part_ppm(now.working_lots, now.parent_lots),
        "opposite_lots": now.opposite_lots,
    }


def learned_of(data: VenueData, priors: Priors) -> Learned:
    """What own orders have taught, as factors."""
    markouts = [mean_of(mean, priors.money) for mean in data.markouts.means]
    p50_us, p90_us, p99_us = (
        quantile_ns(data.ack, part) // 1_000 for part in (500_000, 900_000, 990_000)
    )
    return {
        "fill_ppm": share_ppm(data.fill, priors.fill),
        "fill_low_ppm": share_low_ppm(data.fill, priors.fill),
        "fill_rate_uhz": rate_uhz(data.fill_rate, priors.fill),
        "fill_time_ms": wait_us(data.fill_rate, priors.fill) // 1_000,
        "take_ratio_ppm": share_ppm(data.take, priors.take),
        "fade_ppm": share_ppm(data.fade, priors.trouble),
        "hidden_ppm": share_ppm(data.hidden, priors.hidden),
        "improvement_ppb": mean_of(data.improvement, priors.money),
        "slippage_ppb": mean_of(data.slippage, priors.money),
        "markout_10ms_ppb": markouts[0],
        "markout_100ms_ppb": markouts[1],
        "markout_1s_ppb": markouts[2],
        "markout_10s_ppb": markouts[3],
        "markout_60s_ppb": markouts[4],
        "toxic_ppm": share_ppm(data.markouts.toxic, priors.money),
        "leak_ppb": mean_of(data.leak, priors.money),
        "ack_p50_us": p50_us,
        "ack_p90_us": p90_us,
        "ack_p99_us": p99_us,
        "ack_jitter_us": p90_us - p50_us,
        "cancel_p90_us": quantile_ns(data.cancel, 900_000) // 1_000,
        "reject_ppm": share_ppm(data.reject, priors.trouble),
        "late_cancel_ppm": share_ppm(data.late_cancel, priors.trouble),
        "silent_ppm": share_ppm(data.silent, priors.trouble),
    }


def rest_value_ppb(fill_ppm: int, filled_ppb: int, missed_ppb: int) -> int:
    """Worth of resting: p·filled − (1 − p)·missed, rounded down.

    Args:
        fill_ppm: p.
        filled_ppb: What a fill is worth, after its mark-out and with its rebate.
        missed_ppb: What crossing costs when it was not filled.
    """
    return (fill_ppm * filled_ppb - (PPM - fill_ppm) * missed_ppb) // PPM


def _wait_ms(now: VenueNow) -> int:
    """Queue over outflow; the longest there is while nothing leaves."""
    if now.outflow_mlots_s:
        return now.near_lots * 1_000_000 // now.outflow_mlots_s
    return 600_000 if now.near_lots else 0


def _ppb(difference_ticks: int, price_ticks: int) -> int:
    return _signed(difference_ticks, PPB, price_ticks)


def _part_ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0


def _signed(value: int, over: int, under: int) -> int:
    """What value × over / under is, towards zero; 0 of nothing."""
    if under == 0:
        return 0
    size = abs(value) * over // under
    return size if value >= 0 else -size
