"""A venue falls sick, is probed, and comes back; and nothing else."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.router.health import (
    HealthConfig,
    HealthData,
    HealthState,
    on_answer,
    on_probe_sent,
    on_time,
    probe_lots,
)
from market.decisions import PPM
from market.errors import InputError

SECOND_NS = 1_000_000_000
CONFIG = HealthConfig(
    bad_ppm_max=300_000,
    latency_ns_max=1_000_000,
    stale_ns_max=5 * SECOND_NS,
    memory=4,
    answers_min=3,
    wait_ns=SECOND_NS,
    wait_ns_max=4 * SECOND_NS,
    probe_lots=2,
    probes_needed=2,
    first_ppm=250_000,
)


def sick() -> HealthData:
    data = HealthData()
    for _ in range(3):
        on_answer(data, CONFIG, 0, bad=True)
    return data


def test_refusals_make_a_venue_sick_and_its_weight_zero() -> None:
    data = HealthData()
    on_answer(data, CONFIG, 0, bad=True)
    on_answer(data, CONFIG, 0, bad=True)
    assert data.state is HealthState.WELL  # too few answers to say so
    on_answer(data, CONFIG, 0, bad=True)
    assert data.state is HealthState.SICK
    assert data.weight_ppm == 0
    assert data.until_ns == SECOND_NS
    assert probe_lots(data, CONFIG) == 0


def test_slow_answers_and_stale_content_do_too() -> None:
    slow = HealthData()
    for _ in range(3):
        on_answer(slow, CONFIG, 0, bad=False, latency_ns=1_000_001)
    assert slow.state is HealthState.SICK
    stale = HealthData()
    on_time(stale, CONFIG, 0, 5 * SECOND_NS)
    assert stale.state is HealthState.WELL
    on_time(stale, CONFIG, 0, 5 * SECOND_NS + 1)
    assert stale.state is HealthState.SICK


def test_probes_bring_it_back_in_steps() -> None:
    data = sick()
    on_time(data, CONFIG, SECOND_NS - 1, 0)
    assert data.state is HealthState.SICK
    on_time(data, CONFIG, SECOND_NS, 6 * SECOND_NS)
    assert data.state is HealthState.SICK  # its content is stale
    on_time(data, CONFIG, SECOND_NS, 0)
    assert data.state is HealthState.PROBING
    weights = []
    for number in range(5):
        if data.state is HealthState.PROBING:
            assert probe_lots(data, CONFIG) == 2
            on_probe_sent(data)
            assert probe_lots(data, CONFIG) == 0
        on_answer(data, CONFIG, SECOND_NS + number, bad=False)
        weights.append(data.weight_ppm)
    assert weights == [0, 250_000, 500_000, PPM, PPM]
    assert data.state is HealthState.WELL
    assert data.waits == 0


def test_each_relapse_waits_twice_as_long_up_to_the_longest() -> None:
    data, now_ns, waits = sick(), 0, []
    for _ in range(5):
        waits.append(data.until_ns - now_ns)
        now_ns = data.until_ns
        on_time(data, CONFIG, now_ns, 0)
        on_probe_sent(data)
        on_answer(data, CONFIG, now_ns, bad=True)
    assert [wait // SECOND_NS for wait in waits] == [1, 2, 4, 4, 4]


def test_old_troubles_are_forgotten_when_probes_were_good() -> None:
    data = sick()
    on_time(data, CONFIG, SECOND_NS, 0)
    for _ in range(2):
        on_probe_sent(data)
        on_answer(data, CONFIG, SECOND_NS, bad=False)
    assert (data.state, data.answers, data.bad_ppm) == (HealthState.RECOVERING, 0, 0)


def test_a_relapse_while_recovering_takes_everything_away() -> None:
    data = sick()
    on_time(data, CONFIG, SECOND_NS, 0)
    for _ in range(2):
        on_probe_sent(data)
        on_answer(data, CONFIG, SECOND_NS, bad=False)
    for _ in range(3):
        on_answer(data, CONFIG, SECOND_NS, bad=True)
    assert (data.state, data.weight_ppm) == (HealthState.SICK, 0)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.booleans(), st.integers(0, 3_000_000)),
        st.tuples(st.just("time"), st.booleans(), st.integers(0, 3 * SECOND_NS)),
        st.tuples(st.just("probe"), st.just(False), st.just(0)),
    ),
    max_size=80,
)


@given(events=EVENTS)
def test_whatever_happens_weights_and_probes_keep_to_their_state(
    events: list[tuple[str, bool, int]],
) -> None:
    data, now_ns = HealthData(), 0
    for kind, flag, number in events:
        if kind == "answer":
            on_answer(data, CONFIG, now_ns, bad=flag, latency_ns=number)
        elif kind == "time":
            now_ns += number
            on_time(data, CONFIG, now_ns, 6 * SECOND_NS if flag else 0)
        elif probe_lots(data, CONFIG):
            on_probe_sent(data)
        if data.state in (HealthState.SICK, HealthState.PROBING):
            assert data.weight_ppm == 0
        elif data.state is HealthState.WELL:
            assert data.weight_ppm == PPM
        else:
            assert CONFIG.first_ppm <= data.weight_ppm < PPM
        if probe_lots(data, CONFIG):
            assert data.state is HealthState.PROBING
            assert not data.probe_out
        assert 0 <= data.bad_ppm <= PPM
        data = msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=HealthData)
    # From wherever it stands, a venue that behaves is well again within bounds.
    for _ in range(20):
        now_ns += 4 * SECOND_NS
        on_time(data, CONFIG, now_ns, 0)
        if probe_lots(data, CONFIG):
            on_probe_sent(data)
        on_answer(data, CONFIG, now_ns, bad=False)
    assert data.state is HealthState.WELL


def test_a_venue_that_never_behaves_never_gets_more_than_probes() -> None:
    data, now_ns, sent = sick(), 0, 0
    for _ in range(1_000):
        now_ns += SECOND_NS
        on_time(data, CONFIG, now_ns, 0)
        if probe_lots(data, CONFIG):
            on_probe_sent(data)
            sent += probe_lots(data, CONFIG) + CONFIG.probe_lots
            on_answer(data, CONFIG, now_ns, bad=True)
        assert data.weight_ppm == 0
    # After 1, 2, 4 seconds it is probed every four: two lots each.
    assert sent <= 2 * (1_000 // 4 + 3)


@pytest.mark.parametrize(
    "wrong",
    [{"bad_ppm_max": -1}, {"memory": 0}, {"wait_ns": 10, "wait_ns_max": 9}, {"first_ppm": 0}],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"health\.\w+ is"):
        HealthConfig(**wrong)
