"""A split deals whole orders: shares hold, nothing is lost, and the venues add up to the original."""

from collections import Counter
from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.codes import Kind, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.errors import BadRow, InputError
from sim.tape import split
from sim.tape.book import BookState, TapeBooks
from sim.tape.read import open_tape, verify_digest
from sim.tape.split import VENUES_MAX, Shares, load_shares, save_shares, split_tape
from sim.tape.toxic import Marks, Toxic, tilted, toxic_births
from tests.unit.sim.tapes import book, quiet_rows, random_rows, rows_of, world_states, write

TOML = "seed = 7\n[venues]\nXNAS = 0.5\nARCX = 0.3\nBATS = 0.2\n"
BIRTHS = (Kind.ADD, Kind.REVEAL)


def shares(folder: Path, text: str = TOML) -> Shares:
    """Shares from a file."""
    path = folder / "venues.toml"
    path.write_text(text, encoding="utf-8")
    return load_shares(path)


def lives(rows: np.ndarray) -> list[tuple[tuple[int, ...], ...]]:
    """Every order of a book with all its messages, handles and LAST left out."""
    current: dict[int, list[tuple[int, ...]]] = {}
    left: dict[int, int] = {}
    found = []
    for row in rows:
        kind, handle, qty = int(row["kind"]), int(row["handle"]), int(row["qty"])
        if kind == Kind.CLEAR:
            found += [tuple(life) for life in current.values()]
            current, left = {}, {}
        if handle < 0 or kind in (Kind.TRADE, Kind.CROSS, Kind.PHASE, Kind.CLEAR):
            continue
        born = kind == Kind.ADD or (kind == Kind.REVEAL and qty > 0)
        flags = int(row["side_flags"]) & ~int(RowFlag.LAST)
        message = (int(row["ts_ns"]), kind, flags, int(row["price"]), qty)
        assert born == (handle not in current)
        current.setdefault(handle, []).append(message)
        taken = left.get(handle, 0) if kind == Kind.DELETE else abs(qty)
        left[handle] = qty if born or kind == Kind.REPLACE else left[handle] - taken
        if left[handle] == 0:
            found.append(tuple(current.pop(handle)))
            del left[handle]
    return sorted(found + [tuple(life) for life in current.values()])


def levels(states: list[BookState]) -> list[dict[int, int]]:
    """Total lots by price over some books, for each side."""
    totals: list[dict[int, int]] = []
    for side in Side:
        total: Counter[int] = Counter()
        for state in states:
            total.update(dict(state.levels(side)))
        totals.append(dict(total))
    return totals


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), chunk_rows=st.sampled_from([5, 64, 65_536]))
def test_orders_stay_whole_and_venues_add_up_to_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, chunk_rows: int
) -> None:
    monkeypatch.setattr(split, "CHUNK_ROWS", chunk_rows)
    rows = random_rows(seed, 500)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),), source_seq=np.arange(len(rows)))
    out = tmp_path / "b.tape.parquet"

    meta = split_tape(whole, shares(tmp_path), out)

    verify_digest(open_tape(out))
    dealt = rows_of(out)
    by_venue = [dealt[dealt["book_id"] == number] for number in range(3)]
    assert sorted(life for part in by_venue for life in lives(part)) == lives(rows)
    prints = np.isin(dealt["kind"], (Kind.TRADE, Kind.CROSS))
    assert prints.sum() == np.isin(rows["kind"], (Kind.TRADE, Kind.CROSS)).sum()
    for moment_ns in np.unique(rows["ts_ns"])[::23].tolist():
        one, three = TapeBooks(open_tape(whole).meta), TapeBooks(meta)
        one.apply(rows[rows["ts_ns"] <= moment_ns])
        three.apply(dealt[dealt["ts_ns"] <= moment_ns])
        assert levels(list(three.books.values())) == levels([one.books[0]])
    # A run's own world takes every venue's rows too.
    assert len(world_states(out, [int(rows["ts_ns"][-1])])[0]) == 3


def test_every_venue_ends_its_part_of_a_source_message(tmp_path: Path) -> None:
    rows = random_rows(5, 900)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),), source_seq=np.arange(len(rows)))
    out = tmp_path / "b.tape.parquet"
    split_tape(whole, shares(tmp_path), out)

    ((dealt, sides),) = list(open_tape(out).chunks_with_sides())
    last = (rows["side_flags"] & RowFlag.LAST) != 0
    message = (np.cumsum(last) - last)[sides["source_seq"]]
    for number in range(3):
        own = dealt["book_id"] == number
        ends = np.flatnonzero(np.diff(message[own], append=10**6))
        flagged = np.flatnonzero(dealt["side_flags"][own] & RowFlag.LAST)
        complete = ends[message[own][ends] < last.sum()]
        assert flagged.tolist() == complete.tolist()


def test_shares_are_within_their_binomial_bounds(tmp_path: Path) -> None:
    rows = random_rows(2, 20_000)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),))
    dealt_to = shares(tmp_path)
    split_tape(whole, dealt_to, tmp_path / "b.tape.parquet")

    dealt = rows_of(tmp_path / "b.tape.parquet")
    births = np.isin(dealt["kind"], BIRTHS) & (dealt["qty"] > 0)
    prints = dealt["kind"] == Kind.TRADE
    for chosen in (births, prints):
        count = int(chosen.sum())
        assert count > 500
        for number, share in enumerate(dealt_to.venues.values()):
            found = int((dealt["book_id"][chosen] == number).sum())
            p = float(share)
            assert abs(found - count * p) < 4 * sqrt(count * p * (1 - p))


def test_another_seed_deals_otherwise_and_the_same_seed_the_same(tmp_path: Path) -> None:
    rows = random_rows(2, 500)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),))
    digests = []
    for number, text in enumerate((TOML, TOML, TOML.replace("7", "8"))):
        out = tmp_path / f"{number}.tape.parquet"
        split_tape(whole, shares(tmp_path, text), out)
        digests.append(open_tape(out).digest)

    assert digests[0] == digests[1] != digests[2]


def test_taking_an_order_off_the_tape_moves_no_other_order(tmp_path: Path) -> None:
    rows, _ = quiet_rows(300)
    whole = write(tmp_path / "a.tape.parquet", rows, (book(),))
    split_tape(whole, shares(tmp_path), tmp_path / "1.tape.parquet")
    # The first order is the first one deleted; afterwards its handle is another order's.
    end = int(np.argmax(rows["kind"] == Kind.DELETE))
    gone = (rows["handle"] == rows["handle"][0]) & (np.arange(len(rows)) <= end)
    less = write(tmp_path / "b.tape.parquet", rows[~gone], (book(),))
    split_tape(less, shares(tmp_path), tmp_path / "2.tape.parquet")

    before = rows_of(tmp_path / "1.tape.parquet")
    after = rows_of(tmp_path / "2.tape.parquet")
    kept = ~np.isin(before["ts_ns"], rows["ts_ns"][gone])
    assert gone.sum() == 2
    assert np.array_equal(before["book_id"][kept], after["book_id"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[venues]\nA = 0.5\nB = 0.4", "add up to 0.9, allowed 1"),
        ("[venues]\nA = 1.5\nB = -0.5", "venues.A: found 3/2"),
        ('[venues]\nA = "x"', "venues.A: found x"),
        ("[venues]\nA = nan", "not TOML"),
        ("[venue]\nA = 1", "allowed `seed = 7`, a table"),
        ("[venues]", "found 0 venues"),
        ("x", "not TOML"),
    ],
)
def test_wrong_shares_are_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        shares(tmp_path, text)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_one_l3_book_can_be_split(tmp_path: Path) -> None:
    rows = random_rows(2, 50)
    levels_only = write(tmp_path / "a.tape.parquet", rows[:0], (book(depth="L2"),))
    with pytest.raises(InputError, match=r"found S \(L2\), allowed a tape of one L3 book"):
        split_tape(levels_only, shares(tmp_path), tmp_path / "b.tape.parquet")
    rows["kind"][0] = Kind.DELETE
    broken = write(tmp_path / "c.tape.parquet", rows, (book(),))
    with pytest.raises(BadRow, match="tape row 0"):
        split_tape(broken, shares(tmp_path), tmp_path / "b.tape.parquet")
    assert not (tmp_path / "b.tape.parquet").exists()


@given(parts=st.lists(st.integers(1, 10**12), min_size=1, max_size=VENUES_MAX))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_saved_shares_load_and_are_exactly_one(tmp_path: Path, parts: list[int]) -> None:
    path = tmp_path / "venues.toml"
    volume = {f'"{n}"': part / sum(parts) for n, part in enumerate(parts)}

    written = save_shares(volume, path, seed=11)

    assert load_shares(path) == written
    assert written.seed == 11
    for name, part in volume.items():
        assert abs(written.venues.get(name, Fraction(0)) - Fraction(part)) < Fraction(1, 10**6)


def test_what_rounding_leaves_over_goes_to_who_lost_most(tmp_path: Path) -> None:
    path = tmp_path / "venues.toml"

    save_shares({"N": 2 / 3, "Q": 1 / 3 - 1e-9, "Z": 1e-9}, path)

    assert path.read_text() == 'seed = 0\n\n[venues]\n"N" = 0.666667\n"Q" = 0.333333\n'
    save_shares({"N": 3.0}, path)
    assert load_shares(path).venues == {"N": 1}


def test_shares_that_can_not_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found 65 venues to write"):
        save_shares({str(n): 1.0 for n in range(65)}, tmp_path / "v.toml")
    with pytest.raises(InputError, match="allowed is a file to write"):
        save_shares({"N": 1.0}, tmp_path / "none" / "v.toml")


TOXIC = '\n[toxic]\nvenue = "BATS"\ntilt = 0.5\nhorizon = "10us"\n'


def births_of(path: Path) -> np.ndarray:
    """Orders born in each book of a tape."""
    rows = np.concatenate(list(open_tape(path).chunks()))
    born = (rows["kind"] == Kind.ADD) | ((rows["kind"] == Kind.REVEAL) & (rows["qty"] > 0))
    return np.bincount(rows["book_id"][born], minlength=3)


def test_a_toxic_venue_gets_the_executions_and_keeps_its_share_of_orders(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    messages: list[tuple[int, ...]] = []
    price, ts_ns, handle = 10_000, 0, 0
    for _ in range(4_000):
        # A buy rests; four of five are cancelled, the others executed just before the price falls.
        ts_ns += 100_000
        messages.append((ts_ns, Kind.ADD, handle, price, 10))
        if rng.random() < 0.8:
            messages.append((ts_ns + 10, Kind.DELETE, handle, price, 10))
        else:
            messages.append((ts_ns + 10, Kind.EXECUTE, handle, price, 10))
            messages.append((ts_ns + 20, Kind.ADD, handle, price - 100, 10))
            messages.append((ts_ns + 30, Kind.EXECUTE, handle, price - 100, 10))
    rows = np.zeros(len(messages), TAPE_DTYPE)
    for at, (stamp, kind, number, ticks, qty) in enumerate(messages):
        rows[at] = (stamp, ticks, qty, number, 0, kind, int(RowFlag.LAST))
    source = write(tmp_path / "toxic.tape.parquet", rows, (book(handle_count=1),))
    plain, tilted_to = tmp_path / "plain.tape.parquet", tmp_path / "tilted.tape.parquet"
    split_tape(source, shares(tmp_path), plain)
    split_tape(source, shares(tmp_path, TOML + TOXIC), tilted_to)

    marks = toxic_births(open_tape(source), 10_000)
    total = births_of(tilted_to)
    assert total.sum() == marks.births
    assert 0.1 < marks.rows.sum() / marks.births < 0.2
    assert abs(total[2] / total.sum() - 0.2) < 0.02
    executed = np.concatenate(list(open_tape(tilted_to).chunks()))
    first = executed[(executed["kind"] == Kind.EXECUTE) & (executed["price"] == price)]
    assert np.bincount(first["book_id"], minlength=3)[2] / len(first) > 0.5


def test_tilted_shares_add_up_to_the_shares_themselves() -> None:
    given_shares = {"A": Fraction(1, 2), "B": Fraction(3, 10), "C": Fraction(1, 5)}
    marks = Marks(np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.int64), 10)
    plain, marked = tilted(given_shares, Toxic(venue="C", tilt_ppm=500_000, horizon_ns=1), marks)

    assert sum(plain.values()) == sum(marked.values()) == 1
    assert marked["C"] == Fraction(3, 5)
    for name, share in given_shares.items():
        assert Fraction(9, 10) * plain[name] + Fraction(1, 10) * marked[name] == share


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[toxic]\nvenue = "X"\ntilt = 0.5\nhorizon = "1s"', "toxic.venue: found 'X'"),
        ('[toxic]\nvenue = "BATS"\ntilt = 0\nhorizon = "1s"', "tilt_ppm is 0"),
        ('[toxic]\nvenue = "BATS"\ntilt = 0.5\nhorizon = 1', "allowed `venue`, a `tilt`"),
        ('[toxic]\nvenue = "BATS"', "allowed `venue`, a `tilt`"),
        ('[toxic]\nvenue = "BATS"\ntilt = 0.5\nhorizon = "1 day"', "horizon"),
    ],
)
def test_a_wrong_toxic_venue_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        shares(tmp_path, f"{TOML}\n{text}\n")
