"""Short verbs for tests of books with rules, and what they compare.

A `Game` is one book; its orders are numbered from 1 in the order in which they are sent. Letters name
historical orders (a = 0, b = 1, …). What an outcome says is compared as short tuples.
"""

from typing import Any

from market.codes import (
    Kind,
    Liquidity,
    Mode,
    OrderType,
    Phase,
    Reason,
    ReportType,
    Side,
    TimeInForce,
)
from market.messages import NO_PRICE
from sim.reference import Outcome
from sim.venue_rules.book_rules import BookRules
from tests.ruled_books import Picture, RuledLike, picture

FROZEN, REACTIVE = Mode.FROZEN, Mode.REACTIVE
BUY, SELL = Side.BUY, Side.SELL
HANDLE_COUNT = 26
TICK_UNITS = 2
PASSIVE = {Liquidity.MAKER: "M", Liquidity.TAKER: "T", Liquidity.HIDDEN_MAKER: "H"}
SHORT = {**PASSIVE, Liquidity.AUCTION: "A"}


class Game:
    """One book with rules, and short verbs for it."""

    def __init__(
        self,
        book_class: Any,
        mode: Mode = REACTIVE,
        *,
        tick_units: int = TICK_UNITS,
        follows: "Game | None" = None,
        **rules: Any,
    ) -> None:
        self.book: RuledLike = book_class(
            mode=mode,
            tick_units=tick_units,
            handle_count=HANDLE_COUNT,
            rules=BookRules(**rules),
            reference_book=None if follows is None else follows.book,
        )
        self.tick_units = tick_units
        self.sent = 0

    # What we do.

    def send(self, side: Side, qty: int, price: int | None = None, **terms: Any) -> Outcome:
        """A new order of ours; without a price and a type it is a market order."""
        self.sent += 1
        default = OrderType.MARKET if price is None else OrderType.LIMIT
        fields = {
            "owner": terms.pop("owner", 0),
            "order_type": int(terms.pop("type", default)),
            "tif": int(terms.pop("tif", TimeInForce.GTC)),
            "post": int(terms.pop("post", 0)),
            "price_ticks": NO_PRICE if price is None else price,
        }
        for short, name in SHORTER.items():
            if short in terms:
                fields[name] = terms.pop(short)
        return self.checked(
            self.book.submit(self.sent, side=int(side), qty_lots=qty, **fields, **terms)
        )

    def buy(self, qty: int, price: int | None = None, **terms: Any) -> Outcome:
        return self.send(BUY, qty, price, **terms)

    def sell(self, qty: int, price: int | None = None, **terms: Any) -> Outcome:
        return self.send(SELL, qty, price, **terms)

    def cancel(self, order_id: int) -> Outcome:
        return self.checked(self.book.cancel(order_id))

    def replace(self, order_id: int, qty: int, price: int | None = None) -> Outcome:
        price_ticks = NO_PRICE if price is None else price
        return self.checked(self.book.replace(order_id, price_ticks=price_ticks, qty_lots=qty))

    # What the venue does.

    def phase(self, phase: Phase) -> Outcome:
        return self.checked(self.book.set_phase(phase))

    def band(self, low: int | None, high: int | None) -> Outcome:
        return self.checked(self.book.set_band(low, high))

    def reference(self, ticks: float | None) -> Outcome:
        return self.checked(self.book.set_reference(None if ticks is None else int(2 * ticks)))

    def expire(self, order_id: int, reason: Reason) -> Outcome:
        return self.checked(self.book.expire(order_id, reason))

    def follow(self) -> Outcome:
        return self.checked(self.book.follow())

    # What history does.

    def row(
        self,
        kind: Kind,
        name: str = "",
        qty: int = 0,
        *,
        side: Side = BUY,
        price: int = 0,
        flags: int = 0,
    ) -> Outcome:
        handle = ord(name) - ord("a") if name else -1
        outcome = self.book.apply(
            kind=int(kind), side_flags=int(side) | flags, handle=handle, price=price, qty=qty
        )
        return self.checked(outcome)

    def add(self, name: str, side: Side, qty: int, price: int) -> Outcome:
        return self.row(Kind.ADD, name, qty, side=side, price=price)

    def execute(self, name: str, qty: int) -> Outcome:
        return self.row(Kind.EXECUTE, name, qty)

    def print(self, aggressor: Side, qty: int, units: int) -> Outcome:
        return self.row(Kind.TRADE, qty=qty, side=aggressor, price=units)

    def cross(self, qty: int, units: int) -> Outcome:
        return self.row(Kind.CROSS, qty=qty, price=units)

    # What is there.

    def checked(self, outcome: Outcome) -> Outcome:
        self.book.check_invariants()
        return outcome

    @property
    def now(self) -> Picture:
        return picture(self.book.dump())

    def shows(self, side: Side) -> list[tuple[int, str]]:
        """The levels of a side, best first, as (price, "5a 3*1"): 3 lots of our order 1."""
        return [
            (price, " ".join(token(order.name, order.live) for order in orders))
            for price, _, orders in self.now.levels[side]
        ]

    def is_open(self, order_id: int) -> bool:
        return order_id in self.now.own_lots()


SHORTER = {
    "display": "display_lots",
    "high": "display_high_lots",
    "least": "min_qty_lots",
    "aon": "all_or_none",
    "stop": "stop_ticks",
    "trail": "trail_ticks",
    "offset": "peg_offset_ticks",
}


def token(name: object, live: int) -> str:
    """How a level writes an order."""
    if isinstance(name, tuple):
        sort, number = name
        return f"{live}{'~' if sort == 'moved' else ''}{chr(ord('a') + number)}"
    return f"{live}*{name}"


def price_of(report: Any) -> float:
    """A report's price in ticks, half ones included."""
    return report.price_ticks + report.half / 2


def fills(outcome: Outcome) -> list[tuple[int, float, int, int, str]]:
    """The fills, as (order_id, price, lots, leaves, M, T, H or A)."""
    return [
        (
            each.order_id,
            price_of(each),
            each.qty_lots,
            each.leaves_lots,
            SHORT[Liquidity(each.liquidity)],
        )
        for each in outcome.reports
        if each.type == ReportType.FILLED
    ]


def takes(outcome: Outcome) -> list[tuple[float, int]]:
    """What the arriving order traded, as (price, lots)."""
    return [(price, lots) for _, price, lots, _, word in fills(outcome) if word == "T"]


def makes(outcome: Outcome) -> list[tuple[int, float, int]]:
    """What resting orders of ours traded, as (order_id, price, lots)."""
    return [
        (order_id, price, lots) for order_id, price, lots, _, word in fills(outcome) if word != "T"
    ]


def others(outcome: Outcome) -> list[tuple[ReportType, int, int, Reason]]:
    """Reports that are no fills, as (type, order_id, lots, reason)."""
    return [
        (ReportType(each.type), each.order_id, each.qty_lots, Reason(each.reason))
        for each in outcome.reports
        if each.type not in (ReportType.FILLED, ReportType.ACCEPTED)
    ]


def expired(outcome: Outcome) -> list[tuple[int, int, Reason]]:
    """What ended, as (order_id, lots, reason)."""
    return [
        (order_id, lots, reason)
        for kind, order_id, lots, reason in others(outcome)
        if kind == ReportType.EXPIRED
    ]


def refusal(outcome: Outcome) -> tuple[Reason, int]:
    """Why the command was refused, and the figure; there must be nothing else."""
    (report,) = outcome.reports
    assert report.type in (ReportType.REJECTED, ReportType.REPLACE_REJECTED)
    assert outcome.messages == []
    return Reason(report.reason), report.figure


def news(outcome: Outcome) -> list[tuple[str, int, int, int]]:
    """What was published, as (kind, price, quantity, level shown after it)."""
    return [
        (Kind(each.kind).name, each.price, each.qty, each.level_shown) for each in outcome.messages
    ]
