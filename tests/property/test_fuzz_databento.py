"""Damaged DBN files: never anything but an InputError, and every record is accounted for."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from market.codes import Kind
from market.errors import InputError
from sim.ingest.databento import ingest_databento
from sim.ingest.dbn_records import F_LAST, F_SNAPSHOT
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest
from tests.damage import SORTS, damaged, shuffled_records
from tests.tape_orders import replay_orders
from tests.unit.sim.dbn_fixture import Stream, compressed

COPIES = 60
RTYPES = {"mbo": 0xA0, "mbp-1": 0x01, "mbp-10": 0x0A, "trades": 0x00}
ACTIONS = ("adds", "cancels", "modifies", "clears", "trades", "fills", "none")


def orders() -> Stream:
    """A snapshot, then orders that come, change, trade and go."""
    stream = Stream("mbo")
    stream.mbo("R", "N", 0, None, 0, flags=F_SNAPSHOT)
    stream.mbo("A", "B", 900, 390, 5, flags=F_SNAPSHOT)
    stream.mbo("A", "A", 901, 500, 5, flags=F_SNAPSHOT | F_LAST)
    for order_id in range(60):
        stream.instrument = 7 + order_id % 2
        side = "BA"[order_id // 2 % 2]
        stream.mbo("A", side, order_id, 400 + order_id, 5)
        if order_id % 6 == 5:
            stream.mbo("T", "B", 0, 400 + order_id, 2, flags=0)
            stream.mbo("F", side, order_id, 400 + order_id, 2, flags=0)
            stream.mbo("C", side, order_id, 400 + order_id, 2, flags=0)
            stream.mbo("M", side, order_id, 400 + order_id, 1)
            stream.mbo("N", "N", 0, None, 0)
            stream.system()
    return stream


def levels(schema: str) -> Stream:
    """Levels that move, and trades."""
    stream = Stream(schema)
    depth = 1 if schema == "mbp-1" else 10
    for step in range(40):
        pairs = [((400 + step - i, 5 + i), (402 + step + i, 6 + i)) for i in range(depth)]
        stream.level("T", "AB"[step % 2], 401 + step, 1, pairs, flags=0)
        stream.level("C", "A", 402 + step, 1, pairs)
    return stream


def trades() -> Stream:
    """Trades."""
    stream = Stream("trades")
    for step in range(80):
        stream.trade("ABN"[step % 3], 400 + step, 1 + step)
    return stream


STREAMS = {
    "mbo": orders(),
    "mbp-10": levels("mbp-10"),
    "mbp-1": levels("mbp-1"),
    "trades": trades(),
}


def walk(data: bytes, head_bytes: int) -> int:
    """Records, whole or not, by nothing but their lengths."""
    at, total = head_bytes, 0
    while at < len(data):
        total += 1
        at += max(4, data[at] * 4)
    return total


def check_refusal(line: str, file: Path) -> None:
    """One line that names the file, and no tape."""
    assert line.startswith(file.name)
    assert "\n" not in line
    assert list(file.parent.iterdir()) == [file]


def check_rows(out: Path, meta: TapeMeta, schema: str) -> None:
    """Rows written follow from records taken."""
    counts = meta.statistics
    verify_digest(open_tape(out))
    kinds = Counter(
        Kind(kind) for chunk in open_tape(out).chunks() for kind in chunk["kind"].tolist()
    )
    assert kinds.total() == counts["tape_rows"]
    assert kinds[Kind.TRADE] == counts.get("prints", 0)
    if schema != "mbo":
        return
    replay_orders(out)
    assert kinds[Kind.CROSS] == counts.get("crosses", 0)
    assert kinds[Kind.CLEAR] == counts.get("clears", 0)
    assert kinds[Kind.EXECUTE] == counts.get("executions", 0)
    added = counts.get("adds", 0) + counts.get("modifies_unknown", 0) + counts.get("refreshes", 0)
    assert kinds[Kind.ADD] == added
    assert kinds[Kind.DELETE] + kinds[Kind.REDUCE] <= counts.get("cancels", 0)
    assert kinds[Kind.REPLACE] <= counts.get("modifies", 0)


def hold_to_account(folder: Path, schema: str, data: bytes, max_bad: int) -> bool:
    """Ingest damaged data; whether a tape came of it."""
    file, out = folder / "stream.dbn", folder / "stream.tape.parquet"
    file.write_bytes(data)
    out.unlink(missing_ok=True)
    warned: list[str] = []
    try:
        meta = ingest_databento(file, out=out, max_bad=max_bad, warn=warned.append)
    except InputError as error:
        check_refusal(str(error), file)
        return False
    counts = meta.statistics
    assert counts["records"] == walk(data, len(STREAMS[schema].head))
    assert counts["bad_records"] == len(warned) <= max_bad
    taken = sum(counts.get(action, 0) for action in ACTIONS)
    assert counts["records"] == taken + counts["other_records"] + counts["bad_records"]
    check_rows(out, meta, schema)
    return True


def outcomes(folder: Path, schema: str, copies: Iterable[bytes], max_bad: int) -> Counter[bool]:
    return Counter(hold_to_account(folder, schema, data, max_bad) for data in copies)


@pytest.mark.parametrize("schema", STREAMS)
def test_the_undamaged_file_has_a_tape(tmp_path: Path, schema: str) -> None:
    assert hold_to_account(tmp_path, schema, STREAMS[schema].encoded(), 0)


@pytest.mark.parametrize("max_bad", [0, 1_000])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("schema", STREAMS)
def test_damaged_records(tmp_path: Path, schema: str, sort: str, max_bad: int) -> None:
    stream = STREAMS[schema]
    copies = damaged(stream.encoded(), sort, COPIES, spare=len(stream.head))
    found = outcomes(tmp_path, schema, copies, max_bad)
    assert found.total() == COPIES
    assert found[max_bad > 0] > 0


@pytest.mark.parametrize("max_bad", [0, 1_000])
@pytest.mark.parametrize("schema", STREAMS)
def test_moved_lost_and_repeated_records(tmp_path: Path, schema: str, max_bad: int) -> None:
    stream = STREAMS[schema]
    copies = (stream.head + body for body in shuffled_records(stream.records, COPIES))
    assert outcomes(tmp_path, schema, copies, max_bad)[max_bad > 0] > COPIES // 3


@pytest.mark.parametrize("sort", SORTS)
def test_a_damaged_head(tmp_path: Path, sort: str) -> None:
    stream = STREAMS["mbo"]
    for head in damaged(stream.head, sort, 2 * COPIES):
        file, out = tmp_path / "stream.dbn", tmp_path / "out.tape.parquet"
        file.write_bytes(head + b"".join(stream.records))
        try:
            ingest_databento(file, out=out, max_bad=1_000)
        except InputError as error:
            check_refusal(str(error), file)
        else:
            verify_digest(open_tape(out))
            out.unlink()


@pytest.mark.parametrize("sort", SORTS)
def test_damaged_compression(tmp_path: Path, sort: str) -> None:
    file, out = tmp_path / "stream.dbn", tmp_path / "out.tape.parquet"
    for data in damaged(compressed(STREAMS["mbo"].encoded()), sort, COPIES):
        file.write_bytes(data)
        try:
            ingest_databento(file, out=out, max_bad=1_000)
        except InputError as error:
            check_refusal(str(error), file)
        else:
            verify_digest(open_tape(out))
            out.unlink()
