"""What a person may say to a session's desks, who hears it, and that it happens again."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.paper.word import Word
from bridge.recording import Entry
from desk.gate import GateMode
from market.codes import OperatorAction
from market.errors import InputError
from scenarios.paper import WORD
from sim.recorder import EventKind
from tests.paper_rig import MS, entries, played, world
from tests.unit.scenarios.test_paper_world import Kept

TAKEN = entries(1_500)
AT = len(TAKEN) // 2


def said(**more: Any) -> bytes:
    return msgspec.json.encode({"authority": "A. Person", **more})


def with_word(data: bytes, at: int = AT) -> list[Entry]:
    return [*TAKEN[:at], Entry(TAKEN[at].stamp_ns, WORD, data), *TAKEN[at:]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (said(action="KILL", host="nobody"), "found host 'nobody', allowed is desk"),
        (said(action="PAUSE_STRATEGY", strategy="x"), "strategy 'x', allowed is maker, leaner"),
        (said(action="KILL", strategy="maker"), "a strategy with KILL, allowed is it with PAUSE_"),
        (said(action="KILL", authority=" "), "found no authority"),
        (said(action="KILL", authority="a\nb"), "200 characters in one line"),
        (said(action="KILL", why="x" * 201), "200 characters in one line"),
        (said(action="SET_LIMITS"), "found no limits_ppm"),
        (said(action="SET_LIMITS", limits_ppm=-1), "limits_ppm -1 with SET_LIMITS, allowed is 0"),
        (said(action="SET_LIMITS", limits_ppm=10**30), "word: found"),
        (said(action="KILL", limits_ppm=5), "limits_ppm 5 with KILL"),
        (said(action="KILL", sooner=True), "unknown field `sooner`"),
        (said(action="KILL", why="x" * 5_000), "found 5050 bytes, allowed are 4096"),
        (b"\xff", "allowed are KILL"),
    ],
)
def test_a_word_that_means_nothing_is_refused_before_it_is_said(data: bytes, message: str) -> None:
    made = world(TAKEN[0].stamp_ns - 1)
    with pytest.raises(InputError, match=message):
        made.words.read(data, TAKEN[0].stamp_ns)
    assert made.words.said == []


QUIET = world(TAKEN[0].stamp_ns - 1)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: said(action=text)))
def test_no_bytes_are_anything_but_a_word_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert QUIET.words.read(data, QUIET.now_ns).hosts


@pytest.mark.parametrize("action", [one for one in OperatorAction if one.name != "SET_LIMITS"])
def test_every_word_is_said_and_recorded_and_happens_again(action: OperatorAction) -> None:
    kept = Kept()
    taken = with_word(said(action=action.name, why="a test"))
    made = played(taken, sink=kept)

    made.assembly.recorder.flush()
    told = [one for one in kept.rows if one.kind == EventKind.INSTRUCTED]
    assert [(one.time_ns, one.detail) for one in told] == [(TAKEN[AT].stamp_ns, action)]
    assert [one.word.why for one in made.words.said] == ["a test"]
    assert made.digest() == played(taken).digest()


def test_what_was_killed_trades_again_when_a_person_says_so() -> None:
    kill, rearm = AT // 2, AT
    taken = with_word(said(action="KILL"), kill)
    taken = [
        *taken[: rearm + 1],
        Entry(taken[rearm].stamp_ns, WORD, said(action="REARM")),
        *taken[rearm + 1 :],
    ]
    kept = Kept()
    made = played(taken, sink=kept)
    sent = kept.times(made, EventKind.SUBMIT)

    from_ns, until_ns = TAKEN[kill].stamp_ns + MS, taken[rearm].stamp_ns
    assert not [one for one in sent if from_ns < one <= until_ns]
    assert [one for one in sent if one > until_ns]
    assert made.assembly.desks[0].gate.data.mode is GateMode.NORMAL


def test_a_pause_stops_the_strategy_that_it_names_and_no_other() -> None:
    sent = {}
    for paused in ("", "maker", "leaner"):
        data = said(action="PAUSE_STRATEGY", strategy=paused)
        taken = with_word(data, 1) if paused else TAKEN
        sent[paused] = played(taken).assembly.venue.orders_received
    # In this market the leaner finds nothing to lean on.
    assert sent[""] > 100
    assert sent == {"": sent[""], "maker": 0, "leaner": sent[""]}


def test_limits_are_a_multiple_of_what_the_scenario_says() -> None:
    made = played(with_word(said(action="SET_LIMITS", limits_ppm=250_000)))
    assert made.assembly.desks[0].gate.limits_ppm == 250_000


def test_a_machine_that_is_dead_hears_nothing() -> None:
    kept = Kept()
    made = world(TAKEN[0].stamp_ns - 1, sink=kept)
    made.assembly.hosts[0].crash()
    made.take(TAKEN[0].stamp_ns, WORD, msgspec.json.encode(Word(action="KILL", authority="x")))
    made.advance(TAKEN[0].stamp_ns + 1)

    assert kept.times(made, EventKind.INSTRUCTED) == []
    assert made.assembly.desks[0].gate.data.mode is GateMode.NORMAL


def test_what_was_said_is_said_again_in_another_run_to_who_is_there() -> None:
    made = played(with_word(said(action="KILL")))
    other = world(TAKEN[0].stamp_ns - 1)
    other.words.say_again(made.words.said)
    other.advance(TAKEN[AT].stamp_ns + MS)
    assert other.assembly.desks[0].gate.data.mode is GateMode.KILLED

    gone = made.words.said[0]._replace(word=Word(action="KILL", authority="x", host="gone"))
    alone = world(TAKEN[0].stamp_ns - 1)
    alone.words.say_again([gone])
    alone.advance(TAKEN[AT].stamp_ns + MS)
    assert alone.assembly.desks[0].gate.data.mode is GateMode.NORMAL
