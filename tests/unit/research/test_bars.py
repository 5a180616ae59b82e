"""Bars of a tape: the mid at whole multiples of a length, and the same as the desk's own."""

from pathlib import Path

import numpy as np
import pytest

from market.errors import InputError
from research import bars as module
from research.bars import read_bars
from tests.unit.research.quote_tape import SECOND_NS, START_NS, quote_tape, regime_quotes


def at(seconds: float) -> int:
    return START_NS + int(seconds * SECOND_NS)


def test_worked_example(tmp_path: Path) -> None:
    # Ends of bars and the mid just before them: 1 s: 200, 2 s: 201, 3 s: 201, 4 s: 198, 5 s: 198.
    tape = quote_tape(
        tmp_path / "a.tape.parquet",
        [
            (at(0.5), 199, 201),
            (at(1.0), 200, 202),  # on the first end, so in the second bar
            (at(1.2), 100, 400),
            (at(1.9), 200, 202),
            (at(3.1), 0, 202),  # one-sided: has no mid
            (at(3.2), 197, 199),
            (at(5.0), 300, 302),
        ],
    )

    bars = read_bars(tape, SECOND_NS)

    assert bars.changes.tolist() == [2 / 400, 0.0, -6 / 402, 0.0]
    assert (bars.start_ns, bars.end_ns, bars.bar_ns) == (at(1), at(5), SECOND_NS)
    assert bars.book == "0 S@X"


def test_bars_begin_with_the_first_mid(tmp_path: Path) -> None:
    tape = quote_tape(
        tmp_path / "a.tape.parquet", [(at(0.5), 0, 0), (at(2.5), 99, 101), (at(4.5), 99, 103)]
    )

    bars = read_bars(tape, SECOND_NS)

    assert (bars.start_ns, bars.changes.tolist()) == (at(3), [0.0])


@pytest.mark.parametrize("chunk", [2, 4, 6, 64])
def test_chunks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    tape = quote_tape(tmp_path / "a.tape.parquet", regime_quotes(40))
    whole = read_bars(tape, 3 * SECOND_NS)

    monkeypatch.setattr(module, "CHUNK_ROWS", chunk)
    seen: list[tuple[int, int]] = []
    cut = read_bars(tape, 3 * SECOND_NS, progress=lambda done, total: seen.append((done, total)))

    assert cut.start_ns == whole.start_ns
    assert np.array_equal(cut.changes, whole.changes)
    assert seen[-1] == (80, 80)


def test_a_training_window_ends_with_its_last_whole_bar(tmp_path: Path) -> None:
    bars = read_bars(quote_tape(tmp_path / "a.tape.parquet", regime_quotes(40)), SECOND_NS)

    part = bars.before(bars.start_ns + 10 * SECOND_NS + 999_999_999)

    assert part.end_ns == bars.start_ns + 10 * SECOND_NS
    assert np.array_equal(part.changes, bars.changes[:10])
    assert len(bars.before(0).changes) == 0
    assert np.array_equal(bars.before(bars.end_ns + 10**12).changes, bars.changes)


def test_one_book_of_several_is_named(tmp_path: Path) -> None:
    tape = quote_tape(tmp_path / "a.tape.parquet", regime_quotes(10), book_id=1, books=2)

    assert read_bars(tape, SECOND_NS, book_id=1).book == "1 S@X"
    with pytest.raises(InputError, match="found no book named, allowed is one of 0, 1"):
        read_bars(tape, SECOND_NS)
    with pytest.raises(InputError, match="found book 2, allowed is one of 0, 1"):
        read_bars(tape, SECOND_NS, book_id=2)
    with pytest.raises(InputError, match="found no bar of 1s with a mid at both ends"):
        read_bars(tape, SECOND_NS, book_id=0)


def test_a_length_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    tape = quote_tape(tmp_path / "a.tape.parquet", regime_quotes(10))

    with pytest.raises(InputError, match="allowed are at most 10,000,000 of them"):
        read_bars(tape, 0)
    with pytest.raises(InputError, match="allowed are at most 10,000,000 of them"):
        read_bars(tape, 100)
    with pytest.raises(InputError, match="found no bar of 20s"):
        read_bars(tape, 20 * SECOND_NS)
