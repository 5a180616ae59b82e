"""hftbacktest's lap: exchange book, local book, order latency, queue of the own order.

L3: region-of-interest depth and the L3 FIFO queue model. An execution is a FILL row, which moves the
queue, and a MODIFY or CANCEL row, which moves the depth, as in the peer's own Databento converter;
the FILL rows go to the exchange alone, because its local book does not use them. A REPLACE is a
CANCEL and an ADD. L2: region-of-
interest depth and the power probability queue model with exponent 2, which is also ours.
"""
# tidy: unimported a peer's own interpreter runs it

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import hftbacktest as hft
import numpy as np
from numba import njit

WARM_UP_ROWS = 20_000
STEP_NS = 3_600_000_000_000
ADD, REDUCE, DELETE, EXECUTE, REPLACE, TRADE, LEVEL = 1, 2, 3, 4, 5, 6, 8
LIMIT, GTC = 0, 0
EMPTY_TICKS = 1 << 60


def convert(stream: Any, rows: int) -> Any:
    """The first rows of the stream in the peer's own form."""
    kind = stream["kind"][:rows]
    side = stream["side"][:rows]
    left = stream["left"][:rows]
    replaced = kind == REPLACE
    hit = kind == EXECUTE
    pairs = np.repeat(np.arange(len(kind)), 1 + (hit | replaced))
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = pairs[1:] != pairs[:-1]
    both = hft.EXCH_EVENT | hft.LOCAL_EVENT
    kinds = kind[pairs]
    code = np.zeros(len(pairs), dtype=np.uint64)
    gone = left[pairs] == 0
    code[kinds == ADD] = both | hft.ADD_ORDER_EVENT
    code[kinds == TRADE] = both | hft.TRADE_EVENT
    code[kinds == LEVEL] = both | hft.DEPTH_EVENT
    for each in (REDUCE, EXECUTE, DELETE):
        code[(kinds == each) & gone] = both | hft.CANCEL_ORDER_EVENT
        code[(kinds == each) & ~gone] = both | hft.MODIFY_ORDER_EVENT
    code[(kinds == EXECUTE) & first] = hft.EXCH_EVENT | hft.FILL_EVENT
    code[(kinds == REPLACE) & first] = both | hft.CANCEL_ORDER_EVENT
    code[(kinds == REPLACE) & ~first] = both | hft.ADD_ORDER_EVENT
    code |= np.where(side[pairs] == 0, hft.BUY_EVENT, hft.SELL_EVENT).astype(np.uint64)
    events = np.zeros(len(pairs), dtype=hft.types.event_dtype)
    events["ev"] = code
    events["exch_ts"] = stream["ts_ns"][pairs]
    events["local_ts"] = events["exch_ts"] + int(stream["latency_ns"])
    events["px"] = stream["price"][pairs]
    still = np.isin(kinds, (REDUCE, EXECUTE, DELETE)) & ~gone
    events["qty"] = np.where(still, left[pairs], stream["qty"][pairs])
    events["order_id"] = stream["order_id"][pairs]
    return events


def build(stream: Any, events: Any) -> Any:
    """A backtest over these events that has not begun."""
    latency_ns = int(stream["latency_ns"])
    asset = (
        hft.BacktestAsset()
        .data([events])
        .linear_asset(1.0)
        .constant_order_latency(latency_ns, latency_ns)
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(1.0)
        .lot_size(1.0)
        .roi_lb(float(stream["price"].min() - 100))
        .roi_ub(float(stream["price"].max() + 100))
        .last_trades_capacity(0)
    )
    deep = int(stream["depth"]) == 3
    asset = asset.l3_fifo_queue_model() if deep else asset.power_prob_queue_model(2.0)
    return hft.ROIVectorMarketDepthBacktest([asset])


@njit
def drive(hbt: Any, entry_ns: Any, until_ns: Any, price: Any, fills: Any) -> None:
    """Let all data happen, with one own order at a time."""
    hbt.elapse(1)
    for own in range(len(entry_ns)):
        if hbt.elapse(entry_ns[own] - hbt.current_timestamp) != 0:
            return
        hbt.submit_buy_order(0, own + 1, price[own], 1.0, GTC, LIMIT, False)
        if hbt.elapse(until_ns[own] - hbt.current_timestamp) != 0:
            return
        order = hbt.orders(0).get(own + 1)
        if order is not None:
            fills[own, 0] = order.status
            fills[own, 1] = order.exch_timestamp
            if order.cancellable:
                hbt.cancel(0, own + 1, False)
    while hbt.elapse(STEP_NS) == 0:
        pass


@njit
def look(hbt: Any, at_ns: Any, tops: Any) -> None:
    """Write the local best prices down at each time."""
    hbt.elapse(1)
    for index in range(len(at_ns)):
        if hbt.elapse(at_ns[index] - hbt.current_timestamp) != 0:
            return
        depth = hbt.depth(0)
        # An empty side has the least or the largest number there is as its best price.
        if depth.best_bid_tick > -EMPTY_TICKS:
            tops[index, 0] = depth.best_bid_tick
            tops[index, 1] = int(depth.bid_qty_at_tick(depth.best_bid_tick))
        if depth.best_ask_tick < EMPTY_TICKS:
            tops[index, 2] = depth.best_ask_tick
            tops[index, 3] = int(depth.ask_qty_at_tick(depth.best_ask_tick))


def run(stream: Any, events: Any) -> tuple[int, int, Any]:
    """One drive: wall and processor time, and the status and time of each own order."""
    hbt = build(stream, events)
    latency_ns = int(stream["latency_ns"])
    fills = np.zeros((len(stream["own_ns"]), 2), dtype=np.int64)
    entry_ns, until_ns = stream["own_ns"] - latency_ns, stream["own_until_ns"] - latency_ns
    price = stream["own_price"].astype(np.float64)
    began_ns = time.perf_counter_ns()  # tidy: a stop-watch
    began_cpu_ns = time.process_time_ns()
    drive(hbt, entry_ns, until_ns, price, fills)
    cpu_ns = time.process_time_ns() - began_cpu_ns
    wall_ns = time.perf_counter_ns() - began_ns  # tidy: a stop-watch
    hbt.close()
    return wall_ns, cpu_ns, fills


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
    run(stream, convert(stream, WARM_UP_ROWS))
    events = convert(stream, len(stream["kind"]))
    wall_ns, cpu_ns, own = run(stream, events)
    peak = peak_kib()
    tops = np.zeros((len(stream["checkpoint_ns"]), 4), dtype=np.int64)
    hbt = build(stream, events)
    look(hbt, stream["checkpoint_ns"], tops)
    hbt.close()
    result = {
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "events": len(events),
        "peak_kib": peak,
        "tops": tops.tolist(),
        "tops_of": "local",
        "fills": [
            [index, int(at_ns), 1]
            for index, (status, at_ns) in enumerate(own.tolist())
            if status == hft.FILLED
        ],
        "carries": "exchange book, local book, order latency, queue position",
        "version": hft.__version__,
    }
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
