"""One changed row of the tape is found whenever a visible level changes, and never otherwise."""

import random
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from market.codes import Mode, RowFlag
from sim.arena import BookSpec
from sim.tape.read import Tape
from sim.verify import VerifyResult, verify_rows
from tests.truth.mutation import ContradictionError, Finding, PlainBook, Replay, Row, judge

pytestmark = pytest.mark.truth

PER_KIND = 150
TICK = 100
Mutation = Callable[[list[Row], int, random.Random, int], list[Row]]


def with_column(row: Row, column: int, value: int) -> Row:
    changed = list(row)
    changed[column] = value
    return tuple(changed)  # type: ignore[return-value]


def drop(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    return rows[:at] + rows[at + 1 :]


def duplicate(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    return rows[: at + 1] + rows[at:]


def swap(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    """The row changes places with the next one; the times stay, so that they never go back."""
    one, two = rows[at], rows[at + 1]
    return [*rows[:at], (one[0], *two[1:]), (two[0], *one[1:]), *rows[at + 2 :]]


def side(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    return [*rows[:at], with_column(rows[at], 6, rows[at][6] ^ RowFlag.SELL), *rows[at + 1 :]]


def price(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    moved = rows[at][1] + TICK * draw.choice((-1, 1)) * draw.randint(1, 50)
    return [*rows[:at], with_column(rows[at], 1, moved), *rows[at + 1 :]]


def quantity(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    qty = rows[at][2]
    other = draw.choice([lots for lots in range(1, abs(qty) + 101) if lots != abs(qty)])
    return [*rows[:at], with_column(rows[at], 2, other if qty > 0 else -other), *rows[at + 1 :]]


def handle(rows: list[Row], at: int, draw: random.Random, handles: int) -> list[Row]:
    other = draw.choice([h for h in range(handles) if h != rows[at][3]])
    return [*rows[:at], with_column(rows[at], 3, other), *rows[at + 1 :]]


MUTATIONS: tuple[Mutation, ...] = (drop, duplicate, swap, side, price, quantity, handle)


@pytest.fixture(scope="module")
def rows(goog_rows: np.ndarray) -> list[Row]:
    return goog_rows.tolist()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def starts(rows: list[Row]) -> np.ndarray:
    """First row of each source message; the snapshot belongs to the first one."""
    compared = [row[6] & (RowFlag.LAST | RowFlag.SNAPSHOT) == RowFlag.LAST for row in rows[:-1]]
    return np.concatenate(([0], np.flatnonzero(compared) + 1))


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_changed_row_is_found_when_a_visible_level_changes(
    goog_rows: np.ndarray,
    goog_truth: np.ndarray,
    goog_tape: Tape,
    rows: list[Row],
    starts: np.ndarray,
    mutate: Mutation,
) -> None:
    name = mutate.__name__
    draws = [random.Random(f"mutation/{name}/{i}") for i in range(PER_KIND)]
    places = sorted((draw.randrange(len(rows) - 1), i) for i, draw in enumerate(draws))
    handles = goog_tape.meta.books[0].handle_count
    original = Replay(rows, 0, PlainBook())
    findings: Counter[Finding] = Counter()
    for at, i in places:
        start = int(starts[np.searchsorted(starts, at, side="right") - 1])
        while original.at < start:
            original.step()
        changed = mutate(rows, at, draws[i], handles)
        finding = judge(rows, changed, start, original.book)
        findings[finding] += 1
        verdict = verified(goog_rows, changed, (start, at), goog_truth, handles, Mode(i % 2))
        case = f"{name} of row {at}: {finding.value}, verify says {verdict.first_difference}"
        if finding is Finding.NOTHING:
            assert verdict.rows == verdict.rows_equal == len(goog_truth), case
        else:
            assert verdict.first_difference is not None, case
            assert verdict.rows_equal < verdict.rows, case
    excluded = findings[Finding.NOTHING]
    print(
        f"\n{name}: {PER_KIND} changes, {PER_KIND - excluded} found "
        f"({findings[Finding.VISIBLE]} visible, {findings[Finding.REFUSED]} contradictions, "
        f"{findings[Finding.COUNT]} counts), {excluded} excluded as invisible"
    )
    assert findings.total() == PER_KIND
    assert excluded < PER_KIND


def verified(
    original: np.ndarray,
    changed: list[Row],
    place: tuple[int, int],
    truth: np.ndarray,
    handles: int,
    mode: Mode,
) -> VerifyResult:
    """The verdict on a changed tape, of which only the rows near the change are built anew."""
    start, at = place
    offset = len(changed) - len(original)
    near = np.array(changed[start : at + 100], dtype=original.dtype)
    behind = original[start + len(near) - offset :]
    spec = BookSpec(tick_units=TICK, handle_count=handles)
    pieces = (original[:start], near, behind)
    return verify_rows(pieces, [truth], mode=mode, book=spec, level_count=truth.shape[1] // 4)


def test_the_plain_replay_knows_a_contradiction() -> None:
    row: Row = (0, 100, 5, 0, 0, 1, 2)
    replay = Replay([row, row], 0, PlainBook())
    assert replay.step()
    with pytest.raises(ContradictionError):
        replay.step()
