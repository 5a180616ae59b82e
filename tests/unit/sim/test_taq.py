"""Consolidated quotes and trades to best prices and prints, on an invented morning."""

from collections.abc import Callable
from pathlib import Path

import pytest

from market.codes import Kind
from market.errors import InputError
from sim.ingest.taq import ingest_taq
from sim.ingest.venue_shares import venue_shares
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.taq_fixture import (
    LAST,
    MAYBE_BAD,
    QUOTES,
    SELL,
    SIDE_UNKNOWN,
    TRADES,
    assert_counted,
    rows_of,
    write_csv,
    write_gzip,
    write_zip,
)

Q, T = Kind.QUOTE, Kind.TRADE
PRINT = SIDE_UNKNOWN | LAST


@pytest.mark.parametrize("write", [write_csv, write_gzip, write_zip])
def test_quotes_and_trades_become_one_book(
    tmp_path: Path, write: Callable[[Path], tuple[Path, Path]]
) -> None:
    quotes, trades = write(tmp_path)
    out = tmp_path / "a.tape.parquet"
    done: list[tuple[int, int]] = []
    meta = ingest_taq(quotes, trades=trades, out=out, progress=lambda *at: done.append(at))
    verify_digest(open_tape(out))
    assert_counted(meta, out, 13)
    assert done[-1][0] == done[-1][1]
    assert rows_of(out) == [
        (34_200_000, Q, SELL | LAST, 1, 500_200, 300, 1, "Q"),
        (34_200_050, T, PRINT, -1, 500_200, 50, 1, "Q"),
        (34_200_100, Q, 0, 0, 500_000, 200, 2, "N"),
        (34_200_100, Q, SELL | LAST, 1, 500_200, 300, 3, "Q"),
        (34_200_250, Q, MAYBE_BAD, 0, 500_100, 100, 4, "P"),
        (34_200_250, Q, SELL | LAST, 1, 500_200, 500, 5, "N"),
        (34_200_250, T, PRINT, -1, 500_150, 75, 2, "D"),
        (34_200_300, Q, 0, 0, 499_900, 100, 6, "Z"),
        (34_200_300, Q, SELL | LAST, 1, 500_300, 100, 6, "Z"),
        (34_200_300, T, PRINT | MAYBE_BAD, -1, 500_000, 100, 3, "N"),
        (34_200_400, Q, LAST, 0, 500_000, 700, 7, "N"),
        (34_200_450, Q, 0, 0, 500_000, 600, 8, "N"),
        (34_200_450, Q, SELL | LAST, 1, 500_100, 100, 9, "K"),
        (34_200_500, T, PRINT, -1, 500_100, 25, 4, "D"),
    ]
    counts = meta.statistics
    assert (counts["quotes_conditioned"], counts["trades_conditioned"]) == (1, 1)
    assert counts["suspicious"] == 2


def test_metadata_says_that_the_book_is_consolidated(tmp_path: Path) -> None:
    quotes, trades = write_zip(tmp_path)
    meta = ingest_taq(quotes, trades=trades, out=tmp_path / "a.tape.parquet")
    book = meta.book(0)
    assert (book.symbol, book.venue, book.currency, book.depth) == (
        "ABC", "CONSOLIDATED", "USD", "L1",
    )  # fmt: skip
    assert (book.price_units_per_currency, book.tick_units, book.handle_count) == (10_000, 100, 2)
    assert meta.session_date == "2020-02-03"


def test_quotes_alone_are_a_tape(tmp_path: Path) -> None:
    quotes, _ = write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    meta = ingest_taq(quotes, out=out)
    assert_counted(meta, out, 9)


def test_venue_shares_add_up(tmp_path: Path) -> None:
    quotes, trades = write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    ingest_taq(quotes, trades=trades, out=out)
    assert venue_shares(out) == {"D": 100 / 250, "N": 100 / 250, "Q": 50 / 250}
    assert venue_shares(out, exclude="D") == {"N": 100 / 150, "Q": 50 / 150}
    with pytest.raises(InputError, match="found no traded volume"):
        venue_shares(out, exclude="DNQ")


BAD_QUOTES: list[tuple[str, str, str]] = [
    (",N,1,0", ",N,1", "found 7 columns, allowed 8"),
    ("34200100", "", "found '' as time, allowed a whole number"),
    ("34200100", "34199999", "found 34199999 ms after midnight, allowed 34200000"),
    ("34200100", "86400000", "found 86400000 ms after midnight"),
    ("500000,200", "-500000,200", "found '-500000' as bid price, allowed a whole number"),
    ("500000,200", "500050,200", "found a bid of 200 at price 500050, allowed 0 at 0"),
    ("500000,200", "0,200", "found a bid of 200 at price 0"),
    ("500000,200", "0,0", "found neither a bid nor an ask"),
    (",N,1,0", ",n,1,0", "found 'n' as venue, allowed one capital letter"),
    (",N,1,0", ",N,G,0", "found 'G' as condition, allowed a hexadecimal number"),
    (",N,1,0", ",N,1,2", "found '2' as suspicious, allowed 0 or 1"),
]


@pytest.mark.parametrize(("old", "new", "words"), BAD_QUOTES)
def test_bad_quote_is_named_or_counted(tmp_path: Path, old: str, new: str, words: str) -> None:
    lines = QUOTES.splitlines()
    assert old in lines[1]
    lines[1] = lines[1].replace(old, new, 1)
    quotes, trades = write_csv(tmp_path, "\n".join(lines) + "\n")
    out = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match=f"^abc_20200203_quote.csv:2: {words}"):
        ingest_taq(quotes, trades=trades, out=out)
    assert not out.exists()
    notes: list[str] = []
    meta = ingest_taq(quotes, trades=trades, out=out, max_bad=1, warn=notes.append)
    assert meta.statistics["bad_rows"] == len(notes) == 1
    assert_counted(meta, out, 13)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",D,", ",", "found 5 columns, allowed 6"),
        ("500150,75", "0,75", "found 75 at price 0, allowed sizes and prices above 0"),
        ("500150,75", "500150,0", "found 0 at price 500150"),
        ("2000002A", "", "found '' as condition"),
    ],
)
def test_bad_trade_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    quotes, trades = write_csv(tmp_path, trades=TRADES.replace(old, new, 1))
    with pytest.raises(InputError, match=f"^abc_20200203_trade.csv:2: {words}"):
        ingest_taq(quotes, trades=trades, out=tmp_path / "a.tape.parquet")


def test_print_may_lie_off_the_grid(tmp_path: Path) -> None:
    quotes, trades = write_csv(tmp_path, trades=TRADES.replace("500150", "500155"))
    out = tmp_path / "a.tape.parquet"
    ingest_taq(quotes, trades=trades, out=out)
    assert 500_155 in [row[4] for row in rows_of(out)]


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    quotes, trades = write_csv(tmp_path)
    out = tmp_path / "a.tape.parquet"
    with pytest.raises(InputError, match="found a source file to write to"):
        ingest_taq(quotes, trades=trades, out=quotes)
    with pytest.raises(InputError, match="found a name without date, ticker and 'trade'"):
        ingest_taq(quotes, trades=quotes, out=out)
    other = trades.rename(tmp_path / "abc_20200204_trade.csv")
    with pytest.raises(InputError, match="found ABC on 2020-02-04, allowed ABC on 2020-02-03"):
        ingest_taq(quotes, trades=other, out=out)
    with pytest.raises(InputError, match="found no such file"):
        ingest_taq(tmp_path / "abc_20200203_quote.zip", out=out)
    empty, _ = write_csv(tmp_path, "")
    with pytest.raises(InputError, match="found no rows"):
        ingest_taq(empty, out=out)
    assert not out.exists()
