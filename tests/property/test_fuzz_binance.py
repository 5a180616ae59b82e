"""Damaged Binance captures: never anything but an InputError, and every line is accounted for."""

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.errors import InputError
from sim.ingest.binance import ingest_binance
from sim.ingest.binance_truth import verify_binance
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.binance_fixture import assert_counted, eventful, levels_after, rows_of

EXAMPLES = 200
TEXTS = {f: ("\n".join(eventful(futures=f).lines) + "\n").encode() for f in (False, True)}


def outcome(folder: Path, futures: bool, content: bytes, max_bad: int) -> int:
    """Bad lines of a tape that was made, after holding it to account; -1 when refused."""
    path = folder / "capture.gz"
    market = "usdm" if futures else "spot"
    path.write_bytes(content)
    out = folder / "fuzz.tape.parquet"
    out.unlink(missing_ok=True)
    refusal = ""
    try:
        meta = ingest_binance([path], out=out, market=market, max_bad=max_bad)
    except InputError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        assert "found" in refusal
        assert sorted(folder.iterdir()) == [path]
        return -1
    text = gzip.decompress(content)
    lines = text.split(b"\n")
    assert_counted(meta, out, [str(line) for line in lines[: -1 if lines[-1] == b"" else None]])
    tape = open_tape(out)
    verify_digest(tape)
    levels_after(rows_of(out))
    verify_binance(out, [path])
    assert meta.statistics["bad_rows"] <= max_bad
    return meta.statistics["bad_rows"]


fuzz = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
markets = st.booleans()
tolerated = st.sampled_from([0, 1_000])


@fuzz
@given(futures=markets, max_bad=tolerated, data=st.data())
def test_truncated_text(tmp_path: Path, futures: bool, max_bad: int, data: st.DataObject) -> None:
    text = TEXTS[futures]
    cut = data.draw(st.integers(0, len(text)))
    outcome(tmp_path, futures, gzip.compress(text[:cut]), max_bad)


@fuzz
@given(futures=markets, data=st.data())
def test_truncated_gzip_is_refused(tmp_path: Path, futures: bool, data: st.DataObject) -> None:
    packed = gzip.compress(TEXTS[futures])
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert outcome(tmp_path, futures, packed[:cut], 1_000) == -1


@fuzz
@given(futures=markets, max_bad=tolerated, data=st.data())
def test_flipped_bits_of_text(
    tmp_path: Path, futures: bool, max_bad: int, data: st.DataObject
) -> None:
    text = bytearray(TEXTS[futures])
    for _ in range(data.draw(st.integers(1, 8))):
        text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    outcome(tmp_path, futures, gzip.compress(bytes(text)), max_bad)


@fuzz
@given(futures=markets, data=st.data())
def test_flipped_bits_of_gzip(tmp_path: Path, futures: bool, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(TEXTS[futures], mtime=0))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        readable = gzip.decompress(bytes(packed)) == TEXTS[futures]
    except (OSError, EOFError, zlib.error):
        readable = False
    assert (outcome(tmp_path, futures, bytes(packed), 0) == 0) == readable


@fuzz
@given(futures=markets, max_bad=tolerated, data=st.data())
def test_shuffled_lines(tmp_path: Path, futures: bool, max_bad: int, data: st.DataObject) -> None:
    lines = data.draw(st.permutations(TEXTS[futures].splitlines(keepends=True)))
    assert outcome(tmp_path, futures, gzip.compress(b"".join(lines)), max_bad) == 0


@fuzz
@given(futures=markets, body=st.binary(max_size=400), max_bad=tolerated)
def test_noise(tmp_path: Path, futures: bool, body: bytes, max_bad: int) -> None:
    outcome(tmp_path, futures, gzip.compress(body), max_bad)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data":' * 50_000])
def test_deep_nesting_is_refused(tmp_path: Path, body: bytes) -> None:
    assert outcome(tmp_path, False, gzip.compress(b"1600000000000000000 " + body), 9) == -1
