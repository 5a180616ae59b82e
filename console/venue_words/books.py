"""How books match, and how their auctions find a price."""

from typing import Final

from console.venue_words.amounts import Section, length, lots, percent
from market.codes import BandAction, SelfTrade
from market.columns import QTY_LOTS_MAX
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import BookSection
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf, Step
from sim.venue_rules.auction_policy import (
    AuctionPolicy,
    Candidates,
    Display,
    Fallback,
    OutsideBand,
    Rounding,
    TieRule,
)
from sim.venue_rules.book_rules import Matching

MATCHING: Final = {
    Matching.PRICE_TIME: "the oldest order first",
    Matching.SHARED: "the level is shared among its orders",
    Matching.BROKER_TIME: "the arriving owner's own orders first, then the oldest",
}
STEPS: Final = {
    Step.TOP: "the order that made the new best price",
    Step.LMM: "lead market makers (of whom none is known here)",
    Step.SPLIT: "a part set apart for the oldest",
    Step.FIFO: "the oldest first",
    Step.PRO_RATA: "by size",
    Step.LEVELING: "one lot each",
}
SELF_TRADES: Final = {
    SelfTrade.ALLOW: "they trade",
    SelfTrade.CANCEL_NEWEST: "the arriving order ends",
    SelfTrade.CANCEL_OLDEST: "the resting order ends",
    SelfTrade.CANCEL_BOTH: "both end",
    SelfTrade.DECREMENT: "both lose the smaller one's quantity",
}
BANDS: Final = {
    BandAction.NONE: "nothing: it binds auctions alone",
    BandAction.REJECT: "a price outside is refused",
    BandAction.CLAMP: "an order trades and rests no further than the band",
    BandAction.INTERRUPT: "a trade outside does not happen, and a volatility auction is called",
}
FALLBACKS: Final = {
    Fallback.LOWEST: "the lowest of them",
    Fallback.HIGHEST: "the highest of them",
    Fallback.MIDDLE: "the middle of them",
}
ROUNDINGS: Final = {
    Rounding.DOWN: "down",
    Rounding.UP: "up",
    Rounding.HALF_UP: "to the nearer tick, a half up",
    Rounding.HALF_DOWN: "to the nearer tick, a half down",
}
DISPLAYS: Final = {
    Display.IGNORED: "with the rest, by price and time",
    Display.FIRST_AT_PRICE: "behind what is displayed at its price",
    Display.FIRST_AT_ALL: "behind everything that is displayed",
}


def books(preset: VenuePreset) -> Section:
    """How orders meet while trading."""
    book = preset.book
    section: Section = {"at_one_price": MATCHING[book.matching]}
    policy = book.allocation()
    if policy is not None:
        section |= _sharing(book, policy)
    section["rest_of_a_market_order"] = (
        "waits in the book, ahead of every limit" if book.market_rests else "expires"
    )
    section["midpoint_orders"] = (
        "trade with midpoint orders only" if book.mid_isolated else "trade with every order"
    )
    section["what_is_shown"] = (
        "nothing; prices are those of another venue's book"
        if book.dark_pool
        else "displayed orders; pegs follow the book's own best prices"
    )
    section["own_orders_that_meet"] = f"{SELF_TRADES[book.self_trade]}, unless the order says"
    section["a_price_band"] = BANDS[book.band_action]
    return section


def _sharing(book: BookSection, policy: AllocationPolicy) -> Section:
    """How a level is shared."""
    steps = ", then ".join(STEPS[step] for step in policy.steps)
    rounding = "up, oldest first while lots last" if policy.prorata_round_up else "down"
    shares = "what is left" if policy.share_of is ShareOf.REMAINING else "the size as entered"
    bounded = policy.top_max_lots < QTY_LOTS_MAX
    most = f"{lots(policy.top_max_lots)} at most" if bounded else "all that it has"
    section: Section = {
        "shares": f"{steps} (algorithm {book.algorithm})",
        "top_order": f"it must have {lots(policy.top_min_lots)}, and gets {most} ahead of the others",
        "share_by_size": f"of {shares}, rounded {rounding}; below {lots(policy.prorata_min_lots)} "
        "it is none",
    }
    if Step.SPLIT in policy.steps:
        section["set_apart_for_the_oldest"] = percent(policy.split_fifo_ppm)
    return section


def auctions(preset: VenuePreset) -> Section:
    """How a call finds its price, and what it leaves."""
    book = preset.book
    policy = book.auction_policy()
    return {
        "policy": book.auction,
        "price": _steps(policy),
        "still_equal": _tie(policy),
        "without_a_reference": FALLBACKS[policy.without_reference],
        "between_two_ticks": ROUNDINGS[policy.rounding],
        "hidden_quantity": f"fills {DISPLAYS[policy.display]}",
        "outside_the_band": _outside(policy, extends=book.call_extends),
        "market_orders_left_over": "go on" if book.market_after_call else "expire",
        "published_while_it_lasts": (
            f"what it would print, every {length(book.indication_ns)}"
            if book.indication_ns
            else "nothing but the displayed orders"
        ),
    }


def _steps(policy: AuctionPolicy) -> list[str]:
    """The steps of the search, one a line."""
    ticks = "every tick" if policy.candidates is Candidates.TICKS else "the limits in the book"
    steps = [f"of {ticks}, the prices that trade most"]
    if policy.least_surplus:
        steps.append("of these, those that leave least over")
    if policy.pressure:
        far = ""
        if policy.pressure_limit_ppm:
            far = (
                f", though not further than {percent(policy.pressure_limit_ppm)} from the reference"
            )
        steps.append(f"the highest if all leave buys over, the lowest if all leave sells{far}")
    return steps


def _tie(policy: AuctionPolicy) -> str:
    """What a reference does."""
    if policy.tie is TieRule.CLAMP:
        return "the reference, moved into their range"
    return f"the limit nearest to the reference, the {'higher' if policy.prefer_high else 'lower'} of two"


def _outside(policy: AuctionPolicy, *, extends: bool) -> str:
    """What becomes of a print beyond the band."""
    if policy.outside_band is OutsideBand.RESTRICT:
        return "the price is moved to the band"
    return "the call goes on as a volatility call" if extends else "nothing prints"
