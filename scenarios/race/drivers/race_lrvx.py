"""lrvx's lap: its book, and its simulated executor with one own order at a time.

Its engine takes prints and best prices, not orders, so the script does what a user would: it feeds
the peer's own book with every message and the executor with every print, from Python. The executor
gets the best prices from that book when an own order comes. There is no local book and no feed
latency, which is in its favour.
"""
# tidy: unimported a peer's own interpreter runs it

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lrvx
import numpy as np

WARM_UP_ROWS = 5_000
ADD, REDUCE, DELETE, EXECUTE, REPLACE, TRADE, LEVEL, QUOTE = 1, 2, 3, 4, 5, 6, 8, 9
SIDES = ("buy", "sell")
SYMBOL = 1
WINDOW_TICKS = 8_192
"""How far from where it began its `OrderBook` keeps prices (found by trying)."""
LAST = 2


def convert(stream: Any, rows: int) -> list[tuple[Any, ...]]:
    """The first rows of the stream as plain tuples, with the prices and quantities it wants.

    All levels of one source message are one update: between them a book may be crossed, and this one
    would let go of what is in the way.
    """
    names = ("ts_ns", "kind", "side", "price", "qty", "left", "order_id", "flags")
    columns = [stream[name][:rows].tolist() for name in names]
    result: list[tuple[Any, ...]] = []
    levels: tuple[dict[float, float], dict[float, float]] = ({}, {})
    for ts_ns, kind, side, price, qty, left, order_id, flags in zip(*columns, strict=True):
        if kind != LEVEL:
            message = (ts_ns, kind, side, float(price), float(qty), float(left), order_id, None)
            result.append(message)
            continue
        levels[side][float(price)] = float(left)
        if flags & LAST:
            result.append((ts_ns, LEVEL, 0, 0.0, 0.0, 0.0, 0, _arrays(levels)))
            levels = ({}, {})
    return result


def _arrays(levels: tuple[dict[float, float], dict[float, float]]) -> tuple[Any, ...]:
    """Prices and quantities of the bids, then of the asks."""
    return tuple(
        np.array(list(part), dtype=np.float64)
        for side in levels
        for part in (side.keys(), side.values())
    )


def ends_of(messages: list[tuple[Any, ...]], times_ns: Any) -> list[int]:
    """How many of the messages come up to each of the times."""
    found: list[int] = np.searchsorted([each[0] for each in messages], times_ns, "right").tolist()
    return found


class Market:
    """The peer's book and executor."""

    def __init__(self, stream: Any) -> None:
        self.depth = int(stream["depth"])
        self.book = lrvx.L3Book() if self.depth == 3 else lrvx.OrderBook(1.0)
        self.executor = lrvx.SimulatedExecutor()
        self.executor.set_queue_model("full", 50)
        self.quote = [0.0, 0.0, 0.0, 0.0]
        self.refused = 0

    def count_refusals(self) -> None:
        """Let the book's answers be looked at, which the timed drive has no time for."""
        if self.depth == 3:
            self.book = _Counted(self)

    def feed(self, messages: list[tuple[Any, ...]]) -> None:
        """Give the book every message, and the executor the time and every print."""
        book, executor, quote = self.book, self.executor, self.quote
        clock, trade, best = executor.advance_clock, executor.on_trade_qty, executor.on_best_levels
        for ts_ns, kind, side, price, qty, left, order_id, arrays in messages:
            clock(ts_ns)
            if kind == ADD:
                book.add_order(order_id, price, qty, SIDES[side])
            elif kind == LEVEL:
                book.apply_delta(*arrays)
            elif kind == TRADE:
                trade(SYMBOL, price, qty, side == 0)
            elif kind == QUOTE:
                quote[2 * side] = price
                quote[2 * side + 1] = left
                best(SYMBOL, *quote)
            else:
                if kind == EXECUTE:
                    trade(SYMBOL, price, qty, side == 1)
                if kind == REPLACE:
                    book.remove_order(order_id)
                    book.add_order(order_id, price, qty, SIDES[side])
                elif left:
                    book.modify_order(order_id, left)
                else:
                    book.remove_order(order_id)

    def top(self) -> tuple[float, float, float, float]:
        """The book's best prices and what they show."""
        if self.depth == 1:
            bid, bid_lots, ask, ask_lots = self.quote
            return bid, bid_lots, ask, ask_lots
        bid, ask = self.book.best_bid(), self.book.best_ask()
        return (
            bid or 0.0, self.book.bid_at_price(bid) if bid else 0.0,
            ask or 0.0, self.book.ask_at_price(ask) if ask else 0.0,
        )  # fmt: skip


class _Counted:
    """The L3 book, counting what it does not do."""

    def __init__(self, market: Market) -> None:
        self.market, self.book = market, market.book

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.book, name)

        def call(*given: Any) -> Any:
            answer = verb(*given)
            self.market.refused += isinstance(answer, str) and answer != "ok"
            return answer

        return call


def drive(stream: Any, messages: list[tuple[Any, ...]]) -> list[list[int]]:
    """Let everything happen, with one own order at a time."""
    market = Market(stream)
    done = 0
    ends = [ends_of(messages, stream[name]) for name in ("own_ns", "own_until_ns")]
    for number, (entry, until) in enumerate(zip(*ends, strict=True)):
        market.feed(messages[done:entry])
        market.executor.advance_clock(int(stream["own_ns"][number]))
        market.executor.on_best_levels(SYMBOL, *market.top())
        price = float(stream["own_price"][number])
        market.executor.submit_order(number + 1, "buy", price, 1.0, "limit", SYMBOL)
        market.feed(messages[entry:until])
        market.executor.cancel_order(number + 1)
        done = until
    market.feed(messages[done:])
    return [
        [fill["order_id"] - 1, int(fill["timestamp_ns"]), int(fill["quantity"])]
        for fill in market.executor.fills_list()
    ]


def look(stream: Any, messages: list[tuple[Any, ...]]) -> tuple[list[list[int]], int]:
    """The best prices at each checkpoint, and how many messages the book refused."""
    market = Market(stream)
    market.count_refusals()
    done, tops = 0, []
    for end in ends_of(messages, stream["checkpoint_ns"]):
        market.feed(messages[done:end])
        done = end
        tops.append([int(value) for value in market.top()])
    market.feed(messages[done:])
    return tops, market.refused


def note_of(stream: Any, refused: int) -> str:
    """What its books cannot hold of this stream."""
    if refused:
        return f"its book refused {refused} messages: it is full"
    if int(stream["depth"]) == 2 and np.ptp(stream["price"]) > WINDOW_TICKS:
        return f"its book loses prices more than {WINDOW_TICKS:,} ticks from where it began"
    return ""


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
    drive(stream, convert(stream, WARM_UP_ROWS))
    messages = convert(stream, len(stream["kind"]))
    began_ns = time.perf_counter_ns()  # tidy: a stop-watch
    began_cpu_ns = time.process_time_ns()
    fills = drive(stream, messages)
    cpu_ns = time.process_time_ns() - began_cpu_ns
    wall_ns = time.perf_counter_ns() - began_ns  # tidy: a stop-watch
    peak = peak_kib()
    tops, refused = look(stream, messages)
    result = {
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "events": len(messages),
        "peak_kib": peak,
        "tops": tops,
        "note": note_of(stream, refused),
        "tops_of": "venue",
        "fills": fills,
        "carries": "book, executor with queue-fill simulation; no local book, no feed latency",
        "version": version("lrvx"),
    }
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
