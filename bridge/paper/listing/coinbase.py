"""Coinbase's products, by its documentation; not verified live."""

from collections.abc import Sequence

import msgspec

from bridge.paper.listing.terms import Listed, listed_as, number
from market.errors import InputError


class _Products(msgspec.Struct):
    products: list[dict[str, object]]


def listed(body: bytes, symbols: Sequence[str], venue: str) -> list[Listed]:
    """Instruments out of the list of products.

    Args:
        body: The venue's answer.
        symbols: Wanted, in this order, such as BTC-USD.
        venue: The name that the instruments' venue is to have.

    Raises:
        InputError: A product is not there, does not trade, or its grids are not said.
    """
    try:
        products = msgspec.json.decode(body, type=_Products).products
    except msgspec.MsgspecError as error:
        raise InputError(f"products: found {body[:60]!r} ({error})") from None
    by_name = {str(one.get("product_id")): one for one in products}
    found = []
    for name in symbols:
        one = by_name.get(name)
        if one is None:
            some = ", ".join(sorted(by_name)[:12])
            raise InputError(f"symbol: found {name!r}, allowed are those of the venue: {some} …")
        if one.get("trading_disabled") or one.get("is_disabled"):
            raise InputError(
                f"symbol {name}: found a product that is disabled, allowed is one that trades"
            )
        tick = "price_increment" if "price_increment" in one else "quote_increment"
        found.append(
            listed_as(
                name,
                venue,
                str(one.get("quote_currency_id") or name.rpartition("-")[2]),
                tick=number(name, one, tick),
                step=number(name, one, "base_increment"),
                least=number(name, one, "base_min_size"),
                most=number(name, one, "base_max_size"),
                worth=number(name, one, "quote_min_size"),
            )
        )
    return found
