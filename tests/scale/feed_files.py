"""Files of every source that the ingests read, as long as wanted, written without holding them.

The form of each is that of the fixtures of `tests/unit/sim`; what is in them is `feed_flow`.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tests.scale.feed_flow import Change, flow
from tests.unit.sim import bitstamp_fixture, dbn_fixture, itch_fixture, mapped_fixture, taq_fixture

STEP_MS: Final = 20
DIFF_CHANGES: Final = 8
DRAIN: Final = 4_096
BEGIN_MS: Final = 1_600_000_000_000
_Levels = dict[tuple[bool, int], int]


def write_bitstamp(folder: Path, count: int) -> Path:
    """Order events; a deletion of all that was left says that much."""
    path = folder / "orders.csv"
    words = {"add": "created", "execute": "changed", "reduce": "changed", "delete": "deleted"}
    with path.open("w") as file:
        print(bitstamp_fixture.HEADER, file=file)
        for change in flow(count):
            verb, left = change.verb, change.left
            action = "deleted" if left == 0 else words[verb]
            volume = change.qty if verb == "delete" else left
            event = (
                change.number * STEP_MS, change.order_id, f"{change.ticks // 100}.{change.ticks % 100:02}",
                volume, action, "ask" if change.is_sell else "bid",
            )  # fmt: skip
            print(bitstamp_fixture.line(event), file=file)
    return path


def write_binance(folder: Path, count: int) -> Path:
    """Diffs of several changes each, the trades of executions, and now and then a ticker."""
    path = folder / "spot_abcusdt.gz"
    levels: _Levels = {}
    changes = flow(count)
    with gzip.open(path, "wt", compresslevel=1) as file:
        now_ms = BEGIN_MS
        stamp = {"e": "depthUpdate", "E": now_ms, "s": "ABCUSDT", "U": 1, "u": 1, "b": [], "a": []}
        _say(file.write, now_ms, {"stream": "abcusdt@depth@100ms", "data": stamp})
        bid_ask = {"bids": [["50.00", "1.00"]], "asks": [["150.00", "1.00"]]}
        _say(file.write, now_ms, {"lastUpdateId": 1, **bid_ask})
        last_id = 1
        while group := list(islice(changes, DIFF_CHANGES)):
            now_ms += DIFF_CHANGES * STEP_MS
            for change in group:
                if change.verb == "execute":
                    _say(file.write, now_ms, _binance_trade(change, now_ms))
            sides = _binance_levels(levels, group)
            stamp = {
                "e": "depthUpdate", "E": now_ms, "s": "ABCUSDT", "U": last_id + 1,
                "u": last_id + len(group), "b": sides[0], "a": sides[1],
            }  # fmt: skip
            last_id += len(group)
            _say(file.write, now_ms, {"stream": "abcusdt@depth@100ms", "data": stamp})
            ticker = {"u": last_id, "s": "ABCUSDT", "b": "99.99", "B": "1", "a": "100.01", "A": "1"}
            _say(file.write, now_ms, {"stream": "abcusdt@bookTicker", "data": ticker})
    return path


def _say(write: Callable[[str], int], now_ms: int, message: dict[str, object]) -> None:
    write(f"{now_ms * 1_000_000 + 3_000_000} {json.dumps(message, separators=(',', ':'))}\n")


def _binance_trade(change: Change, now_ms: int) -> dict[str, object]:
    data = {
        "e": "trade", "E": now_ms, "T": now_ms, "s": "ABCUSDT", "t": change.number,
        "p": f"{change.ticks / 100:.2f}", "q": f"{change.qty / 100:.2f}", "m": not change.is_sell,
    }  # fmt: skip
    return {"stream": "abcusdt@trade", "data": data}


def _binance_levels(
    levels: _Levels, group: list[Change]
) -> tuple[list[list[str]], list[list[str]]]:
    """The new totals of the levels that these changes touch, by side."""
    touched: dict[tuple[bool, int], None] = {}
    for change in group:
        key = change.is_sell, change.ticks
        signed = change.qty if change.verb == "add" else -change.qty
        levels[key] = levels.get(key, 0) + signed
        touched[key] = None
    sides: tuple[list[list[str]], list[list[str]]] = ([], [])
    for key in touched:
        sides[key[0]].append([f"{key[1] / 100:.2f}", f"{levels[key] / 100:.2f}"])
    return sides


def write_itch(folder: Path, count: int) -> Path:
    """A feed of one stock; ten microseconds a message, so that any count fits its day."""
    path = folder / "feed.itch"
    feed = itch_fixture.opened("ABC")
    with path.open("wb") as file:
        for change in flow(count):
            feed.now_ns += 10_000 - itch_fixture.SECOND
            ref = change.order_id
            if change.verb == "add":
                feed.add(1, ref, "S" if change.is_sell else "B", change.qty, change.ticks * 100)
            elif change.verb == "execute":
                feed.execute(1, ref, change.qty)
            elif change.verb == "reduce":
                feed.cancel(1, ref, change.qty)
            else:
                feed.delete(1, ref)
            if len(feed.messages) >= DRAIN:
                file.write(feed.framed())
                feed.messages.clear()
        file.write(feed.framed())
    return path


def write_databento(folder: Path, count: int) -> Path:
    """Market by order; an execution is a trade, a fill and what it does to the order."""
    path = folder / "stream.dbn"
    stream = dbn_fixture.Stream("mbo")
    more = 0  # flags of a record that does not end its event
    with path.open("wb") as file:
        file.write(stream.head)
        for change in flow(count):
            side = "A" if change.is_sell else "B"
            name, ticks, qty = change.order_id, change.ticks, change.qty
            if change.verb == "add":
                stream.mbo("A", side, name, ticks, qty)
            elif change.verb == "execute":
                stream.mbo("T", "B" if change.is_sell else "A", 0, ticks, qty, more)
                stream.mbo("F", side, name, ticks, qty, more)
                stream.mbo("C", side, name, ticks, qty)
            else:
                stream.mbo("C", side, name, ticks, qty)
            if len(stream.records) >= DRAIN:
                file.write(b"".join(stream.records))
                stream.records.clear()
        file.write(b"".join(stream.records))
    return path


def write_taq(folder: Path, count: int) -> Path:
    """Quotes, one side a row, and a trade for every execution."""
    quotes, trades = taq_fixture.write_csv(folder, "", "")
    with quotes.open("w") as quote_file, trades.open("w") as trade_file:
        for change in flow(count):
            ms = 34_200_000 + change.number // 100
            units = change.ticks * 100
            if change.verb == "execute":
                print(f"{ms},{units},{change.qty},N,1,0", file=trade_file)
            bid = "0,0" if change.is_sell else f"{units},{change.qty}"
            ask = f"{units},{change.qty}" if change.is_sell else "0,0"
            print(f"{ms},{bid},{ask},N,1,0", file=quote_file)
    return quotes


def write_csv(folder: Path, count: int) -> Path:
    """Order events of a user's own form, and the map of it beside."""
    (folder / "map.toml").write_text(mapped_fixture.L3_MAP)
    path = folder / "own.csv"
    words = {"add": "NEW", "execute": "FILL", "reduce": "SHRINK", "delete": "GONE"}
    with path.open("w") as file:
        print("when,seq,id,what,way,price,size", file=file)
        for change in flow(count):
            hundredths = change.ticks * 5
            price = f"{hundredths // 100}.{hundredths % 100:02}"
            qty = "" if change.verb == "delete" else change.qty
            way = "S" if change.is_sell else "B"
            when = BEGIN_MS + change.number * STEP_MS
            row = (when, change.number, change.order_id, words[change.verb], way, price, qty)
            print(",".join(map(str, row)), file=file)
    return path


WRITERS: Final[dict[str, Callable[[Path, int], Path]]] = {
    "binance": write_binance,
    "bitstamp": write_bitstamp,
    "csv": write_csv,
    "databento": write_databento,
    "itch": write_itch,
    "taq": write_taq,
}


def names() -> Iterator[str]:
    """Every source there is a writer of."""
    return iter(WRITERS)
