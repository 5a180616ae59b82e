"""A last check over two books, and a venue's reports to feed it with."""

from typing import Any

import msgspec

from desk.limits import BookLimits, Limits, LimitsConfig, LimitsData
from market.codes import Liquidity, OrderType, Phase, Reason, ReportType, Side, Trigger
from market.instruments import Instrument
from market.messages import NO_PRICE, Replace, Report, Submit, View

S = 1_000_000_000
NOW = 1_000 * S
DESK = 1 << 40


def instruments() -> list[Instrument]:
    return [
        Instrument(
            symbol=name, venue="X", currency="USD", price_units_per_currency=100, tick_units=1
        )
        for name in ("aaa", "bbb")
    ]


def wide(**changes: Any) -> LimitsConfig:
    """Everything of the first book is allowed, but for what is named; nothing of the second."""
    book: dict[str, Any] = {
        "order_lots": 1_000,
        "order_notional_micros": 10**14,
        "position_lots": 100_000,
        "collar_ppm": 50_000,
    }
    whole: dict[str, Any] = {"messages_max": 1_000, "cancel_reserve": 100, "fills_max": 1_000}
    book |= {key: value for key, value in changes.items() if key in book}
    whole |= {key: value for key, value in changes.items() if key not in book}
    return LimitsConfig(instruments={"aaa": BookLimits(**book)}, **whole)


def make(config: LimitsConfig | None = None, data: LimitsData | None = None) -> Limits:
    return Limits(config or wide(), instruments(), data)


def restored(limits: Limits, config: LimitsConfig) -> Limits:
    raw = msgspec.msgpack.encode(limits.data)
    again = make(config, msgspec.msgpack.decode(raw, type=LimitsData))
    assert msgspec.msgpack.encode(again.data) == raw
    return again


def view(bid_ticks: int = 9_999, ask_ticks: int = 10_001, book_id: int = 0) -> View:
    return View(
        book_id=book_id,
        bid_ticks=bid_ticks,
        bid_lots=1,
        ask_ticks=ask_ticks,
        ask_lots=1,
        own_bid_lots=0,
        own_ask_lots=0,
        last_trade_units=NO_PRICE,
        last_trade_lots=0,
        trade_count=0,
        venue_ns=NOW,
        local_ns=NOW,
        seq=1,
        phase=Phase.CONTINUOUS,
        fired=Trigger.BBO,
    )


def submit(
    number: int,
    side: Side = Side.BUY,
    qty_lots: int = 10,
    price_ticks: int = 10_000,
    order_type: OrderType = OrderType.LIMIT,
    book_id: int = 0,
) -> Submit:
    return Submit(
        book_id=book_id,
        order_id=DESK + number,
        side=side,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        order_type=order_type,
    )


def replace(number: int, qty_lots: int = 10, price_ticks: int = 10_000) -> Replace:
    return Replace(book_id=0, order_id=DESK + number, price_ticks=price_ticks, qty_lots=qty_lots)


def report(
    kind: ReportType,
    number: int,
    qty_lots: int,
    seq: int,
    *,
    exec_id: int = 0,
    leaves_lots: int = 0,
    price_ticks: int = 10_000,
    reason: Reason = Reason.NONE,
    venue_ns: int = NOW,
) -> Report:
    return Report(
        type=kind,
        book_id=0,
        order_id=DESK + number,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        leaves_lots=leaves_lots,
        reason=reason,
        liquidity=Liquidity.NONE,
        venue_ns=venue_ns,
        report_seq=seq,
        exec_id=exec_id,
    )
