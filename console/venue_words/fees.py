"""What fills cost: the price list, its tiers and bounds, and what is collected for others."""

from typing import Final

from console.venue_words.amounts import NONE, Section, basis_points, money, yes
from scenarios.venue_preset import VenuePreset
from sim.costs import FeeSchedule, Levy, Rate
from sim.costs.fee_schedule import LADDERS
from sim.costs.rate import Bounds

FILLS: Final = {
    "maker": "resting, displayed",
    "taker": "arriving",
    "hidden_maker": "resting, hidden",
    "opening": "opening auction",
    "closing": "closing auction",
    "cross": "other auctions",
}
INSTEAD: Final = {
    "hidden_maker": "as resting, displayed",
    "opening": "as other auctions",
    "closing": "as other auctions",
    "cross": "as arriving",
}
"""What a fill costs whose ladder is not given."""

SIDES: Final = {"both": "both sides", "buy": "buyers", "sell": "sellers"}
ROUNDED: Final = {"half_up": "to the nearest", "up": "up", "down": "down"}


def fees(preset: VenuePreset) -> Section:
    """The price list; amounts are in the instrument's currency."""
    schedule = preset.costs.fees
    return {
        "each_fill_within": _bounds(schedule.per_fill),
        "each_order_within": _bounds(schedule.per_order),
        "turnover_counts_over": _period(schedule),
        "a_tier_holds": (
            "from the fill on that reaches it"
            if schedule.tier_from == "fill"
            else "from the next day on"
        ),
        "days_begin": _midnight(schedule.zone_minutes),
        "busts_change_turnover": yes(schedule.restate_turnover),
        "rates": [row for name in LADDERS for row in _ladder(name, schedule)],
        "levies": [_levy(one) for one in schedule.levies] or NONE,
    }


def _ladder(name: str, schedule: FeeSchedule) -> list[dict[str, str]]:
    """The rates of one kind of fill."""
    rates: tuple[Rate, ...] = getattr(schedule, name)
    if not rates:
        return [{"fill": FILLS[name], "from_turnover": "", "costs": INSTEAD[name]}]
    return [
        {"fill": FILLS[name], "from_turnover": _turnover(rate), "costs": _rate(rate)}
        for rate in rates
    ]


def _turnover(rate: Rate) -> str:
    """From which turnover on a rate holds."""
    parts = [f"{rate.from_lots:,} lots"] if rate.from_lots else []
    parts += [f"{rate.from_currency:,} of currency"] if rate.from_currency else []
    return " and ".join(parts) or "0"


def _rate(rate: Rate) -> str:
    """What a rate charges, or pays back."""
    parts = [
        (rate.notional_ppb, basis_points, "of the worth"),
        (rate.lot_nanos, money, "a lot"),
        (rate.fill_nanos, money, "a fill"),
    ]
    words = [
        f"{'a rebate of ' if amount < 0 else ''}{write(abs(amount))} {of}"
        for amount, write, of in parts
        if amount
    ]
    return " and ".join(words) or "nothing"


def _bounds(bounds: Bounds) -> str:
    """The least and the most."""
    parts = [f"at least {money(bounds.min_nanos)}"] if bounds.min_nanos else []
    parts += [f"at most {money(bounds.cap_nanos)}"] if bounds.cap_nanos else []
    parts += [f"at most {basis_points(bounds.cap_ppb)} of the worth"] if bounds.cap_ppb else []
    return ", ".join(parts) or "no bounds"


def _period(schedule: FeeSchedule) -> str:
    """Over what turnover is counted."""
    if schedule.period == "trailing":
        return f"the last {schedule.trailing_days} days"
    return {"run": "the whole run", "day": "a day", "month": "a calendar month"}[schedule.period]


def _midnight(zone_minutes: int) -> str:
    """When a day of turnover begins."""
    if not zone_minutes:
        return "at midnight UTC"
    side = "east" if zone_minutes > 0 else "west"
    return f"at midnight {abs(zone_minutes)} minutes {side} of UTC"


def _levy(levy: Levy) -> dict[str, str]:
    """What is collected for others."""
    bounds = Bounds(min_nanos=levy.min_nanos, cap_nanos=levy.cap_nanos)
    rate = Rate(notional_ppb=levy.notional_ppb, lot_nanos=levy.lot_nanos)
    step = money(levy.step_nanos) if levy.step_nanos else "a price unit times a lot"
    return {
        "levy": levy.name,
        "paid_by": SIDES[levy.side],
        "costs": _rate(rate),
        "within": _bounds(bounds),
        "rounded": f"{ROUNDED[levy.rounding]} {'multiple of ' if levy.step_nanos else ''}{step}",
    }
