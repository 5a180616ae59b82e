"""Verification on a small invented exchange: what is equal, what differs, what is refused."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, Mode
from market.errors import InputError
from sim.arena import BookSpec
from sim.ingest.lobster import ingest_lobster
from sim.kernels import verify as kernel
from sim.tape.read import open_tape
from sim.truth import TruthFile
from sim.verify import VerifyResult, verify_rows, verify_tape
from tests.unit.sim.lobster_fixture import LAST, LEVELS, Exchange, eventful

MODES = ("frozen", "reactive")


def tape_of(exchange: Exchange, folder: Path) -> tuple[Path, Path]:
    """A tape of an exchange, and its zip."""
    source = exchange.write_zip(folder)
    out = folder / "a.tape.parquet"
    ingest_lobster(source, out=out)
    return out, source


def truth_file(folder: Path, lines: list[str]) -> Path:
    path = folder / "truth.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def changed(
    folder: Path, change: Callable[[np.ndarray], np.ndarray], mode: Mode = Mode.FROZEN
) -> VerifyResult:
    """The verdict on a tape whose rows were changed."""
    tape, source = tape_of(eventful(), folder)
    opened = open_tape(tape)
    rows = np.concatenate(list(opened.chunks())).copy()
    book = BookSpec(tick_units=100, handle_count=opened.meta.books[0].handle_count)
    blocks = TruthFile(source).blocks()
    return verify_rows([change(rows)], blocks, mode=mode, book=book, level_count=LEVELS)


@pytest.mark.parametrize("mode", MODES)
def test_every_row_is_equal_in_both_modes(tmp_path: Path, mode: str) -> None:
    tape, source = tape_of(eventful(), tmp_path)
    count = len(eventful().messages)
    told: list[tuple[int, int]] = []
    verdict = verify_tape(tape, source, mode, progress=lambda *done: told.append(done))
    assert verdict == VerifyResult(
        rows=count, rows_equal=count, first_difference=None, levels=LEVELS
    )
    assert told == [(open_tape(tape).row_count,) * 2]


def test_csv_and_gzip_and_fewer_levels_are_truth_as_well(tmp_path: Path) -> None:
    exchange = eventful()
    tape, _ = tape_of(exchange, tmp_path)
    best = [",".join(line.split(",")[:4]) for line in exchange.truths]
    packed = tmp_path / "bbo.csv.gz"
    packed.write_bytes(gzip.compress("\n".join(best).encode()))
    for path, levels in ((truth_file(tmp_path, exchange.truths), LEVELS), (packed, 1)):
        verdict = verify_tape(tape, path, "frozen")
        assert verdict.levels == levels
        assert verdict.rows_equal == verdict.rows == len(exchange.truths)


def test_a_different_row_is_named_and_later_equal_rows_count(tmp_path: Path) -> None:
    exchange = eventful()
    tape, _ = tape_of(exchange, tmp_path)
    for row, column in ((4, 7), (9, 0)):
        fields = exchange.truths[row].split(",")
        fields[column] = "77"
        exchange.truths[row] = ",".join(fields)
    found = eventful().truths[4].split(",")[7]
    verdict = verify_tape(tape, truth_file(tmp_path, exchange.truths), "frozen")
    assert verdict.rows_equal == verdict.rows - 2
    assert verdict.first_difference == (
        f"row 5: level 2 bid lots: the tape's book has {found}, the truth 77"
    )


def test_a_truth_of_another_length_differs_at_its_end(tmp_path: Path) -> None:
    exchange = eventful()
    tape, _ = tape_of(exchange, tmp_path)
    count = len(exchange.truths)
    longer = verify_tape(
        tape, truth_file(tmp_path, [*exchange.truths, "1,1,1,1,1,1,1,1,1,1,1,1"]), "frozen"
    )
    assert (longer.rows, longer.rows_equal) == (count + 1, count)
    assert longer.first_difference == (
        f"the tape ends after {count} source messages, the truth has 1 more rows"
    )
    shorter = verify_tape(tape, truth_file(tmp_path, exchange.truths[:-2]), "frozen")
    assert (shorter.rows, shorter.rows_equal) == (count, count - 2)
    assert shorter.first_difference == (
        f"the truth ends after {count - 2} rows, the tape has 2 more source messages"
    )


def test_a_row_that_the_book_refuses_is_the_difference(tmp_path: Path) -> None:
    def kill_twice(rows: np.ndarray) -> np.ndarray:
        at = int(np.flatnonzero(rows["kind"] == Kind.DELETE)[0])
        return np.concatenate((rows[: at + 1], rows[at:]))

    verdict = changed(tmp_path, kill_twice)
    assert verdict.rows == len(eventful().truths)
    assert verdict.rows_equal < verdict.rows
    assert verdict.first_difference is not None
    assert verdict.first_difference.startswith("tape row 15: a command on a handle that holds no")


@pytest.mark.parametrize("mode", list(Mode))
def test_a_missing_row_is_found(tmp_path: Path, mode: Mode) -> None:
    def lose_add(rows: np.ndarray) -> np.ndarray:
        ends = np.flatnonzero((rows["kind"] == Kind.ADD) & (rows["side_flags"] == LAST))
        return np.delete(rows, ends[0])

    verdict = changed(tmp_path, lose_add, mode)
    assert verdict.first_difference is not None
    assert verdict.first_difference.startswith("row 2:")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "found 0 columns in row 1"),
        (b"1,2,3\n", "found 3 columns in row 1"),
        (b"1,2,3,4\n1,2,3\n", "Row #2: Expected 4 columns, got 3"),
        (b"1,2,3,4\n1,2,x,4\n", "invalid value 'x'"),
        (b"1,2,3,4\n1,2,,4\n", "invalid value ''"),
        (b"1,2,3,4\n\n1,2,3,4\n", "invalid value ''"),
        (b"1,2,3,4.5\n", "invalid value '4.5'"),
        (b"1,2,3,99999999999999999999\n", "invalid value '9999"),
        (b"\x00\xff,\xfe,\x01,\x02\n", "invalid value"),
    ],
)
def test_a_file_that_is_no_orderbook_is_refused_in_one_line(
    tmp_path: Path, content: bytes, word: str
) -> None:
    tape, _ = tape_of(eventful(), tmp_path)
    path = tmp_path / "truth.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        verify_tape(tape, path, "frozen")
    text = str(caught.value)
    assert text.startswith(f"{path}: found")
    assert word in text
    assert ", allowed " in text
    assert "\n" not in text


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    tape, source = tape_of(eventful(), tmp_path)
    whole = source.read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(gzip.compress("\n".join(eventful().truths).encode())[:-12])
    named = tmp_path / "named.csv.gz"
    named.write_bytes(b"1,2,3,4\n")
    for path in (cut, torn, named, tmp_path / "missing.csv", tmp_path):
        with pytest.raises(InputError, match="allowed"):
            verify_tape(tape, path, "frozen")


def test_an_unknown_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found mode 'fast', allowed 'frozen' or 'reactive'"):
        verify_tape(tmp_path / "a", tmp_path / "b", "fast")


def test_the_kernel_is_compiled_once(tmp_path: Path) -> None:
    for mode in MODES:
        verify_tape(*tape_of(eventful(), tmp_path), mode)
    assert len(getattr(kernel.verify, "signatures", [()])) == 1
