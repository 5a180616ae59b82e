"""What stops trading: rules of single stocks and of the market as of a day, collars, daily limits."""

from typing import Final

from console.venue_words.amounts import NONE, Section, length, percent, width
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import GuardSection
from sim.schedule.breaker_rules import (
    FIXED_POINTS,
    PERCENT_FROM_DAY,
    PERCENTS,
    POINTS_FROM_DAY,
)
from sim.schedule.moments import day_text
from sim.schedule.stock_rules import JumpRules, Listing, stock_rules_on
from sim.venue_rules.bands import MINUTE_NS, LuldRules, Tier
from sim.venue_rules.breakers import BREAKERS_FROM_DAY, HALT_NS, LEVEL_PERCENT, NO_HALT_FROM_NS
from sim.venue_rules.luld import LIMIT_STATE_NS, PAUSE_NS, REPUBLISH_NS, REPUBLISH_PPM, WINDOW_NS

LISTINGS: Final = {
    Listing.SP500: "S&P 500",
    Listing.RUSSELL_1000: "Russell 1000 and named funds",
    Listing.OTHER: "none of them",
}
BANDS: Final = {
    Tier.ONE: "5 % above three dollars",
    Tier.TWO: "10 % above three dollars, times its leverage for a fund",
}


def guards(preset: VenuePreset, day: int) -> Section:
    """What stops trading on a day.

    Args:
        preset: The venue.
        day: Such as 20240703.
    """
    section = preset.guards
    found: Section = {}
    if section.stocks == "us":
        found["lists_the_stocks_are_on"] = LISTINGS[section.listing]
        found |= _stock(section, day)
    else:
        found["single_stocks"] = NONE
    if "us" in (section.stocks, section.breakers):
        found["times"] = "New York's; those near the close count from it on a short day"
    found["whole_market"] = _market(day) if section.breakers == "us" else NONE
    found["collar_around_the_last_trade"] = _collar(section.dynamic_ppm, section.dynamic_ticks_min)
    found["collar_around_the_last_auction"] = _collar(section.static_ppm, section.static_ticks_min)
    if section.has_collars:
        wide = percent(section.extended_ppm) if section.extended_ppm else "anything"
        found["a_volatility_call_may_print_in"] = f"{wide} from the last trade"
    found["daily_limit"] = (
        f"nothing trades further than {percent(section.limit_ppm)} from the last close"
        if section.limit_ppm
        else NONE
    )
    if section.stocks != "none" or section.has_collars or section.limit_ppm:
        found["they_need"] = "the last close of a book"
    return found


def _collar(ppm: int, ticks_min: int) -> str:
    """Half the width of a collar."""
    return width(ppm, ticks_min) if ppm or ticks_min else NONE


def _stock(section: GuardSection, day: int) -> Section:
    """The rule of one US stock on a day."""
    rules = stock_rules_on(day, section.listing)
    if rules is None:
        return {"single_stocks": "no rule yet"}
    if isinstance(rules, JumpRules):
        return {
            "single_stocks": f"a pause of {length(rules.pause_ns)} after a move of {rules.percent} % "
            f"within {length(rules.window_ns)} ({rules.percent_below_dollar} % below a dollar), "
            f"{_clock(rules.start_ns)} to {_clock(rules.end_ns)}",
            "this_rule_holds_from": day_text(rules.from_day),
        }
    return _bands(rules, section.listing.tier)


def _bands(rules: LuldRules, tier: Tier) -> Section:
    """Limit-up limit-down as it stood."""
    wide = ", ".join(f"{_clock(start)} to {_clock(end)}" for start, end in rules.wide)
    if tier is Tier.TWO and not rules.wide_tier2_above_3:
        wide += ", not above three dollars"
    below = "both edges" if rules.wide_low_below else "the upper edge alone"
    return {
        "single_stocks": f"limit-up limit-down bands, {_clock(rules.start_ns)} to "
        f"{_clock(rules.end_ns)}: {BANDS[tier]}, 20 % from 0.75 on, below that 0.15 or 75 %, "
        "whichever is less",
        "twice_as_wide": f"{wide}; below 0.75 {below}" if rules.wide else "never",
        "the_bands_move": f"with the mean of {length(WINDOW_NS)}, by {percent(REPUBLISH_PPM)} or more, "
        f"at most every {length(REPUBLISH_NS)}",
        "at_the_edge": f"{length(LIMIT_STATE_NS)} there pause the stock for {length(PAUSE_NS)}",
        "this_rule_holds_from": day_text(rules.from_day),
    }


def _market(day: int) -> list[str]:
    """The market-wide breakers of a day."""
    if day >= BREAKERS_FROM_DAY:
        first, second, last = LEVEL_PERCENT
        return [
            f"S&P 500 down {first} or {second} %: everything halts for {length(HALT_NS)}, each once",
            f"no such halt begins from {_clock(NO_HALT_FROM_NS)} on",
            f"down {last} %: the day is over",
            f"since {day_text(BREAKERS_FROM_DAY)}",
        ]
    if day >= PERCENT_FROM_DAY:
        first, second, last = PERCENTS
        return [
            f"Dow Jones down {first} % in points: an hour until 14:00, half an hour until 14:30, then none",
            f"down {second} %: two hours until 13:00, an hour until 14:00, then the day is over",
            f"down {last} %: the day is over",
            f"since {day_text(PERCENT_FROM_DAY)}, in points fixed for a quarter",
        ]
    if day >= POINTS_FROM_DAY:
        first, second = FIXED_POINTS
        return [
            f"Dow Jones down {first} points: half an hour, from 15:30 on the rest of the day",
            f"down {second} points: an hour, from 15:00 on the rest of the day",
            f"since {day_text(POINTS_FROM_DAY)}",
        ]
    return [f"not known before {day_text(POINTS_FROM_DAY)}"]


def _clock(time_ns: int) -> str:
    """A time of day in New York."""
    minutes = time_ns // MINUTE_NS
    return f"{minutes // 60}:{minutes % 60:02d}"
