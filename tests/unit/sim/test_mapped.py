"""Users' own columns: every kind of source, exact numbers, and errors that name the line."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.codes import Kind, RowFlag
from market.errors import InputError
from sim.ingest.mapped import OUTCOMES, ingest_mapped
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.mapped_fixture import L1_MAP, L2_MAP, L3_MAP, L3_TEXT, TRADES_MAP

LAST, SELL, KEEP, UNKNOWN = (
    int(flag) for flag in (RowFlag.LAST, RowFlag.SELL, RowFlag.KEEP_PRIORITY, RowFlag.SIDE_UNKNOWN)
)


def ingest(folder: Path, map_text: str, text: str, **options: int) -> TapeMeta:
    (folder / "map.toml").write_text(map_text)
    (folder / "my.csv").write_text(text)
    return ingest_mapped(
        folder / "my.csv",
        map_file=folder / "map.toml",
        out=folder / "a.tape.parquet",
        form="csv",
        **options,
    )


def rows_of(folder: Path) -> list[tuple[int, ...]]:
    """Kind, flags, handle, price, quantity."""
    tape = open_tape(folder / "a.tape.parquet")
    verify_digest(tape)
    return [
        tuple(int(row[name]) for name in ("kind", "side_flags", "handle", "price", "qty"))
        for rows in tape.chunks()
        for row in rows
    ]


def test_order_events_become_named_rows(tmp_path: Path) -> None:
    meta = ingest(tmp_path, L3_MAP, L3_TEXT)
    assert rows_of(tmp_path) == [
        (Kind.ADD, LAST, 0, 10_000, 5),
        (Kind.ADD, LAST, 1, 9_950, 8),
        (Kind.ADD, LAST | SELL, 2, 10_050, 4),
        (Kind.EXECUTE, LAST, 0, 10_000, 2),
        (Kind.TRADE, LAST | SELL, -1, 9_975, 1),
        (Kind.REDUCE, LAST | SELL, 2, 10_050, 1),
        (Kind.REPLACE, LAST, 1, 10_000, 6),
        (Kind.REPLACE, LAST | KEEP, 1, 10_000, 4),
        (Kind.DELETE, LAST, 0, 10_000, 3),
        (Kind.ADD, LAST, 0, 10_000, 1),
        (Kind.DELETE, LAST | SELL, 2, 10_050, 3),
        (Kind.CLEAR, LAST, -1, 0, 0),
        (Kind.ADD, LAST, 0, 9_900, 1),
    ]
    counts = meta.statistics
    assert (counts["rows"], counts["applied_rows"], counts["ignored_rows"]) == (14, 13, 1)
    assert counts["bad_rows"] == counts["crossing_adds"] == 0
    book = meta.book(0)
    assert (book.price_units_per_currency, book.tick_units, book.handle_count) == (1_000, 50, 3)
    assert (book.symbol, book.venue, book.currency, book.depth) == ("TOY", "HERE", "EUR", "L3")
    _, sides = next(open_tape(tmp_path / "a.tape.parquet").chunks_with_sides())
    assert sides["source_seq"].tolist() == [*range(1, 8), *range(9, 15)]


def test_quantity_may_be_what_is_left(tmp_path: Path) -> None:
    text = "when,seq,id,what,way,price,size\n1,1,a,NEW,B,10.00,5\n2,2,a,FILL,,,3\n3,3,a,SHRINK,,,3\n4,4,a,FILL,,,0\n"
    meta = ingest(tmp_path, L3_MAP.replace('"change"', '"left"'), text)
    assert rows_of(tmp_path) == [
        (Kind.ADD, LAST, 0, 10_000, 5),
        (Kind.EXECUTE, LAST, 0, 10_000, 2),
        (Kind.EXECUTE, LAST, 0, 10_000, 3),
    ]
    assert meta.statistics["ignored_rows"] == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2.0000001,9,n,NEW,B,10,5", "found time '2.0000001', allowed whole nanoseconds"),
        ("9999999999999999,9,n,NEW,B,10,5", "allowed up to the year 2116"),
        ("2,9,a1,NEW,B,10.00,5", "found a new order 'a1', allowed an id that is not alive"),
        ("2,9,,NEW,B,10.00,5", "found a new order ''"),
        ("2,9,z,FILL,B,10.00,5", "found order 'z', allowed one that is alive"),
        ("2,9,a1,FILL,S,10.00,5", "found another side of order 'a1', allowed its own"),
        ("2,9,a1,FILL,B,10.00,6", "found 6 lots, allowed at most the order's 5"),
        ("2,9,n,NEW,B,10.01,5", "found a price of 10010 units, allowed multiples of 50 × 0.001"),
        ("2,9,n,NEW,B,10.0001,5", "found '10.0001', allowed multiples of 0.001"),
        ("2,9,n,NEW,B,1e3,5", "found '1e3', allowed a plain decimal number"),
        ("2,9,n,NEW,B,-10,5", "found '-10', allowed a plain decimal number"),
        ("2,9,n,NEW,B,0,5", "found price '0', allowed above 0"),
        ("2,9,n,NEW,B,10,0", "found quantity '0', allowed at least 1 lot"),
        ("2,9,n,NEW,B,10,0.5", "found '0.5', allowed multiples of 1"),
        ("2,9,n,NEW,X,10,5", "found 'X', allowed B, S"),
        ("2,9,n,OLD,B,10,5", "found 'OLD', allowed NEW, SHRINK"),
        ("0,9,n,NEW,B,10,5", "found time '0', allowed none before the row before"),
        ("soon,9,n,NEW,B,10,5", "found time 'soon', allowed a plain decimal number"),
        ("2,-9,n,NEW,B,10,5", "found sequence '-9', allowed a whole number"),
        ("2,9,n,NEW,B,10", "found 6 columns, allowed 7"),
        ('2,9,"n,NEW,B,10', "found quotes that don't fit"),
    ],
)
def test_bad_row_is_named_counted_and_changes_nothing(tmp_path: Path, row: str, words: str) -> None:
    text = f"when,seq,id,what,way,price,size\n1,1,a1,NEW,B,10.00,5\n{row}\n3,10,a1,GONE,,,\n"
    with pytest.raises(InputError, match=r"^my\.csv:3: ") as caught:
        ingest(tmp_path, L3_MAP, text)
    assert words in str(caught.value)
    assert not (tmp_path / "a.tape.parquet").exists()
    meta = ingest(tmp_path, L3_MAP, text, max_bad=1)
    assert (meta.statistics["rows"], meta.statistics["bad_rows"]) == (3, 1)
    assert rows_of(tmp_path) == [
        (Kind.ADD, LAST, 0, 10_000, 5),
        (Kind.DELETE, LAST, 0, 10_000, 5),
    ]


def test_levels_of_one_sequence_are_one_message(tmp_path: Path) -> None:
    text = (
        "t;q;s;p;n;sym\n"
        "2024-03-01T10:00:00.5;7;bid;100;1.50;A\n"
        "2024-03-01T10:00:00.5;7;ask;101;2.00;A\n"
        "2024-03-01T10:00:00.5;7;ask;101;2.00;B\n"
        "2024-03-01 10:00:01.000000001+01:00;8;bid;100;0;A\n"
        "2024-03-01T10:00:02Z;9;bid;100;0;A\n"
        "2024-03-01T10:00:02Z;9;ask;102.5;0.01;A\n"
    )
    meta = ingest(tmp_path, L2_MAP, text)
    assert rows_of(tmp_path) == [
        (Kind.LEVEL, 0, 0, 1_000, 150),
        (Kind.LEVEL, LAST | SELL, 1, 1_010, 200),
        (Kind.LEVEL, LAST, 0, 1_000, 0),
        (Kind.LEVEL, LAST | SELL, 0, 1_025, 1),
    ]
    counts = meta.statistics
    assert (counts["other_symbols"], counts["void_removals"], counts["rows"]) == (1, 1, 6)
    assert counts["rows"] == counts["bad_rows"] + sum(counts[name] for name in OUTCOMES)
    rows = next(open_tape(tmp_path / "a.tape.parquet").chunks())
    # New York is five hours behind in winter; the offset and the Z speak for themselves.
    assert rows["ts_ns"].tolist() == [1_709_305_200_500_000_000] * 4
    assert meta.session_date == "2024-03-01"
    assert meta.statistics["times_clamped"] == 3


def test_rows_of_one_sequence_share_a_time(tmp_path: Path) -> None:
    text = "t;q;s;p;n;sym\n2024-03-01T10:00:00;7;bid;100;1;A\n2024-03-01T10:00:01;7;bid;99;1;A\n"
    with pytest.raises(InputError, match=r"my\.csv:3: found sequence 7 at two times"):
        ingest(tmp_path, L2_MAP, text)


def test_quotes_set_both_sides_and_may_be_empty(tmp_path: Path) -> None:
    text = "1000.25,1000.5,99990,3,,\n1001,1002,99990,2,100010,7\n1002,1003,99980,0,100010,7\n"
    meta = ingest(tmp_path, L1_MAP, text)
    assert rows_of(tmp_path) == [
        (Kind.QUOTE, 0, 0, 99_990, 300),
        (Kind.QUOTE, LAST | SELL, 1, 0, 0),
        (Kind.QUOTE, 0, 0, 99_990, 200),
        (Kind.QUOTE, LAST | SELL, 1, 100_010, 700),
        (Kind.QUOTE, 0, 0, 0, 0),
        (Kind.QUOTE, LAST | SELL, 1, 100_010, 700),
    ]
    assert (meta.book(0).depth, meta.book(0).handle_count) == ("L1", 2)
    assert (meta.book(0).lot_units, meta.book(0).price_units_per_currency) == (1, 10_000)
    rows, sides = next(open_tape(tmp_path / "a.tape.parquet").chunks_with_sides())
    assert rows["ts_ns"][0] == 1_000_250_000_000
    assert sides["recv_delta_ns"][0] == 250_000_000


def test_parquet_numbers_are_exact(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TRADES_MAP)
    stamps = pa.array([1_700_000_000_000_001, 1_700_000_000_000_002], pa.timestamp("us"))
    for prices in (
        pa.array([10.1, 0.3]),
        pa.array([Decimal("10.10"), Decimal("0.30")]),
        pa.array(["10.1", "0.3"]),
    ):
        table = pa.table(
            {"t": stamps, "p": prices, "n": pa.array([3, 4]), "s": pa.array(["b", None])}
        )
        pq.write_table(table, tmp_path / "my.parquet")
        out = tmp_path / "a.tape.parquet"
        meta = ingest_mapped(
            tmp_path / "my.parquet", map_file=tmp_path / "map.toml", out=out, form="parquet"
        )
        assert rows_of(tmp_path) == [
            (Kind.TRADE, LAST, -1, 1_010, 3),
            (Kind.TRADE, LAST | UNKNOWN, -1, 30, 4),
        ]
        assert meta.statistics["rows"] == 2
        assert next(open_tape(out).chunks())["ts_ns"][0] == 1_700_000_000_000_001_000


def test_parquet_that_is_none_or_lacks_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TRADES_MAP)
    path, out = tmp_path / "my.parquet", tmp_path / "a.tape.parquet"
    pq.write_table(pa.table({"t": pa.array([1])}), path)
    for words in ("found 0 columns 'p'", "isn't readable Parquet", "found no such file"):
        with pytest.raises(InputError, match=words):
            ingest_mapped(path, map_file=tmp_path / "map.toml", out=out, form="parquet")
        if "columns" in words:
            path.write_bytes(b"PAR1 and nothing else")
        else:
            path.unlink(missing_ok=True)
    assert not out.exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "l3"', 'kind = "l4"', "Invalid enum value 'l4'"),
        ('kind = "l3"', 'kind = "l1"', "found price, not allowed of kind l1"),
        ('order_id = "id"', "", "found no order_id, required of kind l3"),
        ('order_id = "id"', 'order_id = "id"\nowner = "x"', "unknown field `owner`"),
        ('order_id = "id"', "order_id = ", "Invalid value"),
        ('tick = "0.05"', "tick = 0.05", "Expected `str`, got `float`"),
        ('tick = "0.05"', 'tick = "0"', "instrument.tick: found '0', allowed 1 to"),
        ('lot = "1"', 'lot = "x"', "instrument.lot: found 'x', allowed a plain decimal"),
        ("price_decimals = 3", "price_decimals = 13", "found price_decimals 13, allowed 0 to 12"),
        ('unit = "ms"', 'unit = "native"', "found the time unit native in a csv"),
        ('unit = "ms"', 'unit = "ms"\ntimezone = "Moon"', "found the timezone 'Moon'"),
        ('buy = ["B"]', 'buy = ["S"]', "found the side value 'S' twice"),
        ('buy = ["B"]', "buy = []", "found no values for one side"),
        ('add = ["NEW"]', 'add = ["NEW", "GONE"]', "found the action value 'GONE' twice"),
        ('add = ["NEW"]', 'level = ["NEW"]', "found action level, allowed of kind l3: add"),
        ('column = "size"', 'column = "size"\nscale = "0.1"', "found the scale '0.1', allowed 1"),
        ('column = "size"', 'column = "size"\nscale = "3"', "found the scale '3', allowed 1"),
        ('sequence = "seq"', 'one_message = "sequence"', "without a sequence column"),
        ('column = "what"', 'column = "wat"', "found 0 columns 'wat', allowed one of: when"),
        ("[side]", '[file]\ndelimiter = ",,"\n[side]', "found the delimiter ',,'"),
        ("[side]", "[bid.price]\n[side]", "map.toml: found a map that can't be used"),
    ],
)
def test_wrong_map_is_refused_in_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in L3_MAP
    with pytest.raises(InputError) as caught:
        ingest(tmp_path, L3_MAP.replace(old, new, 1), L3_TEXT)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.tape.parquet").exists()


def test_map_that_is_not_there_and_file_without_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("")
    with pytest.raises(InputError, match="found no readable map"):
        ingest_mapped(
            tmp_path / "my.csv",
            map_file=tmp_path / "none.toml",
            out=tmp_path / "a.tape.parquet",
            form="csv",
        )
    with pytest.raises(InputError, match=r"my\.csv:1: found 0 columns"):
        ingest(tmp_path, L3_MAP, "")
    with pytest.raises(InputError, match="found no rows that apply"):
        ingest(tmp_path, L3_MAP, L3_TEXT.splitlines()[0])


@pytest.mark.parametrize(
    "text",
    ["2024-03-01", "2024-13-01T10:00:00", "2024-03-01T10:00:00.1234567890", "1969-01-01T00:00:00Z"],
)
def test_time_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"my\.csv:2: found time"):
        ingest(tmp_path, L2_MAP, f"t;q;s;p;n;sym\n{text};7;bid;100;1;A\n")
