"""Families of the router's factors, for studies that leave one out at a time."""

from collections.abc import Mapping
from typing import Final

from desk.router import FACTORS

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "price": ("price_edge_ppb", "spread_ppb", "level_gap_ticks", "take_cost_ppb"),
    "fees": ("taker_fee_ppb", "maker_rebate_ppb", "order_fee_ppb", "clearing_ppb"),
    "displayed size": (
        "far_lots",
        "far_depth_lots",
        "far_cover_ppm",
        "near_lots",
        "imbalance_ppm",
    ),
    "queue": ("queue_share_ppm", "queue_wait_ms", "outflow_mlots_s"),
    "volume": ("volume_mlots_s", "volume_share_ppm", "trade_mlots", "flicker_mhz"),
    "fills": (
        "fill_ppm",
        "fill_low_ppm",
        "fill_rate_uhz",
        "fill_time_ms",
        "take_ratio_ppm",
        "rest_value_ppb",
    ),
    "hidden and slippage": ("fade_ppm", "hidden_ppm", "improvement_ppb", "slippage_ppb"),
    "mark-outs": (
        "markout_10ms_ppb",
        "markout_100ms_ppb",
        "markout_1s_ppb",
        "markout_10s_ppb",
        "markout_60s_ppb",
        "toxic_ppm",
        "leak_ppb",
    ),
    "latency": (
        "ack_p50_us",
        "ack_p90_us",
        "ack_p99_us",
        "ack_jitter_us",
        "cancel_p90_us",
        "feed_delay_us",
        "stale_ms",
    ),
    "trouble": (
        "reject_ppm",
        "late_cancel_ppm",
        "silent_ppm",
        "unknown_orders",
        "link_breaks",
        "throttle_room",
        "throttle_use_ppm",
        "halts",
        "health_ppm",
        "auction_ms",
        "resting_lots",
        "parent_share_ppm",
        "opposite_lots",
        "lot_waste_ppm",
    ),
}
"""Every factor is in one family."""

assert sorted(name for names in FAMILIES.values() for name in names) == sorted(
    factor.field for factor in FACTORS
)
