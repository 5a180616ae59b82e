"""The ITCH ingest on the two files at hand, against counts that this makes on its own."""

from collections import Counter
from pathlib import Path

import pytest

from sim.ingest.itch import ingest_itch
from sim.tape.read import open_tape, verify_digest
from tests.property.test_fuzz_itch import walk
from tests.tape_orders import replay_orders

pytestmark = pytest.mark.truth

FIXTURE = "ex20101224.TEST_ITCH_50"
DIRECTORY_ONLY = "first1000_messages_directory_only.itch"
STRANGERS = 117
"""Messages of the fixture about orders that it never added: its adds were cut at five thousand."""


def named_before(data: bytes) -> Counter[bool]:
    """Whether the messages about an order name one that was added and is not gone."""
    sizes = {
        "A": 36,
        "F": 40,
        "E": 31,
        "X": 23,
        "D": 19,
        "U": 35,
        "P": 44,
        "S": 12,
        "R": 39,
        "H": 25,
    }
    left: dict[bytes, int] = {}
    found = Counter[bool]()
    at = 0
    while at < len(data):
        kind = chr(data[at + 2])
        message = data[at + 2 : at + 2 + sizes[kind]]
        at += 2 + sizes[kind]
        ref = message[11:19]
        if kind in "AF":
            left[ref] = int.from_bytes(message[20:24], "big")
        elif kind in "EXDU":
            found[ref in left] += 1
            if ref not in left:
                continue
            if kind == "U":
                left[message[19:27]] = int.from_bytes(message[27:31], "big")
            if kind in "EX":
                left[ref] -= int.from_bytes(message[19:23], "big")
            if kind in "DU" or left[ref] == 0:
                del left[ref]
    return found


def test_the_fixture_is_parsed_whole(data_dir: Path, tmp_path: Path) -> None:
    file, out = data_dir / "itch" / FIXTURE, tmp_path / "fixture.tape.parquet"
    data = file.read_bytes()
    warned: list[str] = []
    meta = ingest_itch(file, out=out, max_bad=STRANGERS, warn=warned.append)
    total, kinds = walk(data)
    assert total == meta.statistics["messages"] == 12_012
    counts = {k[-1]: n for k, n in meta.statistics.items() if k.startswith("messages_")}
    assert counts == kinds
    assert meta.session_date == "2010-12-24"
    assert {book.symbol for book in meta.books} == {"ALC", "BOB", "CHAR"}
    assert named_before(data) == {True: 2_000 - STRANGERS, False: STRANGERS}
    assert len(warned) == STRANGERS
    assert all("references that are in the book" in line for line in warned)
    assert replay_orders(out)


def test_a_feed_without_orders_is_an_empty_and_valid_tape(data_dir: Path, tmp_path: Path) -> None:
    file, out = data_dir / "itch" / DIRECTORY_ONLY, tmp_path / "empty.tape.parquet"
    meta = ingest_itch(file, out=out, date="2018-01-30")
    tape = open_tape(out)
    verify_digest(tape)
    assert tape.row_count == 0
    assert tape.meta == meta
    assert meta.books == ()
    counts = {k[-1]: n for k, n in meta.statistics.items() if k.startswith("messages_")}
    assert counts == {"S": 1, "R": 993, "H": 3, "Y": 3}
    assert meta.statistics["messages"] == 1_000
