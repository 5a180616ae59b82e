"""Raw Binance captures to an L2 tape: LEVEL rows from diffs and snapshots, TRADE rows from trades.

Several files are one session, in the order given. `bookTicker` is the exchange's own best bid and
ask: it checks the tape (`sim.ingest.binance_truth`) and is not an input to it.

**Times.** `ts_ns` is the exchange's transaction time, or its event time on spot diffs, made monotone
in the order of arrival: a stamp that lies before one already seen is held to that one and counted.
`venue_stamp_ns` is the stamp as it came, `recv_delta_ns` the local receive time minus `ts_ns`. A spot
snapshot has no stamp: it is placed at its local time less the clock offset estimated so far.
`source_seq` is the update id `u` (snapshots: `lastUpdateId`), on trades the trade id.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from market.errors import InputError
from sim.ingest.bad_records import BadRecords
from sim.ingest.binance_market import find_market
from sim.ingest.binance_scale import seen_scales, told_scale
from sim.ingest.binance_session import SIDE_COLUMNS, BinanceSession
from sim.ingest.row_buffer import RowBuffer
from sim.ingest.source import fingerprint, open_file
from sim.ingest.text_lines import lines_of
from sim.tape.meta import TapeMeta
from sim.tape.write import TapeWriter

_PROGRESS_LINES = 4_096


def ingest_binance(
    captures: Sequence[Path],
    *,
    out: Path,
    market: str | None = None,
    tick: str | None = None,
    lot: str | None = None,
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn the captures of one instrument into a tape.

    Args:
        captures: Files of one session in order, plain or gzip; one of them holds the REST snapshot.
        out: Where the tape goes; nothing is there before it is whole.
        market: "spot", "usdm" or "coinm"; by default what the first file's name begins with.
        tick: Price step, such as "0.01"; by default the finest seen, in a first pass.
        lot: Quantity step; by default the finest seen.
        max_bad: How many bad lines to tolerate; a diff that is left out shows as a gap.
        progress: Told bytes done and in all, now and then.
        warn: Told each bad line that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters, the clock offset and its drift.

    Raises:
        InputError: A file or a line is wrong, or no snapshot is in the files.
    """
    if not captures:
        raise InputError("captures: found no file, allowed at least one")
    if out.exists() and any(path.exists() and out.samefile(path) for path in captures):
        raise InputError(f"{out}: found a source file to write to, allowed another place")
    place = find_market(market, captures[0])
    sources = []
    total_bytes = 0
    for path in captures:
        with open_file(path) as source:
            total_bytes += source.total_bytes
        sources.append(fingerprint(path))
    passes = 1 if tick is not None and lot is not None else 2

    def tell(done_bytes: int) -> None:
        if progress is not None:
            progress(done_bytes, passes * total_bytes)

    price_scale = told_scale(tick, "tick") if tick is not None else None
    lot_scale = told_scale(lot, "lot") if lot is not None else None
    if price_scale is None or lot_scale is None:
        seen_price, seen_lot = seen_scales(captures, tell)
        price_scale, lot_scale = price_scale or seen_price, lot_scale or seen_lot
    done_bytes = (passes - 1) * total_bytes
    with TapeWriter(out, SIDE_COLUMNS) as writer:
        run = BinanceSession(
            RowBuffer(writer, SIDE_COLUMNS),
            BadRecords(max_bad, warn),
            place,
            price_scale,
            lot_scale,
        )
        for path in captures:
            with open_file(path) as source:
                for number, text in lines_of(source):
                    run.take(f"{source.name}:{number}", text)
                    if number % _PROGRESS_LINES == 0:
                        tell(done_bytes + source.done_bytes)
                done_bytes += source.total_bytes
                tell(done_bytes)
        book, date, statistics = run.finish(captures[-1].name)
        statistics["tape_rows"] = writer.row_count
        meta = TapeMeta(
            books=(book,), session_date=date, sources=tuple(sources), statistics=statistics
        )
        writer.finish(meta)
    return meta
