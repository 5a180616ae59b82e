"""What a venue does around its books: limits on messages, lost sessions, quotes."""

from typing import Final

from console.venue_words.amounts import NONE, Section, length, lots, percent, yes
from console.venue_words.orders import LIVES
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import ThrottleSection
from sim.front import POLICIES, DisconnectPolicy, Per, Shape
from sim.schedule.describe import phase_name

COUNTED: Final = {
    Per.SESSION: "each session",
    Per.BOOK: "each book, all sessions together",
    Per.SESSION_AND_BOOK: "each session in each book",
}


def messages(preset: VenuePreset) -> Section:
    """Limits on messages, all of which must let one pass."""
    return {"limits": [_throttle(one) for one in preset.throttles] or NONE}


def _throttle(rule: ThrottleSection) -> dict[str, str]:
    """One limit."""
    rate = f"{rule.count:,} in {length(rule.window_ns)}"
    if rule.shape is Shape.BUCKET:
        rate += f", up to {rule.burst:,} saved up"
    return {
        "messages": rate,
        "counted": "as a bucket fills" if rule.shape is Shape.BUCKET else "in every such stretch",
        "of": COUNTED[rule.per],
        "cancels": "not counted" if rule.cancels_exempt else "counted",
        "one_too_many": "waits" if rule.queue else "is refused",
    }


def disconnects(preset: VenuePreset) -> Section:
    """What a lost session takes away, and above all what it does not."""
    policy = POLICIES[preset.disconnect]
    section: Section = {"policy": preset.disconnect}
    if not policy.enabled:
        section["not_covered"] = "everything: no order is cancelled"
        return section
    grace = f"{length(policy.grace_ns)} after the loss" if policy.grace_ns else "at once"
    kinds = (("orders", policy.orders), ("quotes", policy.quotes))
    covered = [name for name, there in kinds if there]
    section |= {
        "cancelled": f"{' and '.join(covered)}, {grace}",
        "not_covered": _not_covered(policy),
        "a_logout": "is a loss too" if policy.on_logout else "takes nothing away",
    }
    if policy.lock_ns:
        section["stays_away"] = f"{length(policy.lock_ns)} at least"
    return section


def _not_covered(policy: DisconnectPolicy) -> list[str]:
    """What stays in the books."""
    spared = [f"orders for {LIVES[one]}" for one in policy.spared_tifs]
    spared = [text.replace("for until", "until") for text in spared]
    spared += [f"orders of books in {phase_name(one)}" for one in policy.spared_phases]
    spared += [] if policy.orders else ["orders that are no quotes"]
    spared += [] if policy.quotes else ["quotes"]
    if not policy.all_of_owner:
        spared.append("orders of the owner's other sessions")
    refused = "orders that may not be cancelled at that moment"
    return [*spared, f"{refused}; they go as soon as they may" if policy.deferred else refused]


def quotes(preset: VenuePreset) -> Section:
    """Sets of quotes, and what protects them."""
    section: Section = {
        "a_set_of_quotes": (
            "replaces all of its group, also in books that it does not name"
            if preset.quotes.whole_set
            else "replaces those of the books that it names"
        ),
        "a_leg_that_is_not_taken": (
            "refuses the whole set" if preset.quotes.all_or_nothing else "is left out alone"
        ),
    }
    limits = preset.protection
    if limits is None:
        return {**section, "protection": NONE}
    reached = [f"{lots(limits.volume_lots)} traded"] if limits.volume_lots else []
    reached += [f"{limits.trades:,} trades"] if limits.trades else []
    if limits.share_ppm:
        reached.append(f"shares of quotes that add up to {percent(limits.share_ppm)}")
    return {
        **section,
        "protection": "when a group reaches a limit, all of its quotes are pulled",
        "limits": ", or ".join(reached),
        "within": f"{length(limits.window_ns)}"
        + (", beginning with a first trade" if limits.from_first else ", sliding"),
        "arriving_quotes_count": yes(not limits.maker_only),
        "quotes_again": (
            f"after {length(limits.frozen_ns)}, or a reset" if limits.frozen_ns else "after a reset"
        ),
    }
