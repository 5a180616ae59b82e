"""Weights: what one unit of each factor is worth, as data.

A weight is millionths of a ppb per unit of its factor, never negative; whether more of a factor
speaks for or against a venue is the table's matter, not the weight's. A factor without a weight
is shown and does not count. So a score is a sum of money: all of it in ppb of the price, times a
million.

`TAKE` and `REST` are starting points: what costs or earns money counts as that money; what does
not (latency, refusals, queues) has a price that somebody has to believe in, and a desk should put
in its own from its own trading costs. Each states what it says in basis points.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from desk.router.factors import FACTORS, RouterFactor
from market.errors import InputError

PART_MAX: Final = 1 << 55
"""Largest part of a score that one factor can be; all together fit the journal's 64 bits."""

ONE_PPB: Final = 1_000_000
FIELDS: Final = {factor.field: factor for factor in RouterFactor}


class Weights(msgspec.Struct, frozen=True):
    """A weight for each factor, in the order of `RouterFactor`."""

    values: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(FACTORS):
            raise InputError(
                f"router weights: found {len(self.values)} weights, allowed are {len(FACTORS)}"
            )
        for factor, weight in zip(FACTORS, self.values, strict=True):
            row = FACTORS[factor]
            most = PART_MAX // max(abs(row.low), abs(row.high))
            if not 0 <= weight <= most:
                raise InputError(
                    f"router weights: {factor.field} is {weight}, allowed is 0 to {most}"
                )


def weights_of(named: Mapping[str, int]) -> Weights:
    """Weights by the names of factors; what is not named counts nothing.

    Raises:
        InputError: A name is not a factor, or a weight is out of its range.
    """
    for name in named:
        if name not in FIELDS:
            raise InputError(
                f"router weights: found {name!r}, allowed are {', '.join(sorted(FIELDS))}"
            )
    return Weights(tuple(named.get(factor.field, 0) for factor in RouterFactor))


TROUBLE: Final = {
    # A venue that refuses everything is a basis point worse, one that is silent two.
    "reject_ppm": 100_000,
    "silent_ppm": 200_000,
    "unknown_orders": 5_000 * ONE_PPB,
    "link_breaks": 500 * ONE_PPB,
    "halts": 500 * ONE_PPB,
    "stale_ms": 10 * ONE_PPB,
    "throttle_use_ppm": 5_000,
    "health_ppm": 50_000,
}
"""Trouble costs the same whether one takes or rests."""

TAKE: Final = weights_of(
    {
        **TROUBLE,
        "take_cost_ppb": ONE_PPB,
        "far_cover_ppm": 20_000,
        "take_ratio_ppm": 20_000,
        "fade_ppm": 20_000,
        "hidden_ppm": 5_000,
        "ack_p90_us": ONE_PPB,
        "ack_jitter_us": ONE_PPB // 2,
        "feed_delay_us": ONE_PPB // 2,
        "lot_waste_ppm": 10_000,
        "level_gap_ticks": 10 * ONE_PPB,
    }
)

REST: Final = weights_of(
    {
        **TROUBLE,
        "rest_value_ppb": ONE_PPB,
        "fill_low_ppm": 20_000,
        "queue_wait_ms": ONE_PPB,
        "queue_share_ppm": 2_000,
        "imbalance_ppm": 2_000,
        "markout_10s_ppb": ONE_PPB // 10,
        "markout_60s_ppb": ONE_PPB // 20,
        "toxic_ppm": 20_000,
        "leak_ppb": ONE_PPB // 2,
        "late_cancel_ppm": 20_000,
        "cancel_p90_us": ONE_PPB,
        "flicker_mhz": 1_000,
        "auction_ms": 5_000,
        "parent_share_ppm": 10_000,
        "lot_waste_ppm": 10_000,
        "volume_share_ppm": 5_000,
    }
)
