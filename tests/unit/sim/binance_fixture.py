"""A small invented exchange that sends what Binance would send, and a recorder that is 2 s slow.

Ids, prices and sizes are made up. `lines` is the capture; `bests` is the best bid and ask after
every depth update, by update id.
"""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from market.codes import Kind, RowFlag
from sim.ingest.binance import ingest_binance
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest

BEGIN_MS = 1_600_000_000_000
SLOW_NS = 2_000_000_000
WIRE_NS = 3_000_000
SELL, LAST = int(RowFlag.SELL), int(RowFlag.LAST)
SNAPSHOT, MAYBE_BAD = int(RowFlag.SNAPSHOT), int(RowFlag.MAYBE_BAD)


class Exchange:
    """One market; `futures` sends `pu` and transaction times."""

    def __init__(self, *, futures: bool = False) -> None:
        self.futures = futures
        self.symbol = "ABCUSDT"
        self.levels: tuple[dict[str, str], dict[str, str]] = (
            {"99.90": "1.500", "99.80": "2.000", "99.70": "0.250"},
            {"100.10": "3.000", "100.20": "0.500"},
        )
        self.update_id = 1_000
        self.sent_id = 1_000
        self.trade_id = 70
        self.now_ms = BEGIN_MS
        self.lines: list[str] = []

    def say(self, message: dict[str, Any], delay_ms: int = 0) -> None:
        """Record a message, so many ms after it was sent."""
        local_ns = (self.now_ms + delay_ms) * 1_000_000 + WIRE_NS - SLOW_NS
        self.lines.append(f"{local_ns} {json.dumps(message, separators=(',', ':'))}")

    def stream(self, name: str, data: dict[str, Any]) -> None:
        self.say({"stream": f"{self.symbol.lower()}@{name}", "data": data})

    def depth(
        self, bids: list[tuple[str, str]], asks: list[tuple[str, str]], *, lost: bool = False
    ) -> None:
        """Change levels and send a diff of three update ids; a lost one is not recorded."""
        self.now_ms += 100
        for side, changes in enumerate((bids, asks)):
            for price, qty in changes:
                if float(qty) == 0:
                    self.levels[side].pop(price, None)
                else:
                    self.levels[side][price] = qty
        self.update_id += 3
        data: dict[str, Any] = {"e": "depthUpdate", "E": self.now_ms}
        if self.futures:
            data |= {"T": self.now_ms - 2}
        data |= {"s": self.symbol, "U": self.sent_id + 1, "u": self.update_id}
        if self.futures:
            data |= {"pu": self.sent_id}
        self.sent_id = self.update_id
        if not lost:
            self.stream("depth@100ms", data | {"b": bids, "a": asks})

    def best(self) -> dict[str, str]:
        bid = max(self.levels[0], key=float)
        ask = min(self.levels[1], key=float)
        return {"b": bid, "B": self.levels[0][bid], "a": ask, "A": self.levels[1][ask]}

    def ticker(self) -> None:
        data: dict[str, Any] = {"u": self.update_id, "s": self.symbol, **self.best()}
        if self.futures:
            data = {"e": "bookTicker", **data, "T": self.now_ms, "E": self.now_ms}
        self.stream("bookTicker", data)

    def trade(self, price: str, qty: str, *, maker_buys: bool = True) -> None:
        self.trade_id += 1
        data = {
            "e": "trade", "E": self.now_ms, "T": self.now_ms - 1, "s": self.symbol,
            "t": self.trade_id, "p": price, "q": qty, "m": maker_buys,
        }  # fmt: skip
        self.stream("trade", data)

    def image(self) -> dict[str, Any]:
        """What the REST call would answer now."""
        message: dict[str, Any] = {"lastUpdateId": self.update_id}
        if self.futures:
            message |= {"E": self.now_ms, "T": self.now_ms}
        return message | {
            "bids": [list(level) for level in self.levels[0].items()],
            "asks": [list(level) for level in self.levels[1].items()],
        }

    def write(self, folder: Path, lines: list[str] | None = None, *, zipped: bool = True) -> Path:
        name = "usdm_abcusdt" if self.futures else "spot_abcusdt"
        content = ("\n".join(self.lines if lines is None else lines) + "\n").encode()
        path = folder / (f"{name}.gz" if zipped else f"{name}.txt")
        path.write_bytes(gzip.compress(content) if zipped else content)
        return path


def eventful(*, futures: bool = False) -> Exchange:
    """A session whose snapshot comes late: one diff is inside it, one came before it and is not."""
    exchange = Exchange(futures=futures)
    exchange.depth([("99.60", "1.000")], [])
    exchange.trade("99.90", "0.100")
    exchange.depth([("99.90", "1.250")], [("100.30", "4.000")])
    image = exchange.image()
    exchange.depth([("99.60", "0.000")], [("100.10", "2.000")])
    exchange.say(image)
    exchange.ticker()
    exchange.depth([("99.95", "0.750"), ("99.90", "0.000")], [])
    exchange.ticker()
    exchange.trade("99.95", "0.750")
    exchange.depth([("99.95", "0.000"), ("98.00", "0.000")], [("100.05", "0.125")])
    exchange.ticker()
    exchange.trade("100.05", "0.025", maker_buys=False)
    return exchange


Row = tuple[Kind, int, int, int, int]
"""Kind, flags, handle, price, quantity."""


def ingest(exchange: Exchange, folder: Path, **options: Any) -> tuple[TapeMeta, list[Row]]:
    """The metadata and rows of an exchange's capture."""
    out = folder / "a.tape.parquet"
    meta = ingest_binance([exchange.write(folder)], out=out, **options)
    verify_digest(open_tape(out))
    assert_counted(meta, out, exchange.lines)
    return meta, rows_of(out)


def rows_of(path: Path) -> list[Row]:
    return [
        (Kind(kind), flags, handle, price, qty)
        for rows in open_tape(path).chunks()
        for _, price, qty, handle, _, kind, flags in rows.tolist()
    ]


def assert_counted(meta: TapeMeta, tape: Path, lines: list[str]) -> None:
    """Every line was taken or refused, and every row on the tape is accounted for."""
    counts = meta.statistics
    kinds = ("diffs", "snapshots", "trades", "tickers", "other_messages", "bad_rows")
    assert sum(counts[name] for name in kinds) == counts["lines"] == len(lines)
    found = Counter(row[0] for row in rows_of(tape))
    assert found[Kind.LEVEL] == counts["level_rows"] + counts["snapshot_rows"]
    assert found[Kind.TRADE] == counts["trade_rows"]
    assert found[Kind.CLEAR] == counts["clear_rows"]
    assert sum(found.values()) == counts["tape_rows"]


def levels_after(rows: list[Row]) -> tuple[dict[int, int], dict[int, int]]:
    """What the rows leave standing, while handles are held to their rules."""
    levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
    owners: dict[int, tuple[int, int]] = {}
    for kind, flags, handle, price, qty in rows:
        if kind == Kind.CLEAR:
            assert (handle, price, qty) == (-1, 0, 0)
            levels[0].clear()
            levels[1].clear()
            owners.clear()
        if kind != Kind.LEVEL:
            continue
        side = flags & SELL
        known = price in levels[side]
        assert owners.get(handle) == ((side, price) if known else None)
        if qty == 0:
            assert known
            del levels[side][price], owners[handle]
        else:
            levels[side][price] = qty
            owners[handle] = side, price
    return levels
