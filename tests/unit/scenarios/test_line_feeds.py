"""`[hosts.lines]` in a run: a line that fails changes nothing, and both together stop the desk."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pytest

from market.codes import Trigger
from market.errors import InputError
from market.faults import FaultKind
from scenarios.build import Assembly
from scenarios.line_feeds import IMPAIRING, SLOWING
from scenarios.schema import digest_of, load_scenario, parse_scenario
from sim.lines import FeedEvent
from sim.recorder import Event, EventKind

CALM: Final = (
    load_scenario("calm")[1]
    .replace('duration = "1h"', 'duration = "100s"')
    .replace('flat_before_end = "2m"', 'flat_before_end = "10s"')
)
S: Final = 1_000_000_000
LINES: Final = """
[hosts.lines]
b = { model = "constant", latency = "2ms" }
"""
FROM_NS, UNTIL_NS = 60 * S, 70 * S


def text_of(*faults: str, lines: str = LINES) -> str:
    """The calm day's first 100 seconds, on two lines, with faults."""
    at = CALM.index("[hosts.stack]")
    broken = "".join(f'\n[[faults]]\nname = "f{n}"\n{one}\n' for n, one in enumerate(faults))
    return CALM[:at] + lines + "\n" + CALM[at:] + broken


class Kept:
    """Keeps every event, with times from the start of the run."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, rows: Any) -> None:
        self.events += [Event(*row) for row in rows.tolist()]


def run(*faults: str, lines: str = LINES) -> tuple[Assembly, list[Event]]:
    """Run it; what happened, with times from the start."""
    kept = Kept()
    scenario = parse_scenario(text_of(*faults, lines=lines), "calm.toml")
    assembly = Assembly(scenario, None, 7, kept)
    assembly.clock.run()
    assembly.finish()
    assembly.recorder.flush()
    start_ns = assembly.start_ns
    return assembly, [one._replace(time_ns=one.time_ns - start_ns) for one in kept.events]


def of(events: Sequence[Event], *kinds: EventKind) -> list[Event]:
    """Events of these kinds while the fault lasts."""
    return [one for one in events if one.kind in kinds and FROM_NS <= one.time_ns < UNTIL_NS]


LINE: Final = {
    FaultKind.FEED_DELAY: ("desk.feed.a", "10s", '"500ms"'),
    FaultKind.FEED_JITTER: ("desk.feed.b/SYN@SIM", "10s", '"200ms"'),
    FaultKind.FEED_LOSS: ("desk.feed", "10s", "100_000"),
    FaultKind.FEED_GAP: ("desk.feed", "", "20"),
    FaultKind.FEED_DUPLICATE: ("desk.feed", "10s", "500_000"),
    FaultKind.FEED_REORDER: ("desk.feed.a", "10s", "3"),
    FaultKind.FEED_FREEZE: ("desk.feed", "10s", ""),
    FaultKind.FEED_CORRUPT: ("desk.feed.a", "10s", "500_000"),
    FaultKind.FEED_CROSSED: ("desk.feed", "1s", "2"),
    FaultKind.FEED_DIVERGE: ("desk.feed.b", "10s", "20_000"),
}


def fault(kind: FaultKind, target: str, duration: str, severity: str, at: str = "60s") -> str:
    """One of `[[faults]]` without its name."""
    words = [f'kind = "{kind}"', f'target = "{target}"', f'at = "{at}"']
    words += [f'duration = "{duration}"'] if duration else []
    words += [f"severity = {severity}"] if severity else []
    return "\n".join(words)


@pytest.mark.parametrize("kind", LINE)
def test_each_kind_bites_and_the_book_is_right_again(kind: FaultKind) -> None:
    assembly, _ = run(fault(kind, *LINE[kind]))
    assert assembly.faults.outcomes(assembly)[0].hits > 0
    assert not assembly.world.maybe_bad(0)


def test_every_kind_of_a_line_is_tried() -> None:
    assert set(LINE) == set(SLOWING) | set(IMPAIRING)


def test_trading_goes_on_when_one_line_is_late() -> None:
    _, calm = run()
    _, late = run(fault(FaultKind.FEED_DELAY, "desk.feed.a", "10s", '"500ms"'))
    assert not [one for one in late if one.kind == EventKind.GAP and not one.side]
    views = of(late, EventKind.VIEW)
    assert max(one.time_ns for one in views) > UNTIL_NS - S
    assert len(views) > 0.8 * len(of(calm, EventKind.VIEW))
    behind = [one for one in late if one.kind == EventKind.GAP and one.side == 1]
    assert [one.detail for one in behind] == [FeedEvent.BEGUN, FeedEvent.CAUGHT_UP]


def test_a_gap_on_both_lines_wakes_the_desk_and_takes_its_orders_out() -> None:
    blind = LINES + 'requests = 0\nsnapshot_every = "8s"\n'
    assembly, events = run(fault(FaultKind.FEED_GAP, "desk.feed", "", "50"), lines=blind)
    gap = [one for one in events if one.kind == EventKind.GAP]
    assert [one.detail for one in gap] == [
        FeedEvent.BEGUN,
        FeedEvent.GIVEN_UP,
        FeedEvent.SPLICED,
    ]
    begun, _, spliced = gap
    woken = [one for one in events if one.kind == EventKind.VIEW and one.detail & Trigger.GAP]
    assert woken[0].time_ns - begun.time_ns < S // 100
    bad = [one for one in events if begun.time_ns + S // 100 < one.time_ns < spliced.time_ns]
    assert not [one for one in bad if one.kind in (EventKind.SUBMIT, EventKind.REPLACE)]
    assert assembly.world.lines[0].counts(0)["lost"] >= 50


def test_old_snapshots_are_refused_until_one_is_new_enough() -> None:
    blind = LINES + "requests = 0\n"
    assembly, events = run(
        fault(FaultKind.FEED_GAP, "desk.feed", "", "20"),
        fault(FaultKind.FEED_SNAPSHOT_RACE, "desk.feed", "5s", '"3s"', at="59s"),
        lines=blind,
    )
    details = [one.detail for one in events if one.kind == EventKind.GAP]
    assert FeedEvent.TOO_OLD in details
    assert details[-1] == FeedEvent.SPLICED
    hits = {one.name: one.hits for one in assembly.faults.outcomes(assembly)}
    # The snapshot that is taken in the end may be old, too, as long as it reaches over the gap.
    assert hits["f1"] - details.count(FeedEvent.TOO_OLD) in (0, 1)


def test_two_runs_are_the_same_run() -> None:
    words = fault(FaultKind.FEED_LOSS, "desk.feed", "10s", "100_000")
    assert run(words)[1] == run(words)[1]


def test_a_fault_moves_nothing_before_it() -> None:
    _, calm = run()
    _, broken = run(fault(FaultKind.FEED_LOSS, "desk.feed", "10s", "300_000"))
    before = [one for one in calm if one.time_ns < FROM_NS]
    assert before == broken[: len(before)]
    assert len(before) > 100


def test_without_lines_nothing_of_them_is_in_a_scenario() -> None:
    plain = parse_scenario(CALM, "calm.toml")
    assert "lines" not in msgspec.to_builtins(plain)["hosts"][0]
    assert digest_of(plain) != digest_of(parse_scenario(text_of(), "calm.toml"))


def test_without_lines_no_event_tells_of_a_feed() -> None:
    assembly, events = run(lines="")
    assert assembly.world.lines == {}
    assert not [one for one in events if one.kind == EventKind.GAP]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("[hosts.lines]\nc = 1", "found unknown key 'c'"),
        ("[hosts.lines]\nwait = 3", 'wait: found 3, allowed is a duration such as "25ms"'),
        ("[hosts.lines]\nrequests = 1_001", "requests is 1001, allowed is 0 to 1000"),
        (
            '[hosts.lines]\nsnapshot_every = "1us"',
            "snapshot_every is 1000 ns, allowed is 1000000 to",
        ),
        ("[hosts.lines]\nrefill_loss_ppm = -1", "refill_loss_ppm is -1, allowed is 0 to 1000000"),
        ('[hosts.lines]\na = { model = "x" }', "a.model: found 'x', allowed is constant"),
    ],
)
def test_bad_words_are_refused(lines: str, words: str) -> None:
    with pytest.raises(InputError, match=r"hosts\[0\]\.lines") as error:
        parse_scenario(text_of(lines=lines), "calm.toml")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("kind", "target"),
    [(FaultKind.FEED_DELAY, "desk.feed.a"), (FaultKind.FEED_GAP, "desk.feed")],
)
def test_a_feed_without_lines_has_none_to_break(kind: FaultKind, target: str) -> None:
    words = fault(kind, target, *LINE[kind][1:])
    with pytest.raises(InputError, match="allowed"):
        run(words, lines="")
