"""Damaged copies of a text file: cut off, with bits flipped, rows shuffled, doubled or dropped."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import strategies as st

from market.codes import Mode
from market.errors import InputError
from sim.arena import BookSpec
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest
from sim.world import World

EXAMPLES = 200


@st.composite
def damaged(draw: st.DrawFn, text: bytes) -> bytes:
    """The text after one to three damages; the header may be hit too."""
    for _ in range(draw(st.integers(1, 3))):
        how = draw(st.sampled_from(("cut", "flip", "shuffle", "double", "drop", "number")))
        if how == "cut":
            text = text[: draw(st.integers(0, len(text)))]
        elif how == "flip" and text:
            changed = bytearray(text)
            for _ in range(draw(st.integers(1, 8))):
                changed[draw(st.integers(0, len(text) - 1))] ^= 1 << draw(st.integers(0, 7))
            text = bytes(changed)
        elif how == "number":
            digits = [at for at, byte in enumerate(text) if chr(byte).isdigit()]
            if digits:
                changed = bytearray(text)
                changed[draw(st.sampled_from(digits))] = ord(draw(st.sampled_from("0123456789")))
                text = bytes(changed)
        else:
            text = _with_rows_moved(draw, how, text)
    return text


def _with_rows_moved(draw: st.DrawFn, how: str, text: bytes) -> bytes:
    head, *rows = text.split(b"\n")
    if not rows:
        return text
    if how == "shuffle":
        begin = draw(st.integers(0, len(rows) - 1))
        stop = min(len(rows), begin + draw(st.integers(2, 12)))
        rows[begin:stop] = draw(st.permutations(rows[begin:stop]))
    else:
        at = draw(st.integers(0, len(rows) - 1))
        rows[at : at + 1] = [rows[at]] * 2 if how == "double" else []
    return b"\n".join([head, *rows])


def row_count_of(text: bytes) -> int:
    """Rows behind the header, counted without the ingest: line ends, and a last line without one."""
    lines = text.count(b"\n") + (not text.endswith(b"\n") and text != b"")
    return max(0, lines - 1)


def outcome_of(ingest: Callable[[], TapeMeta]) -> TapeMeta | str:
    """What an ingest gave: the metadata, or the one line of its InputError."""
    try:
        return ingest()
    except InputError as error:
        text = str(error)
    assert "\n" not in text
    return text


def hold_ingest(
    text: bytes, name: str, ingest: Callable[[Path, Path], TapeMeta], outcomes: tuple[str, ...]
) -> TapeMeta | None:
    """Ingest damaged text: an InputError of one line and no file, or a tape that counts and replays.

    Args:
        text: The damaged file.
        name: Its file name.
        ingest: Takes the file and where the tape goes; must tolerate every bad row.
        outcomes: Statistics that, with `bad_rows`, count each row once.
    """
    with TemporaryDirectory() as folder:
        path, out = Path(folder) / name, Path(folder) / "a.tape.parquet"
        path.write_bytes(text)
        meta = outcome_of(lambda: ingest(path, out))
        if isinstance(meta, str):
            assert sorted(file.name for file in Path(folder).iterdir()) == [name]
            return None
        counts = meta.statistics
        assert counts["rows"] == row_count_of(text)
        assert counts["rows"] == counts["bad_rows"] + sum(counts[key] for key in outcomes)
        tape = open_tape(out)
        verify_digest(tape)
        assert counts["tape_rows"] == tape.row_count
        book = meta.book(0)
        if book.depth == "L3" and tape.row_count:
            for mode in Mode:
                _replay(meta, mode, tape.chunks(rows=64))
        return meta


def _replay(meta: TapeMeta, mode: Mode, chunks: Iterator[np.ndarray]) -> None:
    """Replay to the end; a row that the book refuses raises."""
    pieces = list(chunks)
    book = BookSpec(
        tick_units=meta.book(0).tick_units, handle_count=max(1, meta.book(0).handle_count)
    )
    world = World(
        mode=mode,
        books=[book],
        locals_=[],
        start_ns=int(pieces[0]["ts_ns"][0]),
        rows=iter(pieces),
    )
    world.advance(int(pieces[-1]["ts_ns"][-1]))
    assert world.audit(0) in (0, 20)
