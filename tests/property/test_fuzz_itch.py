"""Damaged ITCH files: never anything but an InputError, and every message is accounted for."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from market.errors import InputError
from sim.ingest.itch import ingest_itch
from tests.damage import SORTS, damaged, shuffled_records
from tests.tape_orders import replay_orders
from tests.unit.sim.itch_fixture import DATE, opened

COPIES = 80
ROW_EACH = "AFECXDUPQ"
SIZES = {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21,
    "A": 36, "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19,
    "I": 50, "N": 20, "O": 48,
}  # fmt: skip


def eventful() -> list[bytes]:
    """Messages of every type, of three stocks."""
    feed = opened("ABC", "DEF", "GHI")
    for ref in range(60):
        locate = 1 + ref % 3
        feed.add(locate, ref, "BS"[ref % 2], 10 + ref, 50_000 + 100 * ref, "GNRS" * (ref % 4 == 1))
        if ref % 6 == 5:
            feed.execute(1 + (ref - 3) % 3, ref - 3, 3)
            feed.execute_at(1 + (ref - 3) % 3, ref - 3, 1, "YN"[ref % 4 == 1], 49_999)
            feed.cancel(1 + (ref - 2) % 3, ref - 2, 2)
            feed.delete(1 + (ref - 4) % 3, ref - 4)
            feed.replace(1 + (ref - 5) % 3, ref - 5, 1_000 + ref, 7, 49_000)
            feed.trade(locate, "B", 5, 50_050)
            feed.action(locate, "HTQP"[ref // 6 % 4])
            feed.halt(locate, "Q", "HT"[ref // 6 % 2])
    feed.cross(1, 10, 50_000)
    feed.cross(2, 0, 0)
    feed.chatter(1)
    feed.system("E")
    return [len(message).to_bytes(2, "big") + message for message in feed.messages]


def walk(data: bytes) -> tuple[int, Counter[str]]:
    """Messages, whole or not, and the whole ones by type, by nothing but their framing."""
    at, total, kinds = 0, 0, Counter[str]()
    while at < len(data) and data[at:] != b"\0\0":
        total += 1
        length = int.from_bytes(data[at : at + 2], "big")
        kind = chr(data[at + 2]) if at + 2 < len(data) else ""
        length = length or SIZES.get(kind, 1 << 20)
        if len(data) < at + 3 or len(data) < at + 2 + length:
            break
        kinds[kind] += SIZES.get(kind) == length
        at += 2 + length
    return total, +kinds


def check_refusal(line: str, file: Path) -> None:
    """One line that names the file, and no tape."""
    assert line.startswith("feed.itch:")
    assert "\n" not in line
    assert list(file.parent.iterdir()) == [file]


def hold_to_account(folder: Path, data: bytes, max_bad: int) -> bool:
    """Ingest damaged data; whether a tape came of it."""
    file, out = folder / "feed.itch", folder / "feed.tape.parquet"
    file.write_bytes(data)
    out.unlink(missing_ok=True)
    warned: list[str] = []
    try:
        meta = ingest_itch(file, out=out, date=DATE, max_bad=max_bad, warn=warned.append)
    except InputError as error:
        check_refusal(str(error), file)
        return False
    counts = meta.statistics
    total, kinds = walk(data)
    assert counts["messages"] == total
    assert {name: counts.get(f"messages_{name}", 0) for name in SIZES} == {
        name: kinds[name] for name in SIZES
    }
    assert counts["misframed"] == total - kinds.total()
    assert counts["bad_messages"] == len(warned) <= max_bad
    framed = [line for line in warned if "found a length" not in line and ": message " in line]
    refused = Counter(line.partition(": message ")[2][0] for line in framed)
    assert counts["bad_messages"] - counts["misframed"] == refused.total()
    acted = sum(kinds[name] - refused[name] for name in ROW_EACH)
    assert counts["tape_rows"] == counts["phase_rows"] + acted - counts["empty_crosses"]
    replay_orders(out)
    return True


def outcomes(folder: Path, copies: Iterable[bytes], max_bad: int) -> Counter[bool]:
    return Counter(hold_to_account(folder, data, max_bad) for data in copies)


def test_the_undamaged_file_has_a_tape(tmp_path: Path) -> None:
    assert hold_to_account(tmp_path, b"".join(eventful()), 0)


@pytest.mark.parametrize("max_bad", [0, 1_000])
@pytest.mark.parametrize("sort", SORTS)
def test_damaged_bytes(tmp_path: Path, sort: str, max_bad: int) -> None:
    data = b"".join(eventful())
    found = outcomes(tmp_path, damaged(data, sort, COPIES), max_bad)
    assert found.total() == COPIES
    assert found[max_bad > 0] > COPIES // 4


@pytest.mark.parametrize("max_bad", [0, 1_000])
def test_moved_lost_and_repeated_messages(tmp_path: Path, max_bad: int) -> None:
    found = outcomes(tmp_path, shuffled_records(eventful(), COPIES), max_bad)
    assert found[max_bad > 0] > COPIES // 2


@pytest.mark.parametrize("sort", SORTS)
def test_damaged_bytes_of_a_file_without_lengths(tmp_path: Path, sort: str) -> None:
    data = b"".join(b"\0\0" + message[2:] for message in eventful())
    found = outcomes(tmp_path, damaged(data, sort, COPIES), 1_000)
    assert found.total() == COPIES
