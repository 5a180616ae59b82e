"""Health: a sick venue gets nothing until probes came back well, and then its share in steps.

    WELL        its whole share
    SICK        nothing, until a wait is over
    PROBING     nothing but one small probe at a time
    RECOVERING  a share that doubles with every good answer, until it is whole

Model: each answer of the venue is good or bad (refused, or overdue); its badness and its latency
are followed by means with a short memory. Too much badness, too much latency or stale content
makes it SICK from any state, with a wait that doubles each time until it has been WELL again.
When the wait is over and content is fresh, it is PROBING: `probe_lots` may be sent, the next only
when the last one is answered. After `probes_needed` good ones in a row the short memories are
cleared and it is RECOVERING at `first_ppm`. One bad answer in PROBING is SICK again.

Invariants: in SICK the weight is 0 and no probe is wanted; in PROBING the weight is 0 and at most
one probe is out; the weight is never between 0 and `first_ppm`; without an event nothing changes
but by time.

Limits: what makes a venue sick is for the configuration; a bad limit price that the venue refuses
looks like its fault, so whoever calls should leave out refusals that are the desk's own.
"""

from enum import IntEnum

import msgspec

from market.decisions import PPM
from market.errors import InputError


class HealthState(IntEnum):
    """How a venue stands; a value never changes its meaning."""

    WELL = 0
    SICK = 1
    PROBING = 2
    RECOVERING = 3


class HealthConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes a venue sick, and how it comes back.

    Attributes:
        bad_ppm_max: Largest mean badness of answers.
        latency_ns_max: Largest mean latency; 0 for no bound.
        stale_ns_max: Oldest content; 0 for no bound.
        memory: About so many answers are remembered.
        answers_min: Before so many answers nobody is called sick for badness or latency.
        wait_ns: First wait of a sick venue.
        wait_ns_max: Longest wait.
        probe_lots: Size of a probe.
        probes_needed: Good probes in a row.
        first_ppm: First share after them.
    """

    bad_ppm_max: int = 200_000
    latency_ns_max: int = 0
    stale_ns_max: int = 0
    memory: int = 20
    answers_min: int = 5
    wait_ns: int = 1_000_000_000
    wait_ns_max: int = 300_000_000_000
    probe_lots: int = 1
    probes_needed: int = 3
    first_ppm: int = 125_000

    def __post_init__(self) -> None:
        for name, low, high in (
            ("bad_ppm_max", 0, PPM),
            ("latency_ns_max", 0, 1 << 60),
            ("stale_ns_max", 0, 1 << 60),
            ("memory", 1, 10_000),
            ("answers_min", 1, 10_000),
            ("wait_ns", 1, 1 << 60),
            ("wait_ns_max", self.wait_ns, 1 << 60),
            ("probe_lots", 1, 1 << 40),
            ("probes_needed", 1, 1_000),
            ("first_ppm", 1, PPM),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"health.{name} is {getattr(self, name)}, allowed is {low} to {high}"
                )


class HealthData(msgspec.Struct):
    """How one venue stands.

    Attributes:
        weight_ppm: What it gets of its share.
        until_ns: End of the wait, while SICK.
        waits: How often it has been sick without being WELL in between.
        good_probes: In a row.
        probe_out: Whether a probe is unanswered.
        answers: Answers since the short memories were cleared.
        bad_ppm: Mean badness.
        latency_ns: Mean latency.
    """

    state: HealthState = HealthState.WELL
    weight_ppm: int = PPM
    until_ns: int = 0
    waits: int = 0
    good_probes: int = 0
    probe_out: bool = False
    answers: int = 0
    bad_ppm: int = 0
    latency_ns: int = 0


def on_answer(
    data: HealthData, config: HealthConfig, now_ns: int, *, bad: bool, latency_ns: int = 0
) -> None:
    """The venue has answered, or should have.

    Args:
        data: Changed in place.
        config: What makes it sick.
        now_ns: Now.
        bad: Refused, or overdue.
        latency_ns: From sending to the answer; of an overdue one, until now.
    """
    data.bad_ppm += ((PPM if bad else 0) - data.bad_ppm) // config.memory
    data.latency_ns += (latency_ns - data.latency_ns) // config.memory
    if data.answers == 0:
        data.bad_ppm = PPM // config.memory if bad else 0
        data.latency_ns = latency_ns
    data.answers += 1
    if data.state is HealthState.PROBING:
        _on_probe(data, config, now_ns, bad=bad or _slow(config, latency_ns))
    elif data.state is not HealthState.SICK:
        if data.answers >= config.answers_min and (
            data.bad_ppm > config.bad_ppm_max or _slow(config, data.latency_ns)
        ):
            _fall_sick(data, config, now_ns)
        elif data.state is HealthState.RECOVERING and not bad:
            data.weight_ppm = min(2 * data.weight_ppm, PPM)
            if data.weight_ppm == PPM:
                data.state = HealthState.WELL
                data.waits = 0


def on_time(data: HealthData, config: HealthConfig, now_ns: int, stale_ns: int) -> None:
    """Time has passed; content is so old."""
    stale = config.stale_ns_max > 0 and stale_ns > config.stale_ns_max
    if stale and data.state is not HealthState.SICK:
        _fall_sick(data, config, now_ns)
    elif data.state is HealthState.SICK and not stale and now_ns >= data.until_ns:
        data.state = HealthState.PROBING
        data.good_probes = 0
        data.probe_out = False


def probe_lots(data: HealthData, config: HealthConfig) -> int:
    """Size of the probe that may be sent now; 0 for none."""
    wanted = data.state is HealthState.PROBING and not data.probe_out
    return config.probe_lots if wanted else 0


def on_probe_sent(data: HealthData) -> None:
    """A probe is on its way."""
    assert data.state is HealthState.PROBING
    assert not data.probe_out
    data.probe_out = True


def _on_probe(data: HealthData, config: HealthConfig, now_ns: int, *, bad: bool) -> None:
    """A probe has come back; answers to what was sent before the venue fell sick count as well."""
    if bad:
        _fall_sick(data, config, now_ns)
        return
    data.probe_out = False
    data.good_probes += 1
    if data.good_probes >= config.probes_needed:
        data.state = HealthState.RECOVERING
        data.weight_ppm = config.first_ppm
        data.answers = data.bad_ppm = data.latency_ns = 0
        if data.weight_ppm == PPM:
            data.state = HealthState.WELL
            data.waits = 0


def _fall_sick(data: HealthData, config: HealthConfig, now_ns: int) -> None:
    data.state = HealthState.SICK
    data.weight_ppm = 0
    data.probe_out = False
    data.good_probes = 0
    wait_ns = min(config.wait_ns << min(data.waits, 40), config.wait_ns_max)
    data.until_ns = now_ns + wait_ns
    data.waits += 1


def _slow(config: HealthConfig, latency_ns: int) -> bool:
    return config.latency_ns_max > 0 and latency_ns > config.latency_ns_max
