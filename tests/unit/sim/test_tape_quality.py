"""Each gate is past its threshold on a tape made to be wrong in exactly one way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import BadRow, InputError
from sim.tape import quality
from sim.tape.gates import FAIL, NOT_JUDGED, Thresholds, load_thresholds
from sim.tape.quality import check_tape, passes
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import START_NS, book, quiet_rows, write

Sides = dict[str, np.ndarray]
Tape = tuple[np.ndarray, Sides]
TWO_MINUTES = Thresholds(sessions=(("0s", "119s"),), session_bucket_ns=10_000_000_000)


def more(tape: Tape, count: int, step_ns: int = 1_000_000) -> Tape:
    """The tape with rows behind its end, still to be filled; each is a message."""
    rows, sides = tape
    added = np.zeros(count, TAPE_DTYPE)
    added["ts_ns"] = int(rows["ts_ns"][-1]) + step_ns * np.arange(1, count + 1)
    added["side_flags"] = RowFlag.LAST
    added["qty"] = 1 + np.arange(count) % 89
    joined = np.concatenate((rows, added))
    number = np.arange(len(joined), dtype=np.int64)
    return joined, {
        "venue_stamp_ns": joined["ts_ns"].copy(),
        "recv_delta_ns": np.concatenate(
            (sides["recv_delta_ns"], np.full(count, 1_000_000, np.int64))
        ),
        "source_seq": number,
    }


def best(rows: np.ndarray) -> tuple[int, int]:
    """Best bid and ask of the orderly tape at its end."""
    live = {}
    for row in rows:
        if row["kind"] == Kind.ADD:
            live[int(row["handle"])] = (int(row["side_flags"]) & 1, int(row["price"]))
        elif row["kind"] == Kind.DELETE:
            del live[int(row["handle"])]
    bids = [price for side, price in live.values() if side == 0]
    return max(bids), min(price for side, price in live.values() if side == 1)


def gap(tape: Tape) -> Tape:
    rows, sides = tape
    rows["ts_ns"][600:] += 61_000_000_000
    sides["venue_stamp_ns"][600:] += 61_000_000_000
    return tape


def skipped_number(tape: Tape) -> Tape:
    tape[1]["source_seq"][700:] += 1
    return tape


def repeats(tape: Tape) -> Tape:
    bid, _ = best(tape[0])
    rows, sides = more(tape, 100)
    rows["kind"][-100:], rows["price"][-100:], rows["handle"][-100:] = Kind.TRADE, bid, -1
    sides["source_seq"][-100:] = sides["source_seq"][-100]
    rows["ts_ns"][-100:], rows["qty"][-100:] = rows["ts_ns"][-1], 5
    sides["venue_stamp_ns"] = rows["ts_ns"].copy()
    return rows, sides


def late_stamps(tape: Tape) -> Tape:
    tape[1]["venue_stamp_ns"][100:1_100:20] -= 10_000_000_000
    return tape


def overlap(tape: Tape, ticks_above_ask: int) -> Tape:
    """A bid at or above the ask for a while, with other messages under way."""
    _, ask = best(tape[0])
    rows, sides = more(tape, 52)
    added = rows[-52:]
    added["kind"][0], added["kind"][-1] = Kind.ADD, Kind.DELETE
    added["handle"][[0, -1]] = 62
    added["price"][[0, -1]] = ask + ticks_above_ask * TICK_UNITS
    added["qty"][-1] = added["qty"][0]
    added["kind"][1:-1] = Kind.CROSS
    added["price"][1:-1] = ask
    added["handle"][1:-1] = -1
    return rows, sides


def crossed(tape: Tape) -> Tape:
    return overlap(tape, 1)


def locked(tape: Tape) -> Tape:
    return overlap(tape, 0)


def stale(tape: Tape) -> Tape:
    rows, sides = more(tape, 30, 21_000_000_000)
    added = rows[-30:]
    added["kind"], added["handle"], added["price"] = Kind.CROSS, -1, 1_000_000
    return rows, sides


def far_prints(tape: Tape) -> Tape:
    rows, _ = tape
    at = np.flatnonzero(rows["kind"] == Kind.TRADE)
    rows["price"][at[:5]] = 1_020_000
    return tape


def jump(tape: Tape) -> Tape:
    rows, sides = more(tape, 3)
    added = rows[-3:]
    added["kind"] = (Kind.CLEAR, Kind.ADD, Kind.ADD)
    added["handle"] = (-1, 0, 1)
    added["price"] = (0, 1_100_000, 1_100_000 + TICK_UNITS)
    added["side_flags"][2] |= RowFlag.SELL
    return rows, sides


def early_end(tape: Tape) -> Tape:
    rows, sides = tape
    return rows[:900], {name: column[:900] for name, column in sides.items()}


def slow_clock(tape: Tape) -> Tape:
    tape[1]["recv_delta_ns"] -= 2_000_000_000
    return tape


def drifting_clock(tape: Tape) -> Tape:
    rows, sides = tape
    sides["recv_delta_ns"] += (rows["ts_ns"] - START_NS) // 1_000
    return tape


def one_size(tape: Tape) -> Tape:
    tape[0]["qty"] = 5
    return tape


def deep_bids(tape: Tape, count: int, price: Callable[[int], int]) -> Tape:
    """New bids far below the touch, one to a message, some handles of their own."""
    rows, sides = more(tape, count)
    added = rows[-count:]
    added["kind"] = Kind.ADD
    added["handle"] = 64 + np.arange(count)
    added["price"] = [price(i) for i in range(count)]
    return rows, sides


def free_bids(tape: Tape) -> Tape:
    return deep_bids(tape, 40, lambda _: 0)


def one_side(tape: Tape) -> Tape:
    return deep_bids(tape, 1_300, lambda i: 900_000 + i % 100 * TICK_UNITS)


BREAKS: dict[str, Callable[[Tape], Tape]] = {
    "gaps": gap,
    "source_seq gaps": skipped_number,
    "duplicates": repeats,
    "out of order": late_stamps,
    "crossed": crossed,
    "locked": locked,
    "stale best": stale,
    "prints away from the touch": far_prints,
    "price jumps": jump,
    "missing sessions": early_end,
    "clock offset": slow_clock,
    "clock drift": drifting_clock,
    "constant columns": one_size,
    "zeros": free_bids,
    "side imbalance": one_side,
}
LONGER = {"gaps", "stale best"}
"""Tapes whose silence is their point, so that sessions are not asked about."""


def failing(path: Path, thresholds: Thresholds) -> dict[str, str]:
    """The gates past their threshold, and where the worst was."""
    gates = check_tape(path, thresholds)
    assert passes(gates) == all(gate.verdict != FAIL for gate in gates)
    return {gate.gate: gate.where for gate in gates if gate.verdict == FAIL}


@pytest.mark.parametrize("gate", BREAKS)
@pytest.mark.parametrize("chunk_rows", [7, 65_536])
def test_a_tape_that_is_wrong_in_one_way_fails_one_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str, chunk_rows: int
) -> None:
    monkeypatch.setattr("sim.tape.quality.CHUNK_ROWS", chunk_rows)
    rows, sides = BREAKS[gate](quiet_rows())
    path = write(tmp_path / "a.tape.parquet", rows, (book(handle_count=2_000),), **sides)

    found = failing(path, Thresholds() if gate in LONGER else TWO_MINUTES)

    assert [gate] == list(found)


def test_an_orderly_tape_passes_and_every_gate_is_judged(tmp_path: Path) -> None:
    rows, sides = quiet_rows()
    path = write(tmp_path / "a.tape.parquet", rows, (book(),), **sides)

    gates = check_tape(path, TWO_MINUTES)

    assert {gate.gate for gate in gates} == set(BREAKS)
    assert {gate.verdict for gate in gates} == {"ok"}


def test_prints_of_one_size_at_one_instant_are_no_duplicates_if_numbered(tmp_path: Path) -> None:
    rows, sides = repeats(quiet_rows())
    sides["source_seq"] = np.arange(len(rows))
    path = write(tmp_path / "a.tape.parquet", rows, (book(),), **sides)

    assert failing(path, TWO_MINUTES) == {}


@pytest.mark.parametrize("lost", [0, 1])
def test_a_cross_before_the_executions_of_its_instant_leaves_no_number_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    rows, sides = more(quiet_rows(), 4)
    rows["kind"][-4], rows["handle"][-4] = Kind.CROSS, -1
    rows["kind"][-3:], rows["handle"][-3:] = Kind.TRADE, -1
    rows["price"][-4:], rows["ts_ns"][-4:] = best(rows[:-4])[0], rows["ts_ns"][-1]
    sides["venue_stamp_ns"] = rows["ts_ns"].copy()
    number = int(sides["source_seq"][-4])
    sides["source_seq"][-4:] = number + np.array([3, 0, 1, 2]) + lost
    monkeypatch.setattr(quality, "CHUNK_ROWS", 3)
    path = write(tmp_path / "a.tape.parquet", rows, (book(),), **sides)

    assert ("source_seq gaps" in failing(path, TWO_MINUTES)) == bool(lost)


def test_gates_without_their_column_are_not_judged(tmp_path: Path) -> None:
    rows, _ = quiet_rows()
    path = write(tmp_path / "a.tape.parquet", rows, (book(),))

    gates = check_tape(path, Thresholds())

    assert passes(gates)
    assert {gate.gate for gate in gates if gate.verdict == NOT_JUDGED} == {
        "source_seq gaps", "out of order", "missing sessions", "clock offset", "clock drift",
    }  # fmt: skip


def test_only_continuous_trading_is_judged(tmp_path: Path) -> None:
    rows, sides = crossed(quiet_rows())
    rows["kind"][1_199], rows["handle"][1_199], rows["qty"][1_199] = Kind.PHASE, -1, 0
    path = write(tmp_path / "a.tape.parquet", rows, (book(handle_count=2_000),), **sides)

    assert failing(path, TWO_MINUTES) == {}


def test_a_book_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    rows, sides = quiet_rows()
    rows["kind"][5] = Kind.DELETE
    path = write(tmp_path / "a.tape.parquet", rows, (book(),), **sides)

    with pytest.raises(BadRow, match="tape row 5: a command on a handle that holds no order"):
        check_tape(path, Thresholds())


def test_thresholds_are_read_and_those_not_named_keep_their_default(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('gap_max = "5s"\njump_max = 1\nsessions = [["0s", "1h"]]\n', encoding="utf-8")

    found = load_thresholds(path)

    assert found == Thresholds(gap_max_ns=5_000_000_000, jump_max=1.0, sessions=(("0s", "1h"),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gap = 1", "unknown key 'gap'; allowed: gap_max, seq_gaps_max"),
        ("gap_max = 5", 'gap_max: found 5, allowed a text such as "60s"'),
        ('gap_max = "5 s"', "gap_max: found '5 s'"),
        ('jump_max = "x"', "Expected `float`"),
        ('sessions = [["0s"]]', "length 2"),
        ('session_bucket = "0s"', "found 0"),
        ("= 1", "not TOML"),
    ],
)
def test_wrong_thresholds_are_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_thresholds(path)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
