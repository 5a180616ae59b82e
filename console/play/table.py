"""What a book shows after a line: its levels order by order, and all that no feed would tell.

Model: plain data, the same for the terminal and for JSON. Prices are ticks, and a float such as 100.5
where they lie on a half tick. An order of ours goes by its number, one of history's by `h` and its
handle. Of a level, orders stand oldest first.
"""

from typing import Any

from market.codes import Liquidity, OrderType, Reason, ReportType, Side
from market.messages import NO_PRICE
from market.refusals import refusal_text
from sim.reference import Report
from sim.reference.ruled import RuledBook
from sim.reference.ruled.calls import as_asked, in_the_call
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order, Sort
from sim.venue_rules import Terms, indicate

SIDES = {Side.BUY: "bids", Side.SELL: "asks"}
NO_BAND = (NO_PRICE, -NO_PRICE)
REFUSED = (ReportType.REJECTED, ReportType.REPLACE_REJECTED, ReportType.CANCEL_REJECTED)


def price_of(x2: int) -> int | float:
    """A price in half ticks as ticks."""
    return x2 // 2 if x2 % 2 == 0 else x2 / 2


def report_row(report: Report, limit_ticks: int | None) -> dict[str, Any]:
    """A report in words.

    Args:
        report: What the book or its venue said.
        limit_ticks: Of the command that it answers; None for one without a price.
    """
    kind = ReportType(report.type)
    why = ""
    if report.reason:
        figure = report.figure if kind in REFUSED else None
        price = None if limit_ticks in (None, NO_PRICE) else limit_ticks
        reason, lots = Reason(report.reason), report.qty_lots
        why = refusal_text(reason, figure, price_ticks=price, qty_lots=lots)
    elif report.liquidity:
        why = Liquidity(report.liquidity).name.lower().replace("_", " ")
    traded = kind is ReportType.FILLED
    price_x2 = 2 * report.price_ticks + report.half
    return {
        "order": report.order_id,
        "says": kind.name.lower().replace("_", " "),
        "price": price_of(price_x2) if traded or report.price_ticks else None,
        "lots": report.qty_lots,
        "left": report.leaves_lots,
        "why": why,
    }


def picture(book: RuledBook) -> dict[str, Any]:
    """All that is in a book."""
    state = book.state
    low, high = state.band
    found: dict[str, Any] = {
        "phase": state.phase.name.lower(),
        "reference": None if state.reference_x2 is None else price_of(state.reference_x2),
    }
    if state.band != NO_BAND:
        found["band"] = [None if low == NO_PRICE else low, None if high == -NO_PRICE else high]
    if state.phase.is_call and not state.frozen and not state.crossed:
        found["indicative"] = indicative(state)
    found["ladder"] = ladder(state)
    found["dormant"] = [dormant_row(order) for order in state.dormant]
    return found


def indicative(state: RuledState) -> dict[str, Any]:
    """What the call would print if it ended now, or the best displayed prices."""
    bounded = state.band != NO_BAND
    terms = Terms(reference_x2_ticks=state.reference_x2, band_ticks=state.band if bounded else None)
    asked = [as_asked(order, seq) for seq, order in enumerate(in_the_call(state))]
    found = indicate(asked, state.rules.auction, terms)
    if found.found.price_ticks is None:
        return {"price": None, "bid": found.best.bid_ticks, "ask": found.best.ask_ticks}
    surplus = found.found.surplus_lots
    row: dict[str, Any] = {
        "price": found.found.price_ticks,
        "lots": found.found.executed_lots,
        "surplus": abs(surplus),
        "surplus_side": "" if not surplus else "buy" if surplus > 0 else "sell",
        "decided_by": found.found.decided.name.lower(),
    }
    if not found.in_band:
        row["outside_band"] = True
    return row


def ladder(state: RuledState) -> list[dict[str, Any]]:
    """The market queue, then every price at which something rests, the highest first."""
    rows: list[dict[str, Any]] = []
    if any(state.waiting):
        rows.append({"price": "market"} | {SIDES[s]: cells(state.waiting[s]) for s in Side})
    prices: dict[int, dict[Side, list[Order]]] = {}
    for side in Side:
        for ticks in state.prices(side):
            prices.setdefault(2 * ticks, {}).setdefault(side, []).extend(state.levels[side][ticks])
        for order in state.dark[side]:
            prices.setdefault(order.price_x2, {}).setdefault(side, []).append(order)
    return rows + [
        {"price": price_of(x2)} | {SIDES[s]: cells(prices[x2].get(s, [])) for s in Side}
        for x2 in sorted(prices, reverse=True)
    ]


def cells(orders: list[Order] | list[RuledOrder]) -> list[dict[str, Any]]:
    """Orders of one price and side."""
    return [cell(order) for order in orders]


def cell(order: Order) -> dict[str, Any]:
    """One order; what is usual is left out."""
    found: dict[str, Any] = {"order": name_of(order), "lots": order.live}
    if not isinstance(order, RuledOrder):
        return found | ({"tape": order.tape} if order.tape != order.live else {})
    if order.reserve:
        found["reserve"] = order.reserve
    if order.owner:
        found["owner"] = order.owner
    if order.place is Place.DARK:
        found["dark"] = True
    if order.min_lots:
        found["min"] = order.min_lots
    if order.for_auction or order.order_type in NAMED_TYPES:
        kind = order.tif.name if order.for_auction else order.order_type.name
        found["kind"] = kind.lower()
    return found


NAMED_TYPES = (
    OrderType.MARKET_TO_LIMIT,
    OrderType.STRIKE_MATCH,
    OrderType.PEG_PRIMARY,
    OrderType.PEG_MIDPOINT,
    OrderType.PEG_MARKET,
)
"""Types that say how a resting order behaves."""


def name_of(order: Order) -> int | str:
    """The number of an order of ours; `h` and the handle of history's."""
    return order.number if order.sort is Sort.OWN else f"h{order.number}"


def dormant_row(order: RuledOrder) -> dict[str, Any]:
    """An order that waits for something other than somebody to trade with."""
    if order.is_stop:
        waits = f"a trade at {price_of(order.trigger_x2)}"
        waits += " or below" if order.side is Side.SELL else " or above"
    elif order.for_auction:
        waits = WAITS[order.tif.name]
    else:
        waits = "a price to follow"
    return {
        "order": order.number,
        "side": order.side.name.lower(),
        "lots": order.open_lots,
        "price": None if order.limit_ticks == NO_PRICE else order.limit_ticks,
        "kind": order.order_type.name.lower(),
        "waits_for": waits,
    }


WAITS = {
    "AT_OPEN": "the opening call",
    "AT_CLOSE": "the closing call",
    "AUCTION": "the next call",
}
