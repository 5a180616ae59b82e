"""A cross comes before the executions of its shares, whatever pieces the rows come in."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from sim.ingest import cross_order
from sim.ingest.cross_order import UNTOLD, CrossOrder

ADD, REDUCE, EXECUTE, CROSS = Kind.ADD, Kind.REDUCE, Kind.EXECUTE, Kind.CROSS
REVEAL = Kind.REVEAL

Told = tuple[int, int, int]
"""Instant, book and kind; the row's number is its quantity and its source message."""


def tape(told: list[Told]) -> np.ndarray:
    rows = np.zeros(len(told), TAPE_DTYPE)
    for number, (ts_ns, book_id, kind) in enumerate(told):
        rows[number] = (ts_ns, 0, number, 0, book_id, kind, RowFlag.LAST)
    return rows


def ordered(rows: np.ndarray, order: CrossOrder, pieces: list[int] | None = None) -> np.ndarray:
    """All rows in their new order; source messages must have gone along."""
    cuts = [0, *sorted(pieces or []), len(rows)]
    out = []
    for begin, end in pairwise(cuts):
        out.append(order.take(rows[begin:end], rows["qty"][begin:end]))
    out.append(order.finish())
    found = np.concatenate([piece for piece, _ in out])
    assert np.concatenate([seqs for _, seqs in out]).tolist() == found["qty"].tolist()
    return found


def short(rows: np.ndarray) -> list[tuple[int, Kind]]:
    """Number and kind of each row."""
    return [(int(row["qty"]), Kind(row["kind"])) for row in rows]


def test_the_row_of_a_cross_goes_before_its_shares_which_are_executions() -> None:
    order = CrossOrder(UNTOLD)
    rows = tape([(1, 0, ADD), (2, 0, REDUCE), (2, 0, UNTOLD), (2, 0, UNTOLD), (2, 0, CROSS)])
    assert short(ordered(rows, order)) == [
        (0, ADD), (1, REDUCE), (4, CROSS), (2, EXECUTE), (3, EXECUTE),
    ]  # fmt: skip
    assert order.shares == 2


def test_without_a_cross_of_their_book_in_their_instant_they_are_reductions() -> None:
    order = CrossOrder(UNTOLD)
    rows = tape([(1, 0, UNTOLD), (1, 1, CROSS), (2, 0, CROSS), (3, 0, UNTOLD)])
    assert short(ordered(rows, order)) == [(0, REDUCE), (1, CROSS), (2, CROSS), (3, REDUCE)]
    assert order.shares == 0


def test_shares_told_after_their_cross_are_executions_too() -> None:
    rows = tape([(1, 0, UNTOLD), (1, 0, CROSS), (1, 0, UNTOLD)])
    found = ordered(rows, CrossOrder(UNTOLD))
    assert short(found) == [(1, CROSS), (0, EXECUTE), (2, EXECUTE)]


def test_rows_of_other_books_keep_their_order() -> None:
    rows = tape([(1, 1, ADD), (1, 0, UNTOLD), (1, 1, UNTOLD), (1, 0, CROSS), (1, 1, CROSS)])
    found = ordered(rows, CrossOrder(UNTOLD))
    assert short(found) == [(0, ADD), (3, CROSS), (1, EXECUTE), (4, CROSS), (2, EXECUTE)]


def test_where_executions_are_all_alike_those_of_the_instant_are_its_shares() -> None:
    rows = tape([(1, 0, EXECUTE), (2, 0, ADD), (2, 0, EXECUTE), (2, 0, CROSS), (3, 0, EXECUTE)])
    found = ordered(rows, CrossOrder(EXECUTE))
    assert short(found) == [(0, EXECUTE), (1, ADD), (3, CROSS), (2, EXECUTE), (4, EXECUTE)]


def test_a_cross_goes_before_the_whole_message_of_a_share_and_leaves_its_own_corrections() -> None:
    rows = tape([(1, 0, REVEAL), (1, 0, EXECUTE), (1, 0, CROSS), (1, 0, REVEAL)])
    rows["side_flags"][[0, 2]] = 0
    found = ordered(rows, CrossOrder(EXECUTE))
    assert short(found) == [(2, CROSS), (0, REVEAL), (1, EXECUTE), (3, REVEAL)]
    assert found["side_flags"].tolist() == [RowFlag.LAST, 0, RowFlag.LAST, RowFlag.LAST]


def test_only_the_last_instant_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    order = CrossOrder(UNTOLD)
    rows = tape([(1, 0, UNTOLD), (2, 0, ADD), (2, 0, UNTOLD), (2, 0, ADD)])
    ready, _ = order.take(rows, rows["qty"])
    assert short(ready) == [(0, REDUCE), (1, ADD)]
    monkeypatch.setattr(cross_order, "ROWS_HELD_MAX", 3)
    more = tape([(2, 0, UNTOLD), (2, 0, UNTOLD)])
    ready, _ = order.take(more, more["qty"])
    assert [kind for _, kind in short(ready)] == [REDUCE, ADD, REDUCE, REDUCE]
    assert short(order.finish()[0]) == []


KINDS = st.sampled_from([ADD, UNTOLD, UNTOLD, CROSS])
STEPS = st.tuples(st.integers(0, 1), st.integers(0, 1), KINDS)


@given(st.lists(STEPS, max_size=30), st.lists(st.integers(0, 30), max_size=6))
def test_pieces_do_not_matter_and_only_crosses_move(
    steps: list[tuple[int, int, int]], pieces: list[int]
) -> None:
    instants = np.cumsum([step for step, _, _ in steps])
    told = [(int(t), b, k) for t, (_, b, k) in zip(instants, steps, strict=True)]
    rows = tape(told)
    found = ordered(rows, CrossOrder(UNTOLD), [min(cut, len(rows)) for cut in pieces])
    assert found.tolist() == ordered(rows, CrossOrder(UNTOLD)).tolist()
    assert sorted(found["qty"]) == list(range(len(rows)))
    stayed = found["qty"][found["kind"] != CROSS]
    assert stayed.tolist() == sorted(stayed)
    crossed = {(t, b) for t, b, k in told if k == CROSS}
    first: dict[tuple[int, int], int] = {}
    for at, row in enumerate(found.tolist()):
        place, was = (row[0], row[4]), told[row[2]][2]
        wanted = (EXECUTE if place in crossed else REDUCE) if was == UNTOLD else was
        assert row[5] == wanted
        if row[5] == CROSS:
            first.setdefault(place, at)
        if was == UNTOLD and place in crossed:
            assert first.get(place, len(rows)) < at
