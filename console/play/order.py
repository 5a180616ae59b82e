"""An order as a line writes it: side and quantity, a price, and words for all that it may carry.

    1: buy 200 @ 101
    2: sell 500 @ 100 show 100
    3: buy 10 market ioc
    4: sell 100 stop 99
    5: buy 50 mid min 20

A word says one thing and comes once. An order without a price is of a type that needs none, which the
line names; whether its terms go together is for the venue and the book to say.
"""

from typing import Any, Final, NamedTuple

from console.play.words import Words, quoted
from market.codes import OrderType, PostOnly, SelfTrade, Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.messages import NO_PRICE, Submit, Terms

SIDES: Final = {side.name.lower(): side for side in Side}
TYPES: Final = {
    "market": OrderType.MARKET,
    "mtl": OrderType.MARKET_TO_LIMIT,
    "stop": OrderType.STOP,
    "trail": OrderType.TRAILING_STOP,
    "primary": OrderType.PEG_PRIMARY,
    "mid": OrderType.PEG_MIDPOINT,
    "opposite": OrderType.PEG_MARKET,
    "strike": OrderType.STRIKE_MATCH,
}
"""Words that say which type an order is; without one it is a limit order."""

TIFS: Final = {tif.name.lower(): tif for tif in TimeInForce}
POSTS: Final = {"post": PostOnly.REJECT, "slide": PostOnly.SLIDE}
SELF_TRADES: Final = {each.name.lower(): each for each in SelfTrade}
PLAIN: Final = {"hidden": "hidden", "all": "all_or_none"}
LOTS: Final = {"min": "min_qty_lots", "offset": "peg_offset_ticks"}
WORDS: Final = (*TYPES, *TIFS, *POSTS, *PLAIN, *LOTS, "show", "self")
"""Every word that may follow side, quantity and price."""


class Written(NamedTuple):
    """An order as it was written.

    Attributes:
        side: Buy or sell.
        qty_lots: What it wants to trade.
        limit_ticks: Its price; NO_PRICE without one.
        order_type: Its type.
        tif: How long it lives; None where the line does not say.
        terms: What else it carries, by the name of the term.
    """

    side: Side
    qty_lots: int
    limit_ticks: int
    order_type: OrderType
    tif: TimeInForce | None
    terms: dict[str, Any]

    def submit(self, order_id: int, tif: TimeInForce) -> Submit:
        """The message that it becomes.

        Args:
            order_id: Its number.
            tif: How long it lives where the line does not say.
        """
        lives = tif if self.tif is None else self.tif
        # There is no clock here: a GTD order ends when the venue's `expire` says so.
        expire_ns = 1 if lives is TimeInForce.GTD else 0
        return Submit(
            book_id=0,
            order_id=order_id,
            side=self.side,
            price_ticks=self.limit_ticks,
            qty_lots=self.qty_lots,
            order_type=self.order_type,
            tif=lives,
            terms=Terms(**self.terms, expire_ns=expire_ns),
        )


def read_order(words: Words) -> Written:
    """An order from the words behind its number.

    Raises:
        InputError: A word is unknown, comes twice, or lacks its figure.
    """
    side = words.choice(SIDES)
    qty_lots = words.number("a quantity in lots", 0, 2 * QTY_LOTS_MAX)
    limit = words.at_price()
    said: dict[str, Any] = {}
    while words:
        word = words.next("a word")
        if word not in WORDS:
            words.fail(quoted(word), f"one of {', '.join(WORDS)}")
        for key, value in _read(word, words).items():
            if key in said:
                words.fail(f"{word!r} after another word of its kind", "each once")
            said[key] = value
    order_type = said.pop("type", OrderType.LIMIT)
    tif = said.pop("tif", None)
    if order_type is OrderType.STOP and limit is not None:
        order_type = OrderType.STOP_LIMIT
    if order_type is OrderType.LIMIT and limit is None:
        words.fail("neither a price nor a type", f"@ PRICE, or one of {', '.join(TYPES)}")
    if limit is not None and order_type in NEED_NO_PRICE:
        words.fail(
            f"a price with {order_type.name.lower()}", "none, as the order would not heed it"
        )
    price_ticks = NO_PRICE if limit is None else limit
    return Written(side, qty_lots, price_ticks, order_type, tif, said)


NEED_NO_PRICE: Final = (
    OrderType.MARKET,
    OrderType.MARKET_TO_LIMIT,
    OrderType.TRAILING_STOP,
    OrderType.STRIKE_MATCH,
)
"""Types that have no use for a price."""


def _read(word: str, words: Words) -> dict[str, Any]:
    """What one word says, as fields of a submit, with the figures behind it."""
    if word in TYPES:
        said: dict[str, Any] = {"type": TYPES[word]}
        if word in ("stop", "strike"):
            said["stop_ticks"] = words.price(f"the price of the {word}")
        if word == "trail":
            said["trail_ticks"] = words.price("a distance")
        return said
    if word in TIFS:
        return {"tif": TIFS[word]}
    if word in POSTS:
        return {"post": POSTS[word]}
    if word in PLAIN:
        return {PLAIN[word]: True}
    if word in LOTS:
        return {LOTS[word]: words.number("a number", 0, 2 * QTY_LOTS_MAX)}
    if word == "self":
        return {"self_trade": words.choice(SELF_TRADES)}
    assert word == "show"
    low, _, high = words.next("lots that show, such as 100 or 100-300").partition("-")
    figures = [low, high] if high else [low]
    if not all(figure.isdecimal() and len(figure) <= 15 for figure in figures):
        words.fail(quoted("-".join(figures)), "lots that show, such as 100 or 100-300")
    return dict(zip(("display_lots", "display_high_lots"), map(int, figures), strict=False))
