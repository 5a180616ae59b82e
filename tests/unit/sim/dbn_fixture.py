"""A small invented venue that writes DBN through the vendor's own classes."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import databento_dbn as dbn
import pyarrow as pa

from market.codes import Kind, RowFlag
from sim.ingest.databento import ingest_databento
from sim.ingest.dbn_records import F_LAST
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest

START_NS = 1_580_706_000 * 10**9
DELAY_NS = 300
UNIT = 10**9
TICK = UNIT // 4
SCHEMAS = {"mbo": "MBO", "mbp-1": "MBP_1", "mbp-10": "MBP_10", "trades": "TRADES"}
Pair = tuple[int, int] | None


def px(ticks: int) -> int:
    """A price of so many ticks, in units."""
    return ticks * TICK


class Stream:
    """Records of one stream; every one a microsecond after the one before."""

    def __init__(self, schema: str, *, ts_out: bool = False) -> None:
        self.schema = schema
        self.now_ns = START_NS
        self.sequence = 0
        self.records: list[bytes] = []
        self.instrument = 7
        self.publisher = 1
        interval = SimpleNamespace(
            start_date=dt.date(2020, 2, 3), end_date=dt.date(2020, 2, 4), symbol="7"
        )
        self.ts_out = ts_out
        self.head = dbn.Metadata(
            dataset="XVEN.TEST",
            start=START_NS,
            stype_in=dbn.SType.RAW_SYMBOL,
            stype_out=dbn.SType.INSTRUMENT_ID,
            schema=getattr(dbn.Schema, SCHEMAS[schema]),
            symbols=["ABC"],
            mappings=[SimpleNamespace(raw_symbol="ABC", intervals=[interval])],
            ts_out=ts_out,
            version=3,
        ).encode()

    def _put(self, record: Any) -> None:
        raw = bytes(record)
        if self.ts_out:
            raw = bytes([raw[0] + 2]) + raw[1:] + (self.now_ns + 5).to_bytes(8, "little")
        self.records.append(raw)

    def _common(self) -> dict[str, Any]:
        self.now_ns += 1_000
        self.sequence += 1
        return {
            "publisher_id": self.publisher,
            "instrument_id": self.instrument,
            "ts_event": self.now_ns - 900,
            "ts_recv": self.now_ns,
            "ts_in_delta": DELAY_NS,
            "sequence": self.sequence,
        }

    def mbo(
        self, action: str, side: str, order_id: int, ticks: int | None, size: int,
        flags: int = F_LAST,
    ) -> None:  # fmt: skip
        """An order's record."""
        self._put(
            dbn.MBOMsg(
                **self._common(),
                order_id=order_id,
                price=dbn.UNDEF_PRICE if ticks is None else px(ticks),
                size=size,
                action=dbn.Action(action),
                side=dbn.Side(side),
                flags=flags,
                channel_id=0,
            )
        )

    def level(
        self, action: str, side: str, ticks: int, size: int, levels: list[tuple[Pair, Pair]],
        flags: int = F_LAST,
    ) -> None:  # fmt: skip
        """A price's record with the best levels after it, (ticks, size) of bid and ask."""
        pairs: Any = [self._pair(*pair) for pair in levels]
        record = dbn.MBP10Msg
        if self.schema == "mbp-1":
            record, pairs = dbn.MBP1Msg, pairs[0]
        self._put(
            record(
                **self._common(), price=px(ticks), size=size, action=dbn.Action(action), side=dbn.Side(side),
                depth=0, flags=flags, levels=pairs,
            )
        )  # fmt: skip

    def trade(self, side: str, ticks: int, size: int) -> None:
        """A record of the trades schema."""
        self._put(
            dbn.TradeMsg(
                **self._common(), price=px(ticks), size=size, action=dbn.Action("T"), side=dbn.Side(side), depth=0,
                flags=0,
            )
        )  # fmt: skip

    def system(self) -> None:
        """A record of another sort."""
        self._put(dbn.SystemMsg(ts_event=self.now_ns, msg="heartbeat"))

    def encoded(self) -> bytes:
        """The stream."""
        return self.head + b"".join(self.records)

    @staticmethod
    def _pair(bid: Pair, ask: Pair) -> Any:
        bid_px, bid_sz = (px(bid[0]), bid[1]) if bid else (dbn.UNDEF_PRICE, 0)
        ask_px, ask_sz = (px(ask[0]), ask[1]) if ask else (dbn.UNDEF_PRICE, 0)
        return dbn.BidAskPair(bid_px=bid_px, ask_px=ask_px, bid_sz=bid_sz, ask_sz=ask_sz)


def compressed(data: bytes) -> bytes:
    """The bytes of a .zst file."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def ingest(
    folder: Path, data: bytes, **options: Any
) -> tuple[TapeMeta, list[list[tuple[Any, ...]]]]:
    """Ingest bytes of a file; the tape's metadata, and its rows by source message.

    A row is book id, kind, handle, price in ticks, quantity, and the flags but LAST.
    """
    file, out = folder / "stream.dbn", folder / "stream.tape.parquet"
    file.write_bytes(data)
    meta = ingest_databento(file, out=out, **options)
    tape = open_tape(out)
    verify_digest(tape)
    assert tape.meta == meta
    messages: list[list[tuple[Any, ...]]] = [[]]
    for chunk in tape.chunks():
        for _, price, qty, handle, book_id, kind, flags in chunk.tolist():
            named = RowFlag(flags & ~RowFlag.LAST)
            ticks = price // TICK if price % TICK == 0 else price / TICK
            messages[-1].append((book_id, Kind(kind), handle, ticks, qty, named))
            if flags & RowFlag.LAST:
                messages.append([])
    assert messages.pop() == []
    return meta, messages
