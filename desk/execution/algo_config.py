"""How a wish is worked over time, as it is told before the desk starts."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from desk.execution.auction import AuctionRule
from desk.execution.schedules.adaptive import AdaptiveRule
from desk.execution.schedules.participation import PovConfig
from desk.execution.schedules.slippage_filter import LevelParams, OffsetRule
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError

AlgoName = Literal["immediate", "passive", "twap", "vwap", "pov", "is", "auction"]

SLICES_MAX = 1_000


class ScheduleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a parent is spread over time, and how its orders are chosen.

    Attributes:
        over_ns: How long a parent takes.
        slices: In how many pieces; `pov` looks so often for a share to release.
        daily_volume_lots: An average day's volume, against which a parent's size is told.
        jitter_key: Of the draws; who knows it knows them all.
        jitter_time_ppm: How much of a slice's stretch its time may move into.
        jitter_size_ppm: How much of its lots a slice may gain or lose.
        urgency_ppm: κT of `is`, in millionths; 0 is TWAP.
        adaptive: Of `is`: each slice follows volatility and volume as they are then, within bounds.
        day_ns: Length of the day that a volume curve repeats after.
        open_ns: When in a day the curve's first bucket begins.
        bucket_ns: Length of a bucket of the curve.
        curve: Relative volume of each bucket, for `vwap`.
        pov: Of `pov`.
        auction: Of `auction`: which part goes there, and how the rest is worked.
        slippage: Variances of the filter that moves the limits of orders that cross; without, the
            table's own offsets stand.
        offset: How that filter's level becomes an offset.
        pegs: Whether the venue takes midpoint pegs; without, the table's rule for them is left out.
        requote_wait_ns: Shortest time between two moves of an order.
        messages_max: New orders and moves in one window; cancels are never held back.
        messages_window_ns: Length of that window.
        replace_ppm: A target that moves by more than this share of its parent is a new parent, with all
            its time; a smaller move changes what is left of it.
        ask_share_ppm: From this share of the volume traded since the parent began, the gate is asked
            once more before an order leaves; 0 for never.
    """

    over_ns: int
    daily_volume_lots: int
    slices: int = 20
    jitter_key: int = 0
    jitter_time_ppm: int = 0
    jitter_size_ppm: int = 0
    urgency_ppm: int = PPM
    adaptive: AdaptiveRule | UnsetType = UNSET
    day_ns: int = 86_400_000_000_000
    open_ns: int = 0
    bucket_ns: int = 0
    curve: tuple[int, ...] = ()
    pov: PovConfig | UnsetType = UNSET
    auction: AuctionRule | UnsetType = UNSET
    slippage: LevelParams | UnsetType = UNSET
    offset: OffsetRule = OffsetRule()
    pegs: bool = False
    requote_wait_ns: int = 0
    messages_max: int = 20
    messages_window_ns: int = 1_000_000_000
    replace_ppm: int = 250_000
    ask_share_ppm: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("over_ns", 1, 1 << 60),
            ("daily_volume_lots", 1, QTY_LOTS_MAX),
            ("slices", 1, min(SLICES_MAX, max(self.over_ns, 1))),
            ("jitter_key", 0, (1 << 63) - 1),
            ("jitter_time_ppm", 0, PPM),
            ("jitter_size_ppm", 0, PPM),
            ("urgency_ppm", 0, 100 * PPM),
            ("day_ns", 1, 1 << 60),
            ("open_ns", 0, self.day_ns - 1),
            ("bucket_ns", 0, self.day_ns),
            ("requote_wait_ns", 0, 1 << 60),
            ("messages_max", 1, 1_000_000),
            ("messages_window_ns", 1, 1 << 60),
            ("replace_ppm", 0, 1_000 * PPM),
            ("ask_share_ppm", 0, PPM),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is {low} to {high}")
        if any(share < 1 for share in self.curve):
            raise InputError(f"curve is {self.curve}, allowed are shares of 1 or more")
        if bool(self.curve) is not bool(self.bucket_ns):
            raise InputError("found one of curve and bucket, allowed are both or neither")


def check_algo(algo: AlgoName | UnsetType, told: ScheduleConfig | UnsetType) -> None:
    """Hold an algorithm and its schedule to each other.

    Raises:
        InputError: One needs the other, or something of it.
    """
    plain = algo is UNSET or algo in ("immediate", "passive")
    if plain:
        if told is not UNSET:
            raise InputError(
                "found a schedule without algo, allowed is twap, vwap, pov, is or auction"
            )
        return
    if told is UNSET:
        raise InputError(f"algo {algo!r}: found no schedule, which it needs")
    if algo == "auction" and told.auction is UNSET:
        raise InputError("algo 'auction': found no auction, which it needs")
    if algo != "auction" and told.auction is not UNSET:
        raise InputError(f"algo {algo!r}: found auction, allowed is with 'auction'")
    worked = algo if told.auction is UNSET else told.auction.rest
    if worked == "vwap" and not told.curve:
        raise InputError("algo 'vwap': found no curve, which it needs")
    if told.adaptive is not UNSET and worked != "is":
        raise InputError(f"algo {worked!r}: found adaptive, allowed is with 'is'")
    if worked == "pov" and told.pov is UNSET:
        raise InputError("algo 'pov': found no pov, which it needs")
