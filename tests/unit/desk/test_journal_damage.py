"""What a crash, a disk or a person may do to a journal, and what the reader makes of it."""

import random
from itertools import combinations
from zlib import crc32

import pytest

from desk.journal import Head, MemoryWriter, Reader, survey
from desk.journal.chain import link
from desk.journal.frame import FIRST_CHAIN, FRAME_HEAD, HEAD_BYTES, PREFIX, frame_of
from desk.journal.journal import Journal
from tests.unit.desk.journals import HEADER, NOW_NS, Sample, joined, sample, write_events

SMALL = sample()
OPEN = sample(sealed=False)
TAIL_BYTES = 1 << 16


def seq_at(found: Sample, offset: int) -> int:
    """Which record holds a byte; the prefix belongs to the first."""
    return next((one.seq for one in found.records if offset < one.end_offset), -1)


def problem_seq(data: bytes) -> int:
    """The record at which a reader stops because something is wrong; −1 when nothing is."""
    problem = Reader(data).to_end().problem
    return -1 if problem is None else problem.seq


def heads_of(found: Sample) -> list[Head]:
    """The point before each record."""
    heads = [Head(0, 0, FIRST_CHAIN)]
    heads += [Head(one.seq + 1, one.end_offset, one.chain) for one in found.records]
    return heads


# --- a crash ------------------------------------------------------------------------------------


def test_a_journal_cut_at_any_byte_is_torn_behind_its_last_whole_record() -> None:
    for cut in range(len(OPEN.data)):
        whole = [one for one in OPEN.records if one.end_offset <= cut]
        end = whole[-1].end_offset if whole else 0

        reader = Reader(OPEN.data[:cut]).to_end()

        assert reader.problem is None
        assert (reader.head.count, reader.head.end_offset) == (len(whole), end)
        assert reader.torn_bytes == cut - end


def test_the_tail_of_a_large_journal_is_cut_right_at_every_byte_of_64_kib() -> None:
    found = sample(400, sealed=False)
    heads = heads_of(found)
    size = len(found.data)
    assert size > TAIL_BYTES
    data = memoryview(found.data)
    record = 0

    for cut in range(size - TAIL_BYTES, size):
        while found.records[record].end_offset <= cut:
            record += 1
        reader = Reader(data[:cut], heads[max(record - 2, 0)]).to_end()

        assert reader.head == heads[record]
        assert reader.torn_bytes == cut - reader.head.end_offset
        assert reader.problem is None


@pytest.mark.parametrize("zeros", [1, 7, HEAD_BYTES, 500, 1 << 17])
def test_space_that_was_taken_and_never_written_is_a_torn_tail(zeros: int) -> None:
    reader = Reader(OPEN.data + bytes(zeros)).to_end()

    assert (reader.problem, reader.torn_bytes) == (None, zeros)
    assert reader.head == OPEN.anchor.head


def test_zeros_and_then_something_are_damage() -> None:
    assert problem_seq(OPEN.data + bytes(1 << 17) + b"\1") == len(OPEN.records)


@pytest.mark.parametrize("seed", range(50))
def test_noise_behind_the_last_record_is_damage(seed: int) -> None:
    noise = random.Random(seed).randbytes(64)

    assert problem_seq(OPEN.data + noise) == len(OPEN.records)


# --- a disk -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0x01, 0x10, 0x80, 0xFF])
def test_a_change_of_any_byte_is_found_at_its_record(mask: int) -> None:
    data = bytearray(SMALL.data)
    for offset in range(len(data)):
        data[offset] ^= mask
        assert problem_seq(bytes(data)) == seq_at(SMALL, offset), offset
        data[offset] ^= mask


@pytest.mark.parametrize("seed", range(20))
def test_a_change_in_a_large_journal_is_found_at_its_record(seed: int) -> None:
    found = sample(300)
    data = bytearray(found.data)
    offset = random.Random(seed).randrange(len(data))
    data[offset] ^= 1 << seed % 8

    assert problem_seq(bytes(data)) == seq_at(found, offset)


@pytest.mark.parametrize("seq", range(len(SMALL.records) - 1))
def test_a_lost_record_is_found(seq: int) -> None:
    frames = SMALL.frames
    del frames[seq]

    assert problem_seq(joined(frames)) == seq


def test_two_records_that_changed_places_are_found() -> None:
    for first, second in combinations(range(len(SMALL.records)), 2):
        frames = SMALL.frames
        frames[first], frames[second] = frames[second], frames[first]

        assert problem_seq(joined(frames)) == first


@pytest.mark.parametrize("seq", range(len(SMALL.records)))
def test_a_doubled_record_is_found(seq: int) -> None:
    frames = SMALL.frames
    frames.insert(seq, frames[seq])

    assert problem_seq(joined(frames)) == seq + 1


def test_bytes_missing_inside_a_record_are_found() -> None:
    for record in SMALL.records[:-1]:
        for lost in (1, 5, 30):
            at = record.offset + HEAD_BYTES + 3
            assert problem_seq(SMALL.data[:at] + SMALL.data[at + lost :]) == record.seq


# --- a person -----------------------------------------------------------------------------------


def test_every_cut_shows_against_the_head_kept_beside_it() -> None:
    for cut in range(len(OPEN.data)):
        found = survey(OPEN.data[:cut], OPEN.anchor, "j")

        assert not found.holds
        assert "the head kept beside it vouches for" in str(found.problem)
    assert survey(OPEN.data, OPEN.anchor).holds
    assert survey(OPEN.data, OPEN.anchor).anchored is True
    assert survey(OPEN.data).anchored is None


def test_a_journal_may_have_grown_since_its_head_was_kept() -> None:
    writer = MemoryWriter()
    journal = Journal.begin(writer, NOW_NS, HEADER)
    anchor = journal.anchor
    write_events(journal, 0, 5)

    assert survey(writer.data, anchor).holds


def test_a_changed_body_with_a_right_crc_breaks_the_chain() -> None:
    for seq, frame in enumerate(SMALL.frames):
        body = bytearray(frame[HEAD_BYTES:])
        body[-1] ^= 1
        length, guard, _crc, chain = FRAME_HEAD.unpack_from(frame)
        frames = SMALL.frames
        frames[seq] = FRAME_HEAD.pack(length, guard, crc32(body), chain) + body

        problem = Reader(joined(frames)).to_end().problem
        assert problem is not None
        assert problem.seq == seq
        assert "was changed" in problem.text


def test_a_changed_body_with_a_right_hash_breaks_the_next_record() -> None:
    frames = SMALL.frames
    chain = SMALL.records[3].chain
    body = bytearray(frames[4][HEAD_BYTES:])
    body[-1] ^= 1
    frames[4], _chain = frame_of(chain, bytes(body))

    assert problem_seq(joined(frames)) == 5


def test_a_history_written_anew_shows_against_the_head_kept_beside_it() -> None:
    chain = FIRST_CHAIN
    frames: list[bytes] = []
    for frame in OPEN.frames:
        body = frame[HEAD_BYTES:]
        if len(frames) == 2:
            body = body[:9] + b"\x63" + body[10:]  # another time
        made, chain = frame_of(chain, body)
        frames.append(made)

    assert survey(joined(frames)).holds
    found = survey(joined(frames), OPEN.anchor, "j")
    assert not found.holds
    assert found.anchored is False
    assert "the history was written anew" in str(found.problem)


# --- what no writer writes ----------------------------------------------------------------------


def forged(*bodies: bytes) -> bytes:
    chain = FIRST_CHAIN
    frames: list[bytes] = []
    for body in bodies:
        frame, chain = frame_of(chain, body)
        frames.append(frame)
    return joined(frames)


def test_records_in_a_wrong_place_or_of_no_known_type_are_refused() -> None:
    bodies = [frame[HEAD_BYTES:] for frame in SMALL.frames]
    seal = bodies[-1]
    event = bodies[1]

    def numbered(body: bytes, seq: int) -> bytes:
        return body[:1] + seq.to_bytes(8, "little") + body[9:]

    texts = {
        "allowed is HEADER as the first record": forged(numbered(event, 0)),
        "and only there": forged(bodies[0], numbered(bodies[0], 1)),
        "found record type 9": forged(bodies[0], b"\x09" + event[1:]),
        "found a seal of": forged(bodies[0], numbered(seal, 1)),
        "no header": forged(numbered(b"\1" + event[1:], 0)),
        "found epoch 1, allowed is more than 1": forged(
            bodies[0], *(numbered(b"\4" + bodies[6][1:], seq) for seq in (1, 2))
        ),
    }
    for text, data in texts.items():
        problem = Reader(data).to_end().problem
        assert problem is not None
        assert text in problem.text


def test_an_event_whose_payload_is_none_is_a_problem_of_a_survey() -> None:
    body = SMALL.frames[1][HEAD_BYTES:][:17] + b"\xc0"
    found = survey(forged(SMALL.frames[0][HEAD_BYTES:], body))

    assert "bytes that are no event" in str(found.problem)


def test_the_chain_is_what_the_format_says() -> None:
    chain = link(b"", PREFIX)
    for record, frame in zip(SMALL.records, SMALL.frames, strict=True):
        chain = link(chain, frame[HEAD_BYTES:])
        assert record.chain == chain
