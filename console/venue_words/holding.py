"""What selling needs, and what holding costs: settlement, short sales, funding and borrow."""

from typing import Final

from console.venue_words.amounts import NONE, Section, days, length, money, percent, percent_of_ppb
from scenarios.venue_preset import VenuePreset
from sim.costs import BorrowTerms, FundingTerms, ShortSaleRule

TESTS: Final = {
    "above_bid": "above the best bid",
    "not_below_ask": "at the best ask or above",
}
WEIGHTS: Final = {"rising": "later samples counting more", "equal": "all samples counting alike"}


def selling(preset: VenuePreset) -> Section:
    """Settlement and short sales."""
    wait = preset.costs.settlement.sell_after_days
    rule = preset.costs.short_sale
    return {
        "what_is_bought_may_be_sold": f"{days(wait)} later" if wait else "at once",
        "a_long_sale_of_more_than_is_held": "refused" if rule.check_marks else "taken",
        "a_short_sale_needs_a_locate": "yes, exempt or not" if rule.locate else "no",
        "price_test_of_short_sales": _test(rule),
    }


def _test(rule: ShortSaleRule) -> str:
    """When shorts are tested, and what passes."""
    if rule.price_test == "none":
        return NONE
    passes = f"only {TESTS[rule.price_test]}, exempt ones apart"
    if not rule.drop_ppm:
        return f"always: {passes}"
    stays = "that day"
    if rule.following_days:
        stays += f" and {days(rule.following_days)} more"
    return f"after a fall of {percent(rule.drop_ppm)} from the last close, for {stays}: {passes}"


def holding(preset: VenuePreset) -> Section:
    """Funding and borrow."""
    return {**_funding(preset.costs.funding), **_borrow(preset.costs.borrow)}


def _funding(terms: FundingTerms) -> Section:
    """What positions in a perpetual pay each other."""
    if not terms.interval_ns:
        return {"funding": NONE}
    first = f", first {length(terms.first_ns)} after midnight UTC" if terms.first_ns else ""
    section: Section = {
        "funding": f"every {length(terms.interval_ns)}{first}; longs pay a positive rate"
    }
    if terms.source == "constant":
        return {**section, "funding_rate": f"{percent_of_ppb(terms.rate_ppb)}, always"}
    span = length(terms.span_ns or terms.interval_ns)
    return {
        **section,
        "funding_rate": f"the average premium over the index, moved towards an interest of "
        f"{percent_of_ppb(terms.interest_ppb)} by {percent_of_ppb(terms.damp_ppb)} at most, "
        f"both for {span}",
        "funding_rate_within": (
            f"{percent_of_ppb(terms.cap_ppb)} either way" if terms.cap_ppb else "no bounds"
        ),
        "premium": f"at which {terms.impact_currency:,} of currency would trade, sampled every "
        f"{length(terms.sample_ns)}, {WEIGHTS[terms.weights]}",
    }


def _borrow(terms: BorrowTerms) -> Section:
    """What short positions cost."""
    if not terms.year_ppb:
        return {"borrow": "costs nothing"}
    step = (
        f", rounded up to {money(terms.security_step_nanos)}" if terms.security_step_nanos else ""
    )
    return {
        "borrow": f"{percent_of_ppb(terms.year_ppb)} a year of {terms.year_days} days, for every night",
        "borrow_is_charged_on": f"{percent(terms.security_ppm)} of the last close{step}",
    }
