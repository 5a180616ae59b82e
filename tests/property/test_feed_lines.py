"""The compiled receiver of two lines and the plain one agree, whatever the lines do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import arena, lines
from sim.lines import Impairing
from sim.slowdown import Slowdown, Slowing
from tests.lined_worlds import MS, START_NS, Lined, Setting, constant, uneven

END_NS = 600 * MS
PER_MILLION = st.sampled_from([20_000, 200_000, 600_000, 1_000_000])
AMOUNTS = {
    Impairing.LOSE: PER_MILLION,
    Impairing.LOSE_RUN: st.integers(1, 30),
    Impairing.CORRUPT: PER_MILLION,
    Impairing.REPEAT: PER_MILLION,
    Impairing.OVERTAKE: st.integers(1, 6),
    Impairing.FREEZE: st.just(0),
    Impairing.DIVERGE: st.sampled_from([20_000, 200_000]),
    Impairing.CROSS: st.integers(1, 3),
}
STRETCH = st.tuples(st.integers(0, 500), st.integers(1, 150)).map(
    lambda pair: (START_NS + pair[0] * MS, START_NS + (pair[0] + pair[1]) * MS)
)


@st.composite
def troubles(draw: st.DrawFn) -> tuple[int, Impairing, int, int, int]:
    """One trouble of one line."""
    what = draw(st.sampled_from(sorted(AMOUNTS)))
    low, high = draw(STRETCH)
    return draw(st.integers(0, 1)), what, low, high, draw(AMOUNTS[what])


@st.composite
def slowdowns(draw: st.DrawFn) -> tuple[int, Slowdown]:
    """A line that is slow for a while."""
    low, high = draw(STRETCH)
    kind = draw(st.sampled_from([Slowing.ADD, Slowing.HOLD, Slowing.BATCH]))
    amount = 0 if kind is Slowing.HOLD else draw(st.integers(1, 60)) * MS
    return draw(st.integers(0, 1)), Slowdown(kind=kind, from_ns=low, until_ns=high, amount=amount)


LATENCIES = st.sampled_from([constant(1 * MS), constant(4 * MS), uneven(2 * MS)])
SETTINGS = st.builds(
    Setting,
    seed=st.integers(0, 1_000),
    a=LATENCIES,
    b=LATENCIES,
    troubles=st.lists(troubles(), max_size=5).map(tuple),
    slow=st.lists(slowdowns(), max_size=2).map(tuple),
    ages=st.lists(
        st.builds(lambda low, age: (low[0], low[1], age * MS), STRETCH, st.integers(1, 120)),
        max_size=2,
    ).map(tuple),
    wait_ns=st.sampled_from([0, 1 * MS, 5 * MS]),
    beat_ns=st.sampled_from([0, 10 * MS, 50 * MS]),
    requests=st.integers(0, 3),
    request_ns=st.sampled_from([1 * MS, 15 * MS]),
    ask_most=st.sampled_from([3, 1_000]),
    refill_loss_ppm=st.sampled_from([0, 500_000, 1_000_000]),
    behind_ns=st.sampled_from([1 * MS, 20 * MS]),
)


@pytest.fixture(autouse=True, scope="module")
def small_rooms() -> None:
    """Let queues and notes grow within the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "QUEUE_MESSAGES", 2)
        patch.setattr(lines, "NOTES", 9)
        patch.setattr(arena, "FAR_LEVELS", 4)
        yield


@settings(max_examples=150)
@given(SETTINGS, st.booleans(), st.lists(st.integers(1, 200), max_size=6))
def test_the_compiled_receiver_does_what_the_plain_one_does(
    setting: Setting, armed: bool, pauses: list[int]
) -> None:
    pair = Lined(setting, armed=armed)
    now_ns = START_NS
    for pause in [*pauses, END_NS // MS]:
        now_ns = min(now_ns + pause * MS, START_NS + END_NS)
        pair.advance(now_ns)
        assert pair.notes == pair.reference.notes
        assert pair.seen() == pair.told()


@settings(max_examples=40)
@given(SETTINGS)
def test_a_feed_that_is_well_again_has_the_book_of_its_venue(setting: Setting) -> None:
    pair = Lined(setting, armed=False)
    # The flow ends long before this, and with it what could be missed; heartbeats tell of the tail.
    pair.advance(setting.end_ns + 2_000 * MS)
    # Without heartbeats nobody can know of the last messages that both lines lose.
    if setting.beat_ns:
        assert not pair.seen()["bad"]
        wrong = {Impairing.DIVERGE, Impairing.CROSS}
        if not any(what in wrong for _, what, *_ in setting.troubles):
            seen = pair.seen()
            assert {side: seen[side] for side in ("bids", "asks")} == pair.venue()


def test_a_message_that_was_to_be_held_and_is_lost_is_not_held() -> None:
    early, late = START_NS, START_NS + 7 * MS
    troubles = (
        (0, Impairing.LOSE, early, early + MS, 20_000),
        (1, Impairing.OVERTAKE, early, late, 2),
        (1, Impairing.LOSE_RUN, early, late - MS, 22),
    )
    one = constant(1 * MS)
    for seed in range(8):
        pair = Lined(
            Setting(seed=seed, a=one, b=one, troubles=troubles, behind_ns=1 * MS), armed=False
        )
        pair.advance(START_NS + END_NS)
        assert pair.notes == pair.reference.notes
        assert pair.seen() == pair.told()
