"""nautilus_trader's lap: the simulated exchange's book and one own order at a time.

The timed drive subscribes to nothing, so that the peer keeps no local book and wakes nobody; its
data has no feed latency, and a resting order no place in a queue. All of that is in its favour. The
untimed drive subscribes to the book and reads it at the checkpoints, in venue time.
"""
# tidy: unimported a peer's own interpreter runs it

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from nautilus_trader import __version__
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import OrderBookDelta, QuoteTick, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import FIXED_PRECISION, Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

WARM_UP_ROWS = 5_000
ADD, REDUCE, DELETE, EXECUTE, REPLACE, TRADE, LEVEL, QUOTE = 1, 2, 3, 4, 5, 6, 8, 9
LAST = 2
F_LAST = 128
RAW = 10**FIXED_PRECISION
VENUE = Venue("RACE")
BOOK_TYPES = {3: BookType.L3_MBO, 2: BookType.L2_MBP, 1: BookType.L1_MBP}
SIDES = (OrderSide.BUY, OrderSide.SELL)
AGGRESSORS = (AggressorSide.BUYER, AggressorSide.SELLER)
INSTRUMENT = Equity(
    instrument_id=InstrumentId(Symbol("ONE"), VENUE),
    raw_symbol=Symbol("ONE"),
    currency=USD,
    price_precision=0,
    price_increment=Price.from_int(1),
    lot_size=Quantity.from_int(1),
    ts_event=0,
    ts_init=0,
)


def convert(stream: Any, rows: int) -> list[Any]:
    """The first rows of the stream as the peer's own objects."""
    names = ("ts_ns", "kind", "side", "price", "qty", "left", "order_id")
    columns = [stream[name][:rows].tolist() for name in names]
    flags = stream["flags"][:rows].tolist()
    known: set[tuple[int, int]] = set()
    bid_ask: list[tuple[int, int] | None] = [None, None]
    result = []
    for number, (ts_ns, kind, side, price, qty, left, order_id) in enumerate(
        zip(*columns, strict=True)
    ):
        if kind == TRADE:
            result.append(_trade(number, ts_ns, side, price, qty))
            continue
        if kind == QUOTE:
            bid_ask[side] = (price, left)
            bid, ask = bid_ask
            if bid and ask:
                result.append(_quote(ts_ns, bid, ask))
            continue
        flag = F_LAST if flags[number] & LAST else 0
        if kind == LEVEL:
            action = BookAction.UPDATE if (side, price) in known else BookAction.ADD
            action = action if left else BookAction.DELETE
            (known.add if left else known.discard)((side, price))
        elif kind == REPLACE:
            result.append(_delta(BookAction.DELETE, ts_ns, side, price, 0, order_id, 0))
            action = BookAction.ADD
        elif kind == ADD:
            action = BookAction.ADD
        else:
            action = BookAction.UPDATE if left else BookAction.DELETE
        name = price if kind == LEVEL else order_id
        result.append(_delta(action, ts_ns, side, price, left, name, flag))
    return result


def _delta(
    action: Any, ts_ns: int, side: int, price: int, lots: int, order_id: int, flag: int
) -> Any:
    """One change of the book."""
    return OrderBookDelta.from_raw(
        INSTRUMENT.id, action, SIDES[side], price * RAW, 0, lots * RAW, 0, order_id, flag, 0,
        ts_ns, ts_ns,
    )  # fmt: skip


def _quote(ts_ns: int, bid: tuple[int, int], ask: tuple[int, int]) -> Any:
    """Both best prices."""
    return QuoteTick.from_raw(
        INSTRUMENT.id, bid[0] * RAW, ask[0] * RAW, 0, 0, bid[1] * RAW, ask[1] * RAW, 0, 0,
        ts_ns, ts_ns,
    )  # fmt: skip


def _trade(number: int, ts_ns: int, side: int, price: int, lots: int) -> Any:
    """One print."""
    return TradeTick.from_raw(
        INSTRUMENT.id, price * RAW, 0, lots * RAW, 0, AGGRESSORS[side], TradeId(str(number)),
        ts_ns, ts_ns,
    )  # fmt: skip


class Own(Strategy):
    """Rests one order at a time by the stream's timetable, and hears of nothing else."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        own = (stream["own_ns"], stream["own_until_ns"], stream["own_price"])
        self.own = list(zip(*(column.tolist() for column in own), strict=True))
        self.numbers: dict[Any, int] = {}
        self.fills: list[list[int]] = []

    def on_start(self) -> None:
        """Set an alarm for every order to come and to go."""
        for number, (entry_ns, until_ns, price) in enumerate(self.own):
            order = self.order_factory.limit(
                INSTRUMENT.id, OrderSide.BUY, Quantity.from_int(1), Price.from_int(price)
            )
            self.numbers[order.client_order_id] = number
            self.clock.set_time_alert_ns(
                f"in-{number}", entry_ns, lambda _, order=order: self.submit_order(order)
            )
            self.clock.set_time_alert_ns(
                f"out-{number}", until_ns, lambda _, order=order: self._withdraw(order)
            )

    def _withdraw(self, order: Any) -> None:
        if order.is_open:
            self.cancel_order(order)

    def on_order_filled(self, event: Any) -> None:
        """Note a fill."""
        number = self.numbers[event.client_order_id]
        self.fills.append([number, event.ts_event, int(event.last_qty)])


class Look(Strategy):
    """Reads the best prices at each checkpoint."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.depth = int(stream["depth"])
        self.at_ns = stream["checkpoint_ns"].tolist()
        self.tops: list[list[int]] = []

    def on_start(self) -> None:
        """Subscribe, and set an alarm for every checkpoint."""
        if self.depth > 1:
            self.subscribe_order_book_deltas(INSTRUMENT.id, BOOK_TYPES[self.depth])
        else:
            self.subscribe_quote_ticks(INSTRUMENT.id)
        for number, at_ns in enumerate(self.at_ns):
            self.clock.set_time_alert_ns(f"look-{number}", at_ns, self._look)

    def _look(self, _event: Any) -> None:
        if self.depth == 1:
            tick = self.cache.quote_tick(INSTRUMENT.id)
            top = (
                tick and tick.bid_price, tick and tick.bid_size,
                tick and tick.ask_price, tick and tick.ask_size,
            )  # fmt: skip
        else:
            book = self.cache.order_book(INSTRUMENT.id)
            # `best_bid_size` is that of the first order; the level's is what the others say.
            bids, asks = book.bids(), book.asks()
            bid, ask = bids[0] if bids else None, asks[0] if asks else None
            top = (
                bid and bid.price, bid and bid.size(), ask and ask.price, ask and ask.size()
            )  # fmt: skip
        # A level's size is a sum of floats, which may come out a hair below the whole number it is.
        self.tops.append([round(float(value or 0)) for value in top])


def run(stream: Any, data: list[Any], strategy: Any) -> tuple[int, int]:
    """One drive of a new engine: wall and processor time of `engine.run()`."""
    config = BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    engine = BacktestEngine(config=config)
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(1_000_000_000, USD)],
        book_type=BOOK_TYPES[int(stream["depth"])],
        trade_execution=int(stream["depth"]) < 3,
    )
    engine.add_instrument(INSTRUMENT)
    engine.add_data(data, sort=False)
    engine.add_strategy(strategy)
    began_ns = time.perf_counter_ns()  # tidy: a stop-watch
    began_cpu_ns = time.process_time_ns()
    engine.run()
    cpu_ns = time.process_time_ns() - began_cpu_ns
    wall_ns = time.perf_counter_ns() - began_ns  # tidy: a stop-watch
    engine.dispose()
    return wall_ns, cpu_ns


def peak_kib() -> int:
    """The process's largest memory; `ru_maxrss` would count its parent's from before the start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0])


def main(stream_path: str, result_path: str) -> None:
    """Drive the stream and write the result."""
    loaded = np.load(stream_path)
    stream = {name: loaded[name] for name in loaded.files if name != "rows"}
    run(stream, convert(stream, WARM_UP_ROWS), Own(stream))
    data = convert(stream, len(stream["kind"]))
    own, look = Own(stream), Look(stream)
    wall_ns, cpu_ns = run(stream, data, own)
    peak = peak_kib()
    run(stream, data, look)
    result = {
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "events": len(data),
        "peak_kib": peak,
        "tops": look.tops,
        "tops_of": "venue",
        "fills": own.fills,
        "carries": "exchange book, own order without a queue; no local book, no feed latency",
        "version": __version__,
    }
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
