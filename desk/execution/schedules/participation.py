"""POV: a fixed share of what the market trades, never more of it, and catching up within bounds.

Model: with M the lots that others have traded since the parent began, a share r of all volume
means own lots of at most

    x = r · M / (1 − r),      so that x / (x + M) = r.

What is due is x less what was bought and what is still at work. Orders that miss leave the parent
behind; what it then sends at once is at most a share c > r of the volume since it last sent, so
it catches up without a burst, and volume of which nothing came is not forgotten.

Invariants: as long as no more fills than was released, own lots are never above r of all volume;
each release is at most c of the volume since the one before; no release is above what is left.
"""

import msgspec

from market.decisions import PPM
from market.errors import InputError


class PovConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a parent takes part.

    Attributes:
        rate_ppm: r, own share of all volume.
        catch_up_ppm: c, largest share of the volume since the last release; at least r.
        release_lots_min: Smaller amounts wait, unless nothing more is left.
        release_lots_max: Largest amount at once; 0 for no bound.
    """

    rate_ppm: int
    catch_up_ppm: int
    release_lots_min: int = 1
    release_lots_max: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.rate_ppm < PPM:
            raise InputError(f"pov.rate_ppm is {self.rate_ppm}, allowed is 1 to {PPM - 1}")
        if not self.rate_ppm <= self.catch_up_ppm < PPM:
            raise InputError(
                f"pov.catch_up_ppm is {self.catch_up_ppm}, "
                f"allowed is {self.rate_ppm} (the rate) to {PPM - 1}"
            )
        if self.release_lots_min < 1:
            raise InputError(
                f"pov.release_lots_min is {self.release_lots_min}, allowed is 1 or more"
            )
        if self.release_lots_max and self.release_lots_max < self.release_lots_min:
            raise InputError(
                f"pov.release_lots_max is {self.release_lots_max}, "
                f"allowed is 0 or {self.release_lots_min} and more"
            )


class PovData(msgspec.Struct):
    """What one parent remembers.

    Attributes:
        others_lots: Traded by others since it began.
        own_lots: Filled of its own.
        released_at_lots: What `others_lots` was at the last release.
    """

    others_lots: int = 0
    own_lots: int = 0
    released_at_lots: int = 0


def on_volume(data: PovData, lots: int) -> None:
    """Others have traded."""
    assert lots >= 0
    data.others_lots += lots


def on_own_fill(data: PovData, lots: int) -> None:
    """Own lots have been filled."""
    assert lots >= 0
    data.own_lots += lots


def on_release(data: PovData) -> None:
    """What was due has been sent."""
    data.released_at_lots = data.others_lots


def target_lots(data: PovData, config: PovConfig) -> int:
    """Own lots that the volume so far allows, rounded down."""
    return _share_lots(data.others_lots, config.rate_ppm)


def release_lots(data: PovData, config: PovConfig, left_lots: int, working_lots: int) -> int:
    """Lots to send now; 0 to wait.

    Args:
        data: Of the parent.
        config: How it takes part.
        left_lots: Of the parent, not filled yet.
        working_lots: Sent and still able to fill.
    """
    assert 0 <= working_lots <= left_lots
    free_lots = left_lots - working_lots
    lots = min(target_lots(data, config) - data.own_lots - working_lots, free_lots)
    fresh_lots = data.others_lots - data.released_at_lots
    lots = min(lots, _share_lots(fresh_lots, config.catch_up_ppm))
    if config.release_lots_max:
        lots = min(lots, config.release_lots_max)
    if lots < config.release_lots_min and lots < free_lots:
        return 0
    return max(lots, 0)


def behind_lots(data: PovData, config: PovConfig, total_lots: int) -> int:
    """How far own fills lie below what the volume allowed, of the parent's whole quantity."""
    return max(min(target_lots(data, config), total_lots) - data.own_lots, 0)


def volume_needed_lots(config: PovConfig, left_lots: int) -> int:
    """Volume of others that is needed to finish at the rate: tells whether a parent can."""
    return -(-left_lots * (PPM - config.rate_ppm) // config.rate_ppm)


def _share_lots(others_lots: int, share_ppm: int) -> int:
    return others_lots * share_ppm // (PPM - share_ppm)
