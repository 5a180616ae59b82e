"""Records of parents for tests: by hand with few words, and random ones that may be anything."""

from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st

from desk.tca import ChildRecord, FillRecord, ParentRecord, Quote, Seen
from market.codes import Liquidity, OrderType, Side, TimeInForce
from market.instruments import Instrument
from market.messages import NO_PRICE

BUY, SELL = Side.BUY, Side.SELL
MAKER, TAKER, AUCTION = Liquidity.MAKER, Liquidity.TAKER, Liquidity.AUCTION
SECOND_NS = 1_000_000_000

CENT = Instrument(
    symbol="ABC", venue="X", currency="USD", price_units_per_currency=100, tick_units=1
)
"""Prices in cents, lots of one share: one price unit × lot is a cent."""


def at(units: int) -> Quote:
    """A quote without a spread, for cases that know a price only."""
    return Quote(units, units)


def seen(at_ns: int, venue: Quote | int, local: Quote | int | None = None) -> Seen:
    """A moment; the desk believes what is true unless told."""
    venue = at(venue) if isinstance(venue, int) else venue
    local = at(local) if isinstance(local, int) else local
    return Seen(at_ns, venue if local is None else local, venue)


def fill(
    at_ns: int,
    price_units: int,
    lots: int,
    quote: Quote | int | None = None,
    *,
    after_x2: int | None = None,
    **more: object,
) -> FillRecord:
    """A fill that took, and moved nothing unless told."""
    moment = seen(at_ns, price_units if quote is None else quote)
    fields = {
        "exec_id": 1,
        "venue": "X",
        "price_x2_units": 2 * price_units,
        "lots": lots,
        "fee": 0,
        "liquidity": TAKER,
        "seen": moment,
        "after_mid_x2_units": moment.venue.mid_x2_units if after_x2 is None else after_x2,
    }
    return FillRecord(**{**fields, **more})  # type: ignore[arg-type]


def child(
    sent: Seen, received: Seen | None, fills: Sequence[FillRecord] = (), **more: object
) -> ChildRecord:
    """An immediate limit order that ends with its last fill."""
    last = [one.seen.at_ns for one in fills] or [received.at_ns if received else sent.at_ns]
    fields = {
        "order_id": 1,
        "venue": "X",
        "order_type": OrderType.LIMIT,
        "tif": TimeInForce.IOC,
        "lots": sum(one.lots for one in fills) or 100,
        "sent": sent,
        "received": received,
        "ended_ns": last[-1],
        "fills": tuple(fills),
    }
    return ChildRecord(**{**fields, **more})  # type: ignore[arg-type]


def parent(
    side: Side,
    wanted_lots: int,
    decided: Seen,
    children: Sequence[ChildRecord],
    end_units: int,
    **more: object,
) -> ParentRecord:
    """A parent that ends with its last child, and of which the desk hears at once."""
    ended_ns = max([decided.at_ns, *(one.ended_ns for one in children)])
    fields = {
        "parent_id": 1,
        "instrument": CENT,
        "strategy": 0,
        "algo": "immediate",
        "side": side,
        "wanted_lots": wanted_lots,
        "decided": decided,
        "ended_ns": ended_ns,
        "end_mid_x2_units": 2 * end_units,
        "children": tuple(children),
        **more,
    }
    fields.setdefault("closed_ns", fields["ended_ns"])
    return ParentRecord(**fields)  # type: ignore[arg-type]


def case(
    side: Side,
    wanted_lots: int,
    decision: int,
    arrival: int,
    price: int,
    filled_lots: int,
    fee: int,
    end: int,
) -> ParentRecord:
    """A case of a text book: decision price, price when it was sent, one fill, price of the end."""
    fills = [fill(3, price, filled_lots, fee=fee)]
    order = child(seen(2, arrival), seen(2, arrival), fills, ended_ns=4)
    return parent(side, wanted_lots, seen(1, decision), [order], end)


def moved(record: ParentRecord, **fields: object) -> ParentRecord:
    """The same with some fields changed."""
    return msgspec.structs.replace(record, **fields)


# --- random parents -------------------------------------------------------------------------------

PRICES = st.integers(-50, 400)
QUOTES = st.builds(Quote, PRICES, PRICES)
GAPS = st.integers(0, 3)
INSTRUMENTS = st.sampled_from(
    [
        CENT,
        msgspec.structs.replace(
            CENT, symbol="DEF", price_units_per_currency=10_000, tick_units=100
        ),
        msgspec.structs.replace(CENT, symbol="GHI", currency="EUR", lot_num=50),
        msgspec.structs.replace(CENT, symbol="JKL", lot_den=1_000),
    ]
)


@st.composite
def fill_records(draw: st.DrawFn, at_ns: int, number: int) -> FillRecord:
    """Any fill at a moment: prices need not make sense, sums must still hold."""
    return FillRecord(
        exec_id=number,
        venue=draw(st.sampled_from(["X", "Y"])),
        price_x2_units=draw(st.integers(-100, 800)),
        lots=draw(st.integers(1, 50)),
        fee=draw(st.integers(-40, 40)),
        liquidity=draw(st.sampled_from([one for one in Liquidity if one])),
        seen=Seen(at_ns, draw(QUOTES), draw(QUOTES)),
        after_mid_x2_units=draw(st.integers(-100, 800)),
    )


@st.composite
def child_records(draw: st.DrawFn, decided_ns: int, number: int) -> ChildRecord:
    """Any order after a decision; some never arrive."""
    now_ns = decided_ns + draw(GAPS)
    sent = Seen(now_ns, draw(QUOTES), draw(QUOTES))
    received = None
    fills = []
    if draw(st.integers(0, 5)):
        now_ns += draw(GAPS)
        received = Seen(now_ns, draw(QUOTES), draw(QUOTES))
        for index in range(draw(st.integers(0, 4))):
            now_ns += draw(GAPS)
            fills.append(draw(fill_records(now_ns, index + 1)))
    return ChildRecord(
        order_id=number,
        venue=draw(st.sampled_from(["X", "Y"])),
        order_type=draw(st.sampled_from([OrderType.LIMIT, OrderType.MARKET, OrderType.STOP])),
        tif=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])),
        limit_units=draw(st.one_of(st.just(NO_PRICE), PRICES)),
        lots=draw(st.integers(1, 6_000)),
        sent=sent,
        received=received,
        ended_ns=now_ns + draw(GAPS),
        fills=tuple(fills),
        special=draw(st.booleans()),
        changed=draw(st.integers(0, 2)),
    )


@st.composite
def parent_records(draw: st.DrawFn) -> ParentRecord:
    """Any parent: both sides, many fills, overfilled, never sent, lost on the way."""
    decided = Seen(draw(st.integers(0, 5)), draw(QUOTES), draw(QUOTES))
    children = [
        draw(child_records(decided.at_ns, number + 1)) for number in range(draw(st.integers(0, 4)))
    ]
    ended_ns = max([decided.at_ns, *(one.ended_ns for one in children)]) + draw(GAPS)
    return ParentRecord(
        parent_id=draw(st.integers(1, 9)),
        instrument=draw(INSTRUMENTS),
        strategy=draw(st.integers(0, 2)),
        algo=draw(st.sampled_from(["passive", "twap"])),
        side=draw(st.sampled_from(Side)),
        wanted_lots=draw(st.integers(1, 300)),
        decided=decided,
        children=tuple(children),
        ended_ns=ended_ns,
        end_mid_x2_units=draw(st.integers(-100, 800)),
        closed_ns=ended_ns + draw(GAPS),
        order_fees=draw(st.integers(-20, 20)),
        held=draw(st.booleans()),
        directed=draw(st.booleans()),
    )
