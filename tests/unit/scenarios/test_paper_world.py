"""A run whose tape grows by what feeds say: the same entries, the same fills, whenever it is told to go on."""

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.paper.word import Word
from bridge.recording import Entry
from desk.gate import GateMode
from market.codes import Reason, ReportType
from market.errors import InputError, VenueError
from scenarios.paper import PaperFill, PaperWorld
from scenarios.schema import parse_scenario, scenario_text
from sim.front.admission import Admission
from sim.front.house import HouseRules
from sim.front.throttle import ThrottleRule
from sim.recorder import Event, EventKind
from tests.paper_rig import BTC, MS, S, entries, played, text_of, world

TAKEN = entries()


class Kept:
    def __init__(self) -> None:
        self.rows: list[Event] = []

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        self.rows.extend(Event(*row) for row in rows.tolist())

    def times(self, made: PaperWorld, kind: EventKind) -> list[int]:
        made.assembly.recorder.flush()
        return [one.time_ns for one in self.rows if one.kind == kind]


def test_a_desk_trades_what_feeds_say_and_every_fill_is_told_once() -> None:
    fills: list[PaperFill] = []
    made = played(TAKEN, filled=fills.append)

    assert len(fills) > 10
    assert len({one.id for one in fills}) == len(fills)
    venue = sum(one.fills for one in made.assembly.venue.accounts.values())
    assert venue == len(fills)
    assert made.watch.checked > 50
    assert made.watch.wrong == 0
    assert made.rows.counts["troubles"] == 0
    bought = sum(one.qty_lots if one.side == "BUY" else -one.qty_lots for one in fills)
    assert made.assembly.venue.accounts[0, 0].position_lots == bought


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 40 * MS), min_size=1, max_size=40))
def test_when_it_is_told_to_go_on_makes_no_difference(spans: list[int]) -> None:
    taken = TAKEN[:900]

    def nudge(number: int, made: PaperWorld) -> None:
        following = taken[number + 1].stamp_ns if number + 1 < len(taken) else taken[-1].stamp_ns
        wanted = taken[number].stamp_ns + spans[number % len(spans)]
        if made.now_ns < wanted < following:
            made.advance(wanted)

    told: list[list[PaperFill]] = [[], []]
    plain = played(taken, filled=told[0].append)
    nudged = played(taken, nudge, filled=told[1].append)

    assert nudged.digest() == plain.digest()
    assert told[0] == told[1]


def test_a_book_in_trouble_is_empty_and_nothing_new_leaves_until_a_snapshot() -> None:
    at = len(TAKEN) // 2
    cut_ns = TAKEN[at].stamp_ns
    kept = Kept()
    taken = [
        *TAKEN[:at],
        Entry(cut_ns, "0/link:down", b"gone"),
        *(Entry(one.stamp_ns, "0/ws", b"{}") for one in TAKEN[at + 1 :]),
    ]
    made = played(taken, sink=kept)

    assert made.rows.counts["troubles"] == 1
    assert made.assembly.world.venue_depth(0, 0, 5) == []  # type: ignore[arg-type]
    submits = kept.times(made, EventKind.SUBMIT)
    assert [one for one in submits if one < cut_ns]
    # What was being decided when the news came may still leave: the host's compute and commit time.
    assert not [one for one in submits if one > cut_ns + 1 * MS]


def test_silence_stops_quoting_within_its_bound() -> None:
    at = len(TAKEN) // 2
    kept = Kept()
    made = played(TAKEN[:at], sink=kept)
    silent_ns = TAKEN[at - 1].stamp_ns
    made.advance(silent_ns + 20 * S)

    live = made.assembly.venue.orders
    assert not [one for one in live.values() if one.open_lots]
    late = [one for one in kept.times(made, EventKind.SUBMIT) if one > silent_ns + 2 * S + 300 * MS]
    assert late == []


def test_the_venue_refuses_what_it_says_that_it_refuses() -> None:
    kept = Kept()
    sheet = Admission(instrument=BTC, notional_min=10**15)
    throttle = ThrottleRule(count=3, window_ns=60 * S, cancels_exempt=True)
    house = HouseRules(admissions={0: sheet}, throttles=(throttle,))
    made = played(TAKEN[:1_500], sink=kept, house=house)
    made.assembly.recorder.flush()

    answers = [one for one in kept.rows if one.kind == EventKind.ANSWER]
    refused = [Reason(one.reason) for one in answers if one.detail == ReportType.REJECTED]
    assert refused[:3] == [Reason.TOO_LITTLE_NOTIONAL] * 3
    assert set(refused[3:]) <= {Reason.TOO_LITTLE_NOTIONAL, Reason.THROTTLED}
    assert Reason.THROTTLED in refused
    assert not made.assembly.venue.accounts


def test_a_persons_word_is_an_entry_like_any_other() -> None:
    at = len(TAKEN) // 2
    kept = Kept()
    word = msgspec.json.encode(Word(action="KILL", authority="A. Person"))
    taken = [*TAKEN[:at], Entry(TAKEN[at].stamp_ns, "word", word), *TAKEN[at + 1 :]]
    made = played(taken, sink=kept)

    assert made.assembly.desks[0].gate.data.mode is GateMode.KILLED
    assert not [one for one in kept.times(made, EventKind.SUBMIT) if one > taken[at].stamp_ns + MS]


@pytest.mark.parametrize(
    "data", [b"{", b'{"action":"DANCE","authority":"x"}', b'{"action":"KILL"}']
)
def test_a_word_that_is_none_is_refused(data: bytes) -> None:
    made = world(TAKEN[0].stamp_ns - 1)
    with pytest.raises(InputError, match="allowed are KILL"):
        made.take(TAKEN[0].stamp_ns, "word", data)


def test_an_entry_of_no_feed_is_refused() -> None:
    made = world(TAKEN[0].stamp_ns - 1)
    with pytest.raises(InputError, match=r"found channel '3/ws', allowed are 0/"):
        made.take(TAKEN[0].stamp_ns, "3/ws", b"{}")


def test_time_does_not_go_back() -> None:
    made = world(TAKEN[0].stamp_ns - 1)
    made.take(*TAKEN[0])
    made.advance(TAKEN[0].stamp_ns + 10 * MS)
    with pytest.raises(VenueError, match="came behind"):
        made.take(TAKEN[0].stamp_ns + MS, "0/ws", b"{}")


def test_a_scenario_with_a_world_of_its_own_is_refused() -> None:
    text, where = scenario_text("calm")
    with pytest.raises(InputError, match="feeds bring them"):
        world(TAKEN[0].stamp_ns, text=text)
    del where


def test_history_that_would_answer_is_refused() -> None:
    text = text_of(lambda one: one.replace('mode = "frozen"', 'mode = "reactive"'))
    assert parse_scenario(text, "x").run.mode == "reactive"
    with pytest.raises(InputError, match="allowed on live feeds is 'frozen'"):
        world(TAKEN[0].stamp_ns, text=text)


def test_a_session_without_an_end_forgets_orders_that_have_ended_and_nothing_else() -> None:
    taken = entries(18_000, seed=3)
    made = played(taken)
    assembly = made.assembly

    assert made.forgetting.count > 300
    assert assembly.venue.orders_received == made.forgetting.count + len(assembly.venue.orders)
    missing = [
        one
        for one in assembly.desks[0].orders.data.orders.values()
        if not one.ended and one.order_id not in assembly.venue.orders
    ]
    # On their way to the venue, no longer than the wire takes.
    assert all(one.changed_ns > taken[-1].stamp_ns - 200 * MS for one in missing)
    late_ns = taken[-1].stamp_ns - 121 * S
    desk = assembly.desks[0].orders.data.orders
    old = [one for one in desk.values() if one.ended and one.changed_ns < late_ns]
    assert not {one.order_id for one in old} & set(assembly.venue.orders)
    there = set(assembly.venue.orders) | {one.order_id for one in missing}
    assert set(assembly.member_of(0)._attempts) == there
