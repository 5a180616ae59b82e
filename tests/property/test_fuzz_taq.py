"""Damaged quote and trade files: never anything but an InputError, every line accounted for."""

import gzip
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.errors import InputError
from sim.ingest.taq import ingest_taq
from sim.tape.read import open_tape, verify_digest
from tests.unit.sim.taq_fixture import DAY, QUOTES, TRADES, assert_counted

EXAMPLES = 200
QUOTE_TEXT, TRADE_TEXT = QUOTES.encode(), TRADES.encode()


def count_lines(text: bytes) -> int:
    lines = text.split(b"\n")
    return len(lines) - (lines[-1] == b"")


def outcome(folder: Path, quotes: bytes, trades: bytes, max_bad: int) -> int:
    """Bad lines of a tape that was made, after holding it to account; -1 when refused."""
    paths = folder / f"abc_{DAY}_quote.csv.gz", folder / f"abc_{DAY}_trade.csv.gz"
    for path, content in zip(paths, (quotes, trades), strict=True):
        path.write_bytes(content)
    out = folder / "fuzz.tape.parquet"
    out.unlink(missing_ok=True)
    refusal = ""
    try:
        meta = ingest_taq(paths[0], trades=paths[1], out=out, max_bad=max_bad)
    except InputError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        assert "found" in refusal
        assert sorted(folder.iterdir()) == sorted(paths)
        return -1
    lines = sum(count_lines(gzip.decompress(content)) for content in (quotes, trades))
    assert_counted(meta, out, lines)
    verify_digest(open_tape(out))
    assert meta.statistics["bad_rows"] <= max_bad
    return meta.statistics["bad_rows"]


fuzz = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
tolerated = st.sampled_from([0, 1_000])
whole = gzip.compress(TRADE_TEXT)


@fuzz
@given(
    cut=st.integers(0, len(QUOTE_TEXT)),
    trade_cut=st.integers(0, len(TRADE_TEXT)),
    max_bad=tolerated,
)
def test_truncated_text(tmp_path: Path, cut: int, trade_cut: int, max_bad: int) -> None:
    quotes, trades = gzip.compress(QUOTE_TEXT[:cut]), gzip.compress(TRADE_TEXT[:trade_cut])
    outcome(tmp_path, quotes, trades, max_bad)


@fuzz
@given(data=st.data())
def test_truncated_gzip_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    packed = gzip.compress(QUOTE_TEXT)
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert outcome(tmp_path, packed[:cut], whole, 1_000) == -1


@fuzz
@given(max_bad=tolerated, data=st.data())
def test_flipped_bits(tmp_path: Path, max_bad: int, data: st.DataObject) -> None:
    texts = [bytearray(QUOTE_TEXT), bytearray(TRADE_TEXT)]
    for _ in range(data.draw(st.integers(1, 8))):
        text = texts[data.draw(st.integers(0, 1))]
        text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    quotes, trades = (gzip.compress(bytes(text)) for text in texts)
    outcome(tmp_path, quotes, trades, max_bad)


@fuzz
@given(max_bad=tolerated, data=st.data())
def test_shuffled_lines(tmp_path: Path, max_bad: int, data: st.DataObject) -> None:
    lines = data.draw(st.permutations(QUOTE_TEXT.splitlines(keepends=True)))
    times = [int(line.split(b",")[0]) for line in lines]
    best, late = 0, 0
    for ms in times:
        late += ms < best
        best = max(best, ms)
    found = outcome(tmp_path, gzip.compress(b"".join(lines)), whole, max_bad)
    assert found == (late if late <= max_bad else -1)


@fuzz
@given(body=st.binary(max_size=200), max_bad=tolerated)
def test_noise(tmp_path: Path, body: bytes, max_bad: int) -> None:
    outcome(tmp_path, gzip.compress(body), whole, max_bad)
