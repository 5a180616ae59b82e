"""Facts: one venue in figures, a field for each row of the table of factors.

What each field means, in which unit, is told in `factors.FACTORS` and nowhere else; a test holds
the two equal. A figure that is not known is 0, which most priors make true (nothing was refused
yet, nothing was filled yet); what must be known before a venue may be used at all is for
`scores.Blocked`.
"""

import msgspec


class VenueFacts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Every factor of one venue; see `factors.FACTORS`.

    Attributes:
        book_id: The venue's book of the instrument.
    """

    book_id: int
    price_edge_ppb: int = 0
    spread_ppb: int = 0
    taker_fee_ppb: int = 0
    maker_rebate_ppb: int = 0
    order_fee_ppb: int = 0
    clearing_ppb: int = 0
    far_lots: int = 0
    far_depth_lots: int = 0
    far_cover_ppm: int = 0
    near_lots: int = 0
    queue_share_ppm: int = 0
    imbalance_ppm: int = 0
    level_gap_ticks: int = 0
    outflow_mlots_s: int = 0
    queue_wait_ms: int = 0
    volume_mlots_s: int = 0
    volume_share_ppm: int = 0
    trade_mlots: int = 0
    flicker_mhz: int = 0
    fill_ppm: int = 0
    fill_low_ppm: int = 0
    fill_rate_uhz: int = 0
    fill_time_ms: int = 0
    take_ratio_ppm: int = 0
    fade_ppm: int = 0
    hidden_ppm: int = 0
    improvement_ppb: int = 0
    slippage_ppb: int = 0
    markout_10ms_ppb: int = 0
    markout_100ms_ppb: int = 0
    markout_1s_ppb: int = 0
    markout_10s_ppb: int = 0
    markout_60s_ppb: int = 0
    toxic_ppm: int = 0
    leak_ppb: int = 0
    ack_p50_us: int = 0
    ack_p90_us: int = 0
    ack_p99_us: int = 0
    ack_jitter_us: int = 0
    cancel_p90_us: int = 0
    feed_delay_us: int = 0
    stale_ms: int = 0
    reject_ppm: int = 0
    late_cancel_ppm: int = 0
    silent_ppm: int = 0
    unknown_orders: int = 0
    link_breaks: int = 0
    throttle_room: int = 0
    throttle_use_ppm: int = 0
    auction_ms: int = 0
    halts: int = 0
    resting_lots: int = 0
    parent_share_ppm: int = 0
    opposite_lots: int = 0
    lot_waste_ppm: int = 0
    health_ppm: int = 0
    rest_value_ppb: int = 0
    take_cost_ppb: int = 0
