"""No bytes, however broken or forged, make a reader of journals fail otherwise than by its own word."""

from hypothesis import given
from hypothesis import strategies as st

from desk.journal import Reader, RecordType, survey
from desk.journal.frame import BODY_HEAD, FIRST_CHAIN, PREFIX, frame_of
from desk.journal.records import event_in
from desk.journal.rows import concerns, plain_row, short_row
from market.errors import InputError
from tests.damage import SORTS, damaged, shuffled_records
from tests.unit.desk.journals import joined, sample

FOUND = sample(30)
PAYLOADS = [frame[28 + BODY_HEAD.size :] for frame in FOUND.frames]


def hold(data: bytes) -> bool:
    """Read, sum up and show; only `InputError` may come of it. Returns whether the journal holds."""
    found = survey(data)
    reader = Reader(data)
    refused = ""
    try:
        for record in reader:
            plain_row(record)
            short_row(record)
            if record.type is RecordType.EVENT:
                concerns(event_in(record), 5)
        reader.check()
    except InputError as error:
        refused = str(error)
    assert "\n" not in refused
    assert found.holds is not bool(refused)
    assert reader.head.end_offset <= len(data)
    return found.holds


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(noise: bytes, with_prefix: bool) -> None:
    hold(PREFIX + noise if with_prefix else noise)


def test_damaged_journals() -> None:
    held = 0
    for sort in SORTS:
        for copy in damaged(FOUND.data, sort, 150):
            held += hold(copy)
            assert not survey(copy, FOUND.anchor).holds or copy == FOUND.data
    assert held < 200  # those that were only cut off, or came out whole


def test_journals_of_whole_records_out_of_order() -> None:
    held = 0
    for copy in shuffled_records(FOUND.frames, 150):
        data = PREFIX + copy
        held += hold(data) and data != FOUND.data
        assert data == FOUND.data or not survey(data, FOUND.anchor).holds
    assert held < 15  # those that lost records at the end alone


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*RecordType, 0, 99]),
            st.one_of(st.binary(max_size=40), st.sampled_from(PAYLOADS)),
            st.integers(-(1 << 63), (1 << 63) - 1),
            st.integers(0, 20),
        ),
        max_size=6,
    )
)
def test_forged_journals_whose_chain_is_right(forged: list[tuple[int, bytes, int, int]]) -> None:
    chain = FIRST_CHAIN
    frames = []
    for seq, (kind, payload, now_ns, skipped) in enumerate(forged):
        number = seq if skipped else seq + 1
        frame, chain = frame_of(chain, BODY_HEAD.pack(kind, number, now_ns) + payload)
        frames.append(frame)
    hold(joined(frames))


def test_a_payload_that_is_nested_too_deep_is_refused() -> None:
    header = FOUND.frames[0][28:]
    first, chain = frame_of(FIRST_CHAIN, header)
    payload = PAYLOADS[1][:1] + b"\x82\xa7message\xa4View\xa1x" + b"\x91" * 100_000
    second, _chain = frame_of(chain, BODY_HEAD.pack(RecordType.EVENT, 1, 0) + payload)

    assert not hold(joined([first, second]))
