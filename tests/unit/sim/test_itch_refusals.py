"""What an ITCH ingest refuses: one line with the place, what was found and what is allowed."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from market.errors import InputError
from sim.ingest.itch import ingest_itch
from tests.unit.sim.itch_fixture import SECOND, Feed, ingest, opened

LIVE, SHARES, PRICE = 5, 100, 50_000


def feed_of(spoil: Callable[[Feed], None]) -> Feed:
    """A feed with one live order, and then what a test makes of it."""
    feed = opened("ABC", "DEF")
    feed.add(1, LIVE, "B", SHARES, PRICE)
    spoil(feed)
    return feed


def goes_back(feed: Feed) -> None:
    feed.now_ns -= 2 * SECOND
    feed.delete(1, LIVE)


def is_tomorrow(feed: Feed) -> None:
    feed.now_ns = 86_400 * SECOND
    feed.delete(1, LIVE)


REFUSED: dict[str, tuple[Callable[[Feed], None], str]] = {
    "time back": (goes_back, "message D: found 10806000000000 ns after midnight, allowed from 1080"),
    "time far": (is_tomorrow, "found 86401000000000 ns after midnight"),
    "side": (lambda feed: feed.add(1, 6, "X", 1, 1), "message A: found side 'X', allowed 'B' or 'S'"),
    "no shares": (lambda feed: feed.add(1, 6, "B", 0, 1), "found 0 shares, allowed 1.."),
    "no price": (lambda feed: feed.add(1, 6, "B", 1, 0), "found price 0, allowed from 1"),
    "reference twice": (
        lambda feed: feed.add(1, LIVE, "B", 1, 1), "found a new order 5, allowed references that"
    ),
    "execution of nobody": (
        lambda feed: feed.execute(1, 2**64 - 2, 1),
        "message E: found order 18446744073709551614, allowed references that are in the book",
    ),
    "execution of too much": (
        lambda feed: feed.execute(1, LIVE, SHARES + 1), "found 101 shares to take, allowed 100"
    ),
    "execution of nothing": (lambda feed: feed.execute(1, LIVE, 0), "found 0 shares, allowed 1..100"),
    "print flag": (
        lambda feed: feed.execute_at(1, LIVE, 1, "?", PRICE), "message C: found the code '?'"
    ),
    "cancel of too much": (lambda feed: feed.cancel(1, LIVE, 200), "message X: found 200 shares"),
    "deletion of nobody": (lambda feed: feed.delete(1, 6), "message D: found order 6"),
    "another stock": (
        lambda feed: feed.delete(2, LIVE), "message D: found stock locate 2, allowed 1"
    ),
    "replace of nobody": (lambda feed: feed.replace(1, 6, 7, 1, 1), "message U: found order 6"),
    "replace by a live one": (
        lambda feed: feed.replace(1, LIVE, LIVE, 1, 1), "message U: found a new order 5"
    ),
    "replace without shares": (lambda feed: feed.replace(1, LIVE, 6, 0, 1), "found 0 shares"),
    "trade side": (lambda feed: feed.trade(1, "?", 1, 1), "message P: found side '?'"),
    "cross too large": (
        lambda feed: feed.cross(1, 2**63, 1), "message Q: found -9223372036854775808 shares"
    ),
    "action": (lambda feed: feed.action(1, "Z"), "message H: found the code 'Z'"),
    "halt": (lambda feed: feed.halt(1, "Q", "Z"), "message h: found the code 'Z'"),
    "event": (lambda feed: feed.system("Z"), "message S: found the code 'Z'"),
    "locate 0": (
        lambda feed: feed.say("A", 0, bytes(25)), "message A: found stock locate 0, allowed the"
    ),
    "unknown type": (lambda feed: feed.say("z", 1, bytes(9)), "found type 'z', allowed ABCDEF"),
    "length": (
        lambda feed: feed.say("D", 1, bytes(9)), "message D: found a length of 20, allowed 19"
    ),
}  # fmt: skip


def renames(feed: Feed) -> None:
    feed.names[1] = "XYZ"
    feed.add(1, 6, "B", 1, 1)


REFUSED["name"] = renames, "message A: found stock 'XYZ', allowed 'ABC', which has that locate"


@pytest.mark.parametrize("case", REFUSED)
def test_a_message_that_cannot_be_stops_the_ingest_and_leaves_nothing(
    tmp_path: Path, case: str
) -> None:
    spoil, text = REFUSED[case]
    feed = feed_of(spoil)
    offset = sum(2 + len(message) for message in feed.messages[:-1])
    with pytest.raises(InputError) as caught:
        ingest(tmp_path, feed.framed())
    line = str(caught.value)
    assert line.startswith(f"feed.itch:{offset}: ")
    assert text in line
    assert "\n" not in line
    assert [path.name for path in tmp_path.iterdir()] == ["feed.itch"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_tolerated_message_changes_nothing_but_the_counts(tmp_path: Path, case: str) -> None:
    spoil, text = REFUSED[case]
    feed = feed_of(spoil)
    feed.now_ns = 5 * 3600 * SECOND
    feed.names[1] = "ABC"
    feed.execute(1, LIVE, SHARES)
    warned: list[str] = []
    meta, rows = ingest(tmp_path, feed.framed(), max_bad=1, warn=warned.append)
    assert len(rows) == 3
    assert len(warned) == 1
    assert text in warned[0]
    assert meta.statistics["bad_messages"] == 1
    assert meta.statistics["messages"] == len(feed.messages)
    assert meta.statistics["misframed"] == int(case in {"unknown type", "length"})


def test_a_refused_message_names_no_stock(tmp_path: Path) -> None:
    feed = opened()
    feed.names[1] = "BAD"
    feed.add(1, 1, "?", 1, 1)
    feed.names[1] = "ABC"
    feed.add(1, 1, "B", 1, 1)
    meta, _ = ingest(tmp_path, feed.framed(), max_bad=1)
    assert [book.symbol for book in meta.books] == ["ABC"]


def test_a_file_cut_inside_a_message_says_so(tmp_path: Path) -> None:
    feed = feed_of(lambda feed: feed.delete(1, LIVE))
    whole = sum(2 + len(message) for message in feed.messages[:-1])
    for cut in (whole + 1, whole + 2, whole + 3, whole + 20):
        data = feed.framed()[:cut]
        text = f"feed.itch:{whole}: found the last {cut - whole} bytes cut off"
        with pytest.raises(InputError, match=text):
            ingest(tmp_path, data)
        meta, _ = ingest(tmp_path, data, max_bad=1)
        assert meta.statistics["messages"] == len(feed.messages)


def test_an_unknown_type_without_a_length_stops_even_a_tolerant_ingest(tmp_path: Path) -> None:
    data = opened("ABC").framed(lengths=False) + b"\0\0zzzz"
    with pytest.raises(InputError, match=r"found type 'z' without a length.*can't be read"):
        ingest(tmp_path, data, max_bad=99)


def test_dates_and_symbols_that_cannot_be_are_refused(tmp_path: Path) -> None:
    data = opened("ABC").framed()
    for date in ("2020-02-30", "20200203", "tomorrow", "2020-W01-1"):
        with pytest.raises(InputError, match="--date: found the date"):
            ingest(tmp_path, data, date=date)
    with pytest.raises(InputError, match=r"feed\.itch: found no date in the name"):
        ingest(tmp_path, data, date=None)
    (tmp_path / "S133320-v50").write_bytes(data)
    with pytest.raises(InputError, match="S133320-v50: found the date 2020-13-33"):
        ingest_itch(tmp_path / "S133320-v50", out=tmp_path / "out")
    with pytest.raises(InputError, match="--symbol: found 'TOOLONGNAME'"):
        ingest(tmp_path, data, symbols=["TOOLONGNAME"])
    with pytest.raises(InputError, match="found no stock XYZ, allowed one of the 1 that"):
        ingest(tmp_path, data, symbols=["XYZ"])


def test_the_source_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "20200203.itch"
    file.write_bytes(struct.pack(">H", 0))
    with pytest.raises(InputError, match="found the source file to write to"):
        ingest_itch(file, out=file)
