"""Kraken's asset pairs, by its documentation; not verified live."""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from bridge.paper.listing.terms import Listed, listed_as, number
from market.errors import InputError


class _Pair(msgspec.Struct, kw_only=True):
    wsname: str
    pair_decimals: int
    lot_decimals: int
    status: str = "online"
    ordermin: str = "0"
    costmin: str = "0"
    tick_size: str = ""


class _Pairs(msgspec.Struct):
    error: list[str] = []
    result: dict[str, _Pair] = {}


def listed(body: bytes, symbols: Sequence[str], venue: str) -> list[Listed]:
    """Instruments out of the asset pairs.

    Args:
        body: The venue's answer.
        symbols: Wanted, in this order, such as BTC/USD; older names (XBT) stand for the same.
        venue: The name that the instruments' venue is to have.

    Raises:
        InputError: A pair is not there, does not trade, or its grids are not said.
    """
    try:
        pairs = msgspec.json.decode(body, type=_Pairs)
    except msgspec.MsgspecError as error:
        raise InputError(f"AssetPairs: found {body[:60]!r} ({error})") from None
    if pairs.error:
        raise InputError(f"AssetPairs: found {'; '.join(pairs.error)[:200]}, allowed is no error")
    by_name = {one.wsname.replace("XBT", "BTC"): one for one in pairs.result.values()}
    found = []
    for name in symbols:
        one = by_name.get(name.replace("XBT", "BTC"))
        if one is None:
            some = ", ".join(sorted(by_name)[:12])
            raise InputError(f"symbol: found {name!r}, allowed are those of the venue: {some} …")
        if one.status != "online":
            raise InputError(f"symbol {name}: found status {one.status!r}, allowed is 'online'")
        table = {"tick_size": one.tick_size, "ordermin": one.ordermin, "costmin": one.costmin}
        plain_tick = Fraction(1, 10**one.pair_decimals)
        found.append(
            listed_as(
                name,
                venue,
                name.rpartition("/")[2],
                tick=number(name, table, "tick_size") if one.tick_size else plain_tick,
                step=Fraction(1, 10**one.lot_decimals),
                least=number(name, table, "ordermin"),
                worth=number(name, table, "costmin"),
            )
        )
    return found
