"""Which orders are taken, in which phase, and until when."""

from typing import Final

from console.venue_words.amounts import NONE, Section, length, listed
from market.codes import OrderType, TimeInForce
from market.refusals import OrderTerm
from scenarios.venue_preset import VenuePreset
from scenarios.venue_rules import CUT_OFFS
from scenarios.venue_sections import AcceptSection
from sim.front import CutOff
from sim.schedule.describe import phase_name

TYPES: Final = {
    OrderType.LIMIT: "limit",
    OrderType.MARKET: "market",
    OrderType.MARKET_TO_LIMIT: "market to limit",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop limit",
    OrderType.TRAILING_STOP: "trailing stop",
    OrderType.PEG_PRIMARY: "peg to its side's best",
    OrderType.PEG_MIDPOINT: "midpoint peg",
    OrderType.PEG_MARKET: "peg to the other side's best",
    OrderType.STRIKE_MATCH: "strike match",
}
LIVES: Final = {
    TimeInForce.GTC: "until cancelled",
    TimeInForce.IOC: "immediate or cancel",
    TimeInForce.FOK: "fill or kill",
    TimeInForce.DAY: "the day",
    TimeInForce.GTD: "until a time",
    TimeInForce.AT_OPEN: "the opening auction",
    TimeInForce.AT_CLOSE: "the closing auction",
    TimeInForce.AUCTION: "the next auction",
}
TERMS: Final = {
    OrderTerm.DISPLAY: "iceberg",
    OrderTerm.RANDOM_DISPLAY: "random peaks",
    OrderTerm.HIDDEN: "hidden",
    OrderTerm.MIN_QTY: "minimum quantity",
    OrderTerm.ALL_OR_NONE: "all or none",
    OrderTerm.PEG_OFFSET: "peg offset",
    OrderTerm.POST_REJECT: "post only (else refused)",
    OrderTerm.POST_SLIDE: "post only (else moved back)",
    OrderTerm.SELF_TRADE: "self-trade instruction",
    OrderTerm.QUOTE: "leg of a quote",
}
EVERYWHERE: Final = (
    "immediate or cancel and fill or kill only while trading, or trading at last",
    "for the opening auction only before it is over",
    "nothing while closed",
)
"""What every book asks, whatever its venue takes."""


def orders(preset: VenuePreset) -> Section:
    """What is taken, and when it is too late."""
    sheet = preset.admission
    usual = _kinds(sheet.accepted)
    section: Section = {
        "types": usual["types"],
        "lives": usual["lives"],
        "carrying": usual["carrying"],
        "longest_life": length(sheet.life_max_ns) if sheet.life_max_ns else "any",
        "on_every_book": list(EVERYWHERE),
        "no_cancel_and_no_change": listed([phase_name(phase) for phase in sheet.no_cancel]),
    }
    narrower = [
        {"phase": name.replace("_", " "), **_less(_kinds(phase), usual)}
        for name, phase in sheet.phases.items()
    ]
    section["less_in_a_phase"] = narrower or NONE
    cut_offs = CUT_OFFS[sheet.cut_offs]
    section["cut_offs"] = [_cut_off(one, cut_offs[:i]) for i, one in enumerate(cut_offs)] or NONE
    return section


def _kinds(accepted: AcceptSection) -> dict[str, str]:
    """Types, lives and terms in words."""
    return {
        "types": listed([TYPES[one] for one in accepted.types]),
        "lives": listed([LIVES[one] for one in accepted.tifs]),
        "carrying": listed([TERMS[one] for one in accepted.terms]),
    }


def _less(phase: dict[str, str], usual: dict[str, str]) -> dict[str, str]:
    """What a phase takes, where that is not the usual."""
    return {key: "the same" if phase[key] == usual[key] else phase[key] for key in usual}


def _cut_off(cut_off: CutOff, before: tuple[CutOff, ...]) -> dict[str, str]:
    """When it is too late for orders of a call; the first that fits an order holds."""
    others = any(one.tif is cut_off.tif for one in before)
    kind = "all others" if others else "all"
    if cut_off.order_type is not None:
        kind = TYPES[cut_off.order_type]
    entering = _before(cut_off.enter_ns)
    if cut_off.unless_offsetting:
        entering += ", later only against a published imbalance"
    return {
        "for": LIVES[cut_off.tif],
        "orders": kind,
        "entered_until": entering,
        "changed_until": _before(cut_off.cancel_ns),
    }


def _before(offset_ns: int | None) -> str:
    """A moment before the call is crossed."""
    return "it is crossed" if offset_ns is None else f"{length(-offset_ns)} before it is crossed"
