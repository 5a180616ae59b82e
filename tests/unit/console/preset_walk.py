"""Presets that say everything, and the same with one field changed, for tests that nothing is left out."""

from collections.abc import Iterable, Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from market.codes import OrderType, Phase
from market.errors import InputError
from market.refusals import OrderTerm
from scenarios.venue_preset import parse_preset
from scenarios.venue_sections import AUCTIONS
from sim.front import POLICIES
from sim.venue_rules.allocation_policy import CME_STEPS

HEAD = 'format_version = 1\nname = "mine"\ntitle = "Mine"\nabout = ["A."]\nsources = ["B."]\n'

WHOLE = (
    HEAD
    + """
not_simulated = ["C."]
disconnect = "cme"

[[schedule]]
name = "mine"
calendar = "XETR"
zone = "Europe/Berlin"
from_day = 20200102
source = "D"
steps = [
  { at = "open-10m", phase = "opening_call", random_end = "30s" },
  { at = "open", phase = "continuous" },
  { at = "close", phase = "closed" },
]
special_days = [{ day = 20241223, open = "10:00", close = "14:00" }, { day = 20241224, closed = true }]

[interruptions]
late_pause = "10m"
[interruptions.volatility]
length = "2m"
random_end = "30s"
extension = { price = "2m", price_times = 2, market = "1m", market_times = 3, random_end = "5s" }
[interruptions.reopening]
length = "2m"
random_end = "30s"
extension = { price = "2m", price_times = 2, market = "1m", market_times = 3, random_end = "5s" }
[interruptions.scheduled]
price = "2m"
price_times = 2
market = "1m"
market_times = 3
random_end = "5s"

[book]
matching = "shared"
algorithm = "K"
top_lots_max = 500
split_fifo_ppm = 200_000
auction = "four_step"
pressure_limit_ppm = 50_000

[admission]
no_cancel = ["closing_call"]
cut_offs = "nasdaq"
life_max = "90d"
round_lots = 100
odd_lots = "small"
qty_lots_max = 1_000
notional_max = 5_000
display_ppm_min = 100_000
display_lots_min = 5
tick_table = "rts11"
trades_a_day = 700
price_limit_ppm = 100_000
collar_ppm = 20_000
collar_ticks_min = 10
[admission.accepted]
types = "all"
tifs = "all"
terms = "all"
[admission.phases.opening_call]
types = ["limit"]
tifs = ["day"]
terms = ["display"]

[costs.fees]
maker = [{ notional_ppb = 1_000, lot_nanos = -5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
taker = [{ notional_ppb = 1_000, lot_nanos = -5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
hidden_maker = [{ notional_ppb = 1_000, lot_nanos = 5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
opening = [{ notional_ppb = 1_000, lot_nanos = 5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
closing = [{ notional_ppb = 1_000, lot_nanos = 5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
cross = [{ notional_ppb = 1_000, lot_nanos = 5, fill_nanos = 3 }, { from_lots = 5, from_currency = 7 }]
per_fill = { min_nanos = 3, cap_nanos = 8, cap_ppb = 100 }
per_order = { min_nanos = 3, cap_nanos = 8, cap_ppb = 100 }
period = "trailing"
zone_minutes = 60
levies = [{ name = "duty", side = "sell", notional_ppb = 4, lot_nanos = 3, min_nanos = 1, cap_nanos = 9, step_nanos = 10 }]
[costs.settlement]
sell_after_days = 1
[costs.short_sale]
price_test = "above_bid"
[costs.borrow]
year_ppb = 50_000
security_ppm = 1_020_000
security_step_nanos = 1_000_000_000
[costs.funding]
interval = "8h"
first = "1h"
source = "premium"
impact_currency = 1_000
interest_ppb = 1_000
damp_ppb = 1_000
cap_ppb = 1_000
span = "8h"

[[throttles]]
count = 10
window = "1s"
shape = "bucket"
burst = 20

[protection]
window = "1s"
volume_lots = 10
trades = 5
share_ppm = 3_000_000
frozen = "1m"

[guards]
stocks = "us"
listing = "other"
breakers = "us"
"""
)
COLLARS = (
    HEAD
    + """
[[throttles]]
count = 10
window = "1s"
[guards]
dynamic_ppm = 20_000
dynamic_ticks_min = 2
static_ppm = 50_000
static_ticks_min = 4
extended_ppm = 100_000
"""
)
DAILY = (
    HEAD
    + """
[guards]
limit_ppm = 100_000
[costs.fees]
maker = [{}]
taker = [{}]
[costs.funding]
interval = "8h"
rate_ppb = 100_000
"""
)

BASES = [parse_preset(text, "base") for text in (WHOLE, COLLARS, DAILY)]
NAMES: dict[str, Iterable[str]] = {
    "auction": AUCTIONS,
    "disconnect": POLICIES,
    "algorithm": CME_STEPS,
}
OTHER_TEXTS = {"at": ["open-9m", "open+1m"], "open": ["11:00"], "close": ["15:00"]}
ALLOWED: dict[str, list[Any]] = {
    "types": list(OrderType),
    "terms": list(OrderTerm),
    "no_cancel": list(Phase),
}


# Every field of the schema.


def schema(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all fields that hold a value, through structs, lists and tables of them."""
    for inner in unwrapped(kind):
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            for field in msgspec.structs.fields(inner):
                yield from schema(field.type, (*path, field.name))
            return
    yield path


def unwrapped(kind: Any) -> list[Any]:
    """A type, or what its lists and tables hold."""
    if get_origin(kind) in (Union, UnionType):
        return [one for part in get_args(kind) if part is not NoneType for one in unwrapped(part)]
    if get_origin(kind) is tuple:
        return unwrapped(get_args(kind)[0])
    return unwrapped(get_args(kind)[1]) if get_origin(kind) is dict else [kind]


def others(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The value with one field changed, and which; not every change is allowed."""
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(type(value)):
            here = (*path, field.name)
            for where, new in others_of_field(value, field, here):
                try:
                    yield where, msgspec.structs.replace(value, **{field.name: new})
                except InputError:
                    continue
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        for index, item in enumerate(value):
            for where, new in others(item, path):
                yield where, (*value[:index], new, *value[index + 1 :])
    elif isinstance(value, dict) and value:
        key, item = next(iter(value.items()))
        for where, new in others(item, path):
            yield where, {**value, key: new}


def others_of_field(
    value: Any, field: msgspec.structs.FieldInfo, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Other values of one field."""
    held = getattr(value, field.name)
    structs = held[0] if isinstance(held, tuple) and held else held
    if isinstance(structs, msgspec.Struct) or (isinstance(held, dict) and held):
        yield from others(held, path)
        return
    yield from ((path, new) for new in candidates(held, field))


def candidates(held: Any, field: msgspec.structs.FieldInfo) -> list[Any]:
    """Values that a field might have instead."""
    if get_origin(field.type) is Literal:
        return [one for one in get_args(field.type) if one != held]
    if isinstance(held, bool):
        return [not held]
    if isinstance(held, Enum):
        return [one for one in type(held) if one is not held]
    if isinstance(held, int):
        return [held + 1, held - 1, held + 1_000_000, held // 2, 2 * held]
    if isinstance(held, str):
        return OTHER_TEXTS.get(field.name) or [*NAMES.get(field.name, ()), f"{held}x"]
    if isinstance(held, tuple):
        more: list[Any] = list(ALLOWED.get(field.name, ()))
        if field.type == tuple[str, ...]:
            more = ["new"]
        return [held[1:], *[(*held, one) for one in more]]
    return []
