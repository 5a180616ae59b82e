"""Capacity: how much a market can take, as caps on a size.

Model, each cap on its own:

    DAILY_VOLUME    a share of an average day's volume
    DEPTH           a share of what is displayed on the side that would be traded against
    PARTICIPATION   a share of what will be traded over the position's horizon
    IMPACT          the size that earns most when impact follows the square-root law: with an
                    edge α and an impact of Y·σ·√(Q/V), a size Q earns Q·(α − Y·σ·√(Q/V)), most
                    of it at Q = V·(2α / 3Yσ)², and nothing from V·(α / Yσ)² on

A share of 0 switches a cap off; a figure that is unknown (0) under a cap that is on allows
nothing.

Sources: Tóth et al. 2011, Phys. Rev. X 1, 021006, and Sato and Kanazawa 2024 (arXiv 2411.13965),
for the square-root law and Y near 1.
"""

import msgspec

from desk.sizing_models.factor import FIGURE_MAX, Cap, CapKind
from market.decisions import PPM
from market.errors import InputError


class CapacityLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of a market that a size may take; 0 switches a cap off.

    Attributes:
        daily_volume_ppm: Of an average day's volume.
        depth_ppm: Of the displayed depth.
        participation_ppm: Of the volume expected over the horizon.
        impact_ppm: Y of the square-root law, one in most measurements.
    """

    daily_volume_ppm: int = 0
    depth_ppm: int = 0
    participation_ppm: int = 0
    impact_ppm: int = 0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            top_ppm = 100 * PPM if name in ("impact_ppm", "depth_ppm") else PPM
            if not 0 <= getattr(self, name) <= top_ppm:
                raise InputError(
                    f"capacity.{name} is {getattr(self, name)}, allowed is 0 to {top_ppm}"
                )


def best_lots(volume_lots: int, edge_ppm: int, volatility_ppm: int, impact_ppm: int) -> int:
    """The size that earns most under the square-root law, rounded down.

    Args:
        volume_lots: V, an average day's volume.
        edge_ppm: α, what is expected to be earned per unit of value before impact; at least 0.
        volatility_ppm: σ of a day.
        impact_ppm: Y.
    """
    return _square_root_lots(volume_lots, 2 * edge_ppm, 3 * volatility_ppm, impact_ppm)


def break_even_lots(volume_lots: int, edge_ppm: int, volatility_ppm: int, impact_ppm: int) -> int:
    """The size whose impact eats all of its edge, rounded down; arguments as of `best_lots`."""
    return _square_root_lots(volume_lots, edge_ppm, volatility_ppm, impact_ppm)


def _square_root_lots(volume_lots: int, over_ppm: int, under_ppm: int, impact_ppm: int) -> int:
    assert over_ppm >= 0
    assert under_ppm >= 0
    under = under_ppm * impact_ppm
    over = over_ppm * PPM
    return min(volume_lots * over * over // (under * under), FIGURE_MAX) if under else 0


def caps_of(
    limits: CapacityLimits,
    *,
    daily_volume_lots: int,
    depth_lots: int,
    horizon_volume_lots: int,
    edge_ppm: int,
    day_volatility_ppm: int,
) -> tuple[Cap, ...]:
    """The caps that are on.

    Args:
        limits: Shares.
        daily_volume_lots: An average day's volume; 0 while unknown.
        depth_lots: Displayed on the side that would be traded against.
        horizon_volume_lots: Expected to be traded over the position's horizon.
        edge_ppm: Expected profit per unit of value before impact.
        day_volatility_ppm: Standard deviation of a day's return.
    """
    caps = []
    for kind, share_ppm, name, lots in (
        (CapKind.DAILY_VOLUME, limits.daily_volume_ppm, "daily_volume_lots", daily_volume_lots),
        (CapKind.DEPTH, limits.depth_ppm, "depth_lots", depth_lots),
        (
            CapKind.PARTICIPATION,
            limits.participation_ppm,
            "horizon_volume_lots",
            horizon_volume_lots,
        ),
    ):
        assert lots >= 0
        if share_ppm:
            caps.append(
                Cap(kind, lots * share_ppm // PPM, ((name, lots), ("share_ppm", share_ppm)))
            )
    if limits.impact_ppm:
        edge_ppm = max(edge_ppm, 0)
        inputs = (
            ("daily_volume_lots", daily_volume_lots),
            ("edge_ppm", edge_ppm),
            ("day_volatility_ppm", day_volatility_ppm),
            ("impact_ppm", limits.impact_ppm),
        )
        lots = best_lots(daily_volume_lots, edge_ppm, day_volatility_ppm, limits.impact_ppm)
        caps.append(Cap(CapKind.IMPACT, lots, inputs))
    return tuple(caps)
