"""Recordings of every venue as tapes: books as the venue had them, holes cleared, grids named or said."""

from pathlib import Path

import numpy as np
import pytest

from bridge.recording import LogWriter
from bridge.venues import INFO, About
from market.codes import Kind
from market.errors import InputError
from scenarios.recorded_tape import tape_of_recording
from sim.tape.read import open_tape, verify_digest
from tests.unit.bridge.feeds.binance_venue import ACK, BinanceVenue
from tests.unit.bridge.feeds.rig import Book, Session, dumps
from tests.unit.bridge.feeds.venues import VENUES, Venue, heal, play

NAMES = {
    "binance-spot": ("binance", "spot", "BTCUSDT"),
    "binance-usdm": ("binance", "usdm", "BTCUSDT"),
    "coinbase": ("coinbase", "spot", "BTC-USD"),
    "kraken": ("kraken", "spot", "BTC/USD"),
    "ccxt": ("ccxt:bybit", "ccxt", "BTC/USDT"),
}


def session_of(venue: Venue) -> Session:
    """Changes, a hole and what mends it, and trades of both sides."""
    session = play(venue)
    for step in range(6):
        session.tell(*venue.changed(step % 2, 99_10 + step if step % 2 == 0 else 100_50 + step, 4))
    venue.changed(0, 98_50, 7)
    session.tell(*venue.trade("buy"))
    heal(session, venue)
    session.tell(*venue.trade("sell"))
    return session


def record(folder: Path, name: str, entries: list[tuple[int, str, bytes]]) -> Path:
    venue, market, symbol = NAMES[name]
    about = dumps(About(venue=venue, market=market, symbols=(symbol,)))
    with LogWriter(folder, about) as log:
        for entry in entries:
            log.append(*entry)
    return folder


def book_of(tape_path: Path, book_id: int = 0) -> Book:
    """The levels at a tape's end, by its rows alone."""
    book: Book = ({}, {})
    rows = np.concatenate(list(open_tape(tape_path).chunks()))
    for row in rows[rows["book_id"] == book_id]:
        side = book[int(row["side_flags"]) & 1]
        if row["kind"] == Kind.CLEAR:
            book[0].clear()
            book[1].clear()
        elif row["kind"] == Kind.LEVEL and row["qty"]:
            side[int(row["price"])] = int(row["qty"])
        elif row["kind"] == Kind.LEVEL:
            side.pop(int(row["price"]), None)
    return book


@pytest.mark.parametrize("name", VENUES)
def test_the_tape_ends_with_the_venues_book(tmp_path: Path, name: str) -> None:
    venue = VENUES[name]()
    session = session_of(venue)
    folder = record(tmp_path / "rec", name, session.entries)
    out = tmp_path / "a.tape.parquet"
    meta = tape_of_recording(folder, out=out, ticks={"": "0.01"}, lots={"": "0.001"})
    tape = open_tape(out)
    verify_digest(tape)
    assert book_of(out) == venue.book
    rows = np.concatenate(list(tape.chunks()))
    assert int((rows["kind"] == Kind.TRADE).sum()) == len(session.rebuild.prints)
    assert bool((np.diff(rows["ts_ns"]) >= 0).all())
    assert meta.books[0].symbol == NAMES[name][2]
    assert meta.books[0].handle_count == rows["handle"].max() + 1
    assert meta.statistics["made_troubles"] >= venue.detects_gaps
    assert meta.statistics["torn_bytes"] == 0


def test_quantities_finer_than_the_lot_are_cut_and_counted_on_binance(tmp_path: Path) -> None:
    venue = BinanceVenue()
    session = session_of(VENUES["binance-spot"]())
    folder = record(tmp_path / "rec", "binance-spot", session.entries)
    meta = tape_of_recording(
        folder, out=tmp_path / "a.tape.parquet", ticks={"": "0.01"}, lots={"": "0.003"}
    )
    assert meta.statistics["feed_quantities_cut"] > 0
    assert venue.symbol == meta.books[0].symbol


def test_one_tape_holds_every_book_by_what_the_venue_says_of_it(tmp_path: Path) -> None:
    venues = [BinanceVenue(symbol=name) for name in ("BTCUSDT", "ETHUSDT")]
    steps = {"BTCUSDT": ("0.01000000", "0.00100000"), "ETHUSDT": ("0.02000000", "0.00500000")}
    info = {
        "symbols": [
            {
                "symbol": name, "status": "TRADING", "quoteAsset": "USDT",
                "filters": [
                    {"filterType": "PRICE_FILTER", "tickSize": tick},
                    {"filterType": "LOT_SIZE", "stepSize": lot, "minQty": lot, "maxQty": "9000"},
                ],
            }
            for name, (tick, lot) in steps.items()
        ]
    }  # fmt: skip
    folder = tmp_path / "rec"
    about = dumps(About(venue="binance", market="spot", symbols=("BTCUSDT", "ETHUSDT")))
    with LogWriter(folder, about) as log:
        log.append(1, "link:up", b"")
        log.append(2, *ACK)
        log.append(3, INFO, dumps(info))
        for step in range(5):
            for venue in venues:
                venue.change(0, 98_00, 5 + 5 * step)
                log.append(10 + step, *venue.diff())
                if step == 0:
                    venue.book[0].update(dict.fromkeys(list(venue.book[0]), 5))
                    venue.book[1].clear()
                    venue.book[1][101_00] = 20
                    log.append(11, f"rest:depth:{venue.symbol}", venue.snapshot())
    out = tmp_path / "a.tape.parquet"
    # This book has prices between the ticks that the venue says: none of it is taken.
    meta = tape_of_recording(folder, out=out, ticks={}, lots={})
    assert meta.statistics["feed_snapshots_refused"] == 1
    assert book_of(out, 0) == venues[0].book
    assert book_of(out, 1) == ({}, {})
    meta = tape_of_recording(folder, out=out, ticks={"ETHUSDT": "0.01"}, lots={})
    assert [(book.tick_units, book.lot_units) for book in meta.books] == [(1, 1), (1, 1)]
    assert [book.qty_units_per_piece for book in meta.books] == [1000, 200]
    assert book_of(out, 0) == venues[0].book
    assert book_of(out, 1) == tuple(
        {price: lots // 5 for price, lots in side.items()} for side in venues[1].book
    )


def test_what_cannot_become_a_tape_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "a.tape.parquet"
    venue = VENUES["kraken"]()
    folder = record(tmp_path / "rec", "kraken", session_of(venue).entries)
    for ticks, lots, said in (
        ({}, {"": "0.001"}, "no price and quantity step of BTC/USD"),
        ({"": "0.01"}, {}, "no price and quantity step of BTC/USD"),
        ({"": "0"}, {"": "0.001"}, "tick: found '0'"),
        ({"": "x"}, {"": "0.001"}, "tick: found 'x'"),
        ({"": "0.01"}, {"": "1/0"}, "lot: found '1/0'"),
        ({"": "0.01", "ETH/USD": "1"}, {"": "0.001"}, "a step for 'ETH/USD'"),
    ):
        with pytest.raises(InputError, match=said):
            tape_of_recording(folder, out=out, ticks=ticks, lots=lots)
    silent = record(tmp_path / "silent", "kraken", [(1, "link:up", b"")])
    with pytest.raises(InputError, match="no book and no trade"):
        tape_of_recording(silent, out=out, ticks={"": "1"}, lots={"": "1"})
    other = tmp_path / "other"
    with LogWriter(other, dumps(About(venue="mtgox", market="spot", symbols=("X",)))) as log:
        log.append(1, "ws", b"")
    with pytest.raises(InputError, match="venue: found 'mtgox'"):
        tape_of_recording(other, out=out, ticks={"": "1"}, lots={"": "1"})
    assert not out.exists()
