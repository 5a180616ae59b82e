"""Every invariant: a history in which it holds, and the nearest one in which it does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.drill import DrillLimits
from chaos.invariants import INVARIANTS, MARKS, invariant_named
from chaos.ledger import AccountEnd, History, Look, VenueOrderEnd
from desk.orders import Anomaly
from desk.orders.table import OrderState
from desk.oversight import AlertCode
from market.codes import OperatorAction, ReportType, Side
from market.faults import FaultKind
from sim.recorder import Event, EventKind
from tests.unit.chaos.alert_histories import alerted, called, late_feed, monitor_died
from tests.unit.chaos.histories import (
    MS,
    S,
    accepted,
    answer,
    event,
    history,
    submit,
    window,
)
from tests.unit.chaos.journal_histories import (
    audited,
    dropped,
    held_up,
    journal,
    last_report,
    restarted,
    sent_later,
    stored,
    well_again,
)
from tests.unit.chaos.pair_histories import handed_over, open_at_a_takeover, paired, stood_down
from tests.unit.chaos.risk_histories import (
    beyond_by_a_bust,
    exposed,
    refused_at_the_door,
    replaced_by_both,
)

ROOT = Path(__file__).resolve().parents[3]
FILLED = ReportType.FILLED
K = EventKind


def filled(own_lots: int = 10, twice: bool = False) -> History:
    fill = answer(1_010, FILLED, qty=10, exec_id=1)
    heard = fill._replace(kind=K.RECEIVED, time_ns=1_020 * MS)
    events = [submit(1_000), *accepted(1_002), fill, *([fill] * twice), heard]
    return history(
        *events,
        own={(0, 0): AccountEnd(own_lots, -1_000, 0, 0)},
        accounts={(0, 0): AccountEnd(10, -1_000, 0, 1)},
    )


def copied(desk_hears: bool, alert_ms: int = 0) -> History:
    fill = answer(1_010, FILLED, qty=10, exec_id=1)
    events = [submit(1_000), *accepted(1_002), fill]
    events.append(fill._replace(kind=K.DROP_COPY, time_ns=1_020 * MS))
    if desk_hears:
        events.append(fill._replace(kind=K.RECEIVED, time_ns=1_030 * MS))
    if alert_ms:
        events.append(event(alert_ms, K.ALERT, 7, host=1))
    return history(*events)


def looked(own_state: int | None, at_venue: bool, until_s: int = 20) -> History:
    venue = {1: VenueOrderEnd(0, 0, 0, 10)} if at_venue else {}
    own = {} if own_state is None else {1: own_state}
    looks = [Look(one * S, venue, {}, {0: own}, {}) for one in range(1, until_s)]
    return history(submit(500), looks=looks)


def reconnected(settled_ms: int, next_ms: int) -> History:
    return history(
        submit(9_000, 1),
        *accepted(9_002, 1),
        answer(9_004, ReportType.ACCEPTED, 1, to=K.RECEIVED),
        answer(settled_ms, ReportType.STATUS, 1, to=K.RECEIVED, leaves=10),
        submit(next_ms, 2),
        windows=[window(FaultKind.GATEWAY_DISCONNECT, "desk", 10_000, 12_000)],
    )


def logged_on_again(next_ms: int, *, lost: bool = True) -> History:
    down = 0 if lost else 3
    return history(
        submit(9_000, 1),
        *accepted(9_002, 1),
        answer(9_004, ReportType.ACCEPTED, 1, to=K.RECEIVED),
        event(10_000, K.SESSION, 0, detail=down, qty_lots=2),
        event(12_000, K.SESSION, 0, detail=2, qty_lots=1 if lost else 3),
        submit(next_ms, 2),
    )


def half_open(next_ms: int, kind: EventKind = K.SUBMIT, target: str = "desk.reports") -> History:
    return history(
        event(500, K.SESSION, 0, detail=2),
        submit(9_000, 1),
        answer(9_004, ReportType.ACCEPTED, 1, to=K.RECEIVED),
        event(next_ms, kind, 1 + (kind == K.SUBMIT), qty_lots=10),
        windows=[window(FaultKind.GATEWAY_HALF_OPEN, target, 10_000, 15_000)],
    )


def lived(*after_end: Event, anomaly: int = 0) -> History:
    return history(
        submit(1_000),
        *accepted(1_002),
        answer(1_010, FILLED, qty=4, leaves=6, exec_id=1),
        answer(1_020, ReportType.CANCELLED),
        *after_end,
        anomalies={0: {anomaly: 1} if anomaly else {}},
    )


def priced(view_ms: int) -> History:
    return history(
        event(1_000, K.VIEW, 0, venue_ns=view_ms * MS),
        event(1_001, K.COMPUTED, 0, venue_ns=1_000 * MS, detail=1),
        submit(1_001),
    )


def crowded(count: int) -> History:
    events = []
    for one in range(count):
        events.append(answer(1_000 + one, FILLED, 1, qty=1, exec_id=one + 1, to=K.REPORT))
    return history(*events, submit(1_100, 2), audit={0: journal(strategies={1: 0, 2: 0})})


def rated(count: int, qty: int = 1) -> History:
    return history(*(submit(1_000 + one, one + 1, qty) for one in range(count)))


def killed(cancel_ms: int, next_ms: int = 0, rearmed_ms: int = 0) -> History:
    events = [submit(1_000), *accepted(1_002)]
    events.append(event(2_000, K.INSTRUCTED, 0, detail=OperatorAction.KILL))
    events.append(event(cancel_ms, K.CANCEL))
    events.append(answer(cancel_ms + 3, ReportType.CANCELLED))
    if rearmed_ms:
        events.append(event(rearmed_ms, K.INSTRUCTED, 0, detail=OperatorAction.REARM))
    if next_ms:
        events.append(submit(next_ms, 2))
    return history(*sorted(events))


def throttled(answer_ms: int) -> History:
    return history(
        submit(1_000),
        *accepted(1_002),
        event(11_000, K.CANCEL),
        answer(answer_ms, ReportType.CANCELLED),
        windows=[window(FaultKind.GATEWAY_THROTTLE, "desk", 10_000, 15_000, severity=1)],
    )


def aged(noticed_ms: int) -> History:
    return history(
        event(9_000, K.VIEW, 0, venue_ns=9_000 * MS),
        event(noticed_ms, K.VIEW, 0, venue_ns=9_990 * MS, detail=8),
        windows=[window(FaultKind.FEED_DELAY, "desk.feed", 10_000, 15_000, severity=2 * S)],
    )


def doubted(at_ms: int) -> History:
    windows = [window(FaultKind.FEED_DELAY, "desk.feed", 10_000, 15_000, severity=2 * S)]
    seen = event(9_000, K.VIEW, 0, venue_ns=9_000 * MS)
    return history(seen, windows=windows, audit={0: journal(doubts={0: [at_ms * MS]})})


def gapped(seen: bool, closed: bool = True) -> History:
    events = [event(10_100, K.GAP, 0, detail=1, qty_lots=3)] * seen
    events += [event(10_200, K.GAP, 0, detail=2)] * closed
    return history(
        *events, windows=[window(FaultKind.FEED_GAP, "desk.feed", 10_000, 11_000, severity=3)]
    )


def differed(step: int) -> History:
    return history(
        event(10_100, K.GAP, 0, detail=step),
        windows=[window(FaultKind.FEED_DIVERGE, "desk.feed.b", 10_000, 11_000, severity=3)],
    )


def asked(count: int) -> History:
    return history(*(event(10_000 + one, K.GAP, 0, detail=7) for one in range(count)))


def doubtful(decided_ms: int) -> History:
    return history(
        event(1_000, K.VIEW, 0, venue_ns=999 * MS),
        event(1_010, K.GAP, 0, detail=1),
        event(1_030, K.GAP, 0, detail=3),
        event(1_040, K.COMPUTED, 0, venue_ns=decided_ms * MS, detail=1),
        submit(1_040),
    )


def heard(right: bool) -> History:
    return history(looks=[Look(50 * S, {}, {}, {}, {}, books={(0, 0): right})])


def dead(back_ms: int, *, crashed: bool = True, reason: int = 1) -> History:
    """A host dies, may not begin, is started again, and an order leaves it at 1.5 s."""
    rows = [
        event(1_000, K.CRASHED),
        event(1_200, K.START_REFUSED, detail=reason),
        event(back_ms, K.RESTARTED),
        submit(1_500),
    ]
    return history(*sorted(rows if crashed else rows[1:], key=lambda one: one.time_ns))


_OLD = AlertCode.CONTENT_OLD
SMALL = DrillLimits(order_lots=50)
CASES: list[tuple[str, Callable[[], History], Callable[[], History]]] = [
    ("I-POS-1", filled, lambda: filled(own_lots=0)),
    ("I-POS-1", filled, lambda: filled(twice=True)),
    ("I-POS-2", lambda: copied(True), lambda: copied(False)),
    ("I-POS-2", lambda: copied(False, alert_ms=1_500), lambda: copied(False, alert_ms=5_000)),
    ("I-ORD-1", lambda: looked(OrderState.LIVE, True), lambda: looked(OrderState.LIVE, False)),
    ("I-ORD-1", lambda: looked(None, False), lambda: looked(None, True)),
    ("I-ORD-1", lambda: looked(None, True, 4), lambda: looked(OrderState.UNKNOWN, True, 4)),
    ("I-ORD-2", lambda: rated(2), lambda: history(submit(1_000), submit(1_100))),
    ("I-ORD-3", lambda: reconnected(12_010, 12_020), lambda: reconnected(12_020, 12_010)),
    ("I-ORD-3", lambda: logged_on_again(11_000), lambda: logged_on_again(12_001)),
    ("I-ORD-3", lambda: half_open(13_000), lambda: half_open(13_001)),
    ("I-ORD-3", lambda: half_open(12_999, K.REPLACE), lambda: half_open(14_999, K.REPLACE)),
    ("I-ORD-3", lambda: half_open(13_000), lambda: half_open(13_001, target="desk")),
    ("I-ORD-4", lived, lambda: lived(answer(1_030, ReportType.ACCEPTED, leaves=6))),
    ("I-ORD-4", lived, lambda: lived(answer(1_030, FILLED, qty=7, exec_id=2))),
    ("I-ORD-4", lived, lambda: lived(anomaly=Anomaly.ILLEGAL_EVENT)),
    ("I-ORD-4", lived, lambda: history(submit(1_000), answer(1_001, FILLED, qty=1, exec_id=1))),
    ("I-RISK-1", lambda: exposed(40), lambda: exposed(41)),
    (
        "I-RISK-1",
        lambda: refused_at_the_door(K.SUBMIT, 100),
        lambda: refused_at_the_door(K.SUBMIT, 101),
    ),
    (
        "I-RISK-1",
        lambda: refused_at_the_door(K.CANCEL, 40),
        lambda: refused_at_the_door(K.CANCEL, 41),
    ),
    (
        "I-RISK-1",
        lambda: refused_at_the_door(K.REPLACE, 40),
        lambda: refused_at_the_door(K.REPLACE, 41),
    ),
    (
        "I-RISK-1",
        lambda: beyond_by_a_bust(Side.SELL),
        lambda: beyond_by_a_bust(Side.BUY),
    ),
    ("I-RISK-1", lambda: replaced_by_both(30), lambda: replaced_by_both(31)),
    ("I-RISK-2", lambda: rated(10), lambda: rated(21)),
    ("I-RISK-2", lambda: rated(1, 100), lambda: rated(1, 101)),
    ("I-RISK-3", lambda: priced(600), lambda: priced(599)),
    ("I-RISK-3", lambda: doubtful(1_030), lambda: doubtful(1_029)),
    ("I-RISK-3", lambda: doubtful(1_010), lambda: doubtful(1_011)),
    ("I-RISK-4", lambda: exposed(40, DrillLimits(order_lots=60)), lambda: exposed(40, SMALL)),
    ("I-RISK-5", lambda: crowded(3), lambda: crowded(4)),
    ("I-KILL-1", lambda: killed(2_050), lambda: killed(2_060)),
    ("I-KILL-1", lambda: killed(2_050, 2_009), lambda: killed(2_050, 2_011)),
    ("I-KILL-2", lambda: throttled(11_020), lambda: throttled(11_021)),
    ("I-KILL-3", lambda: killed(2_050, 9_000, 8_000), lambda: killed(2_050, 9_000)),
    ("I-JRN-1", lambda: audited(submits={1: 1_000 * MS}), lambda: audited(submits={1: S + 1})),
    ("I-JRN-1", audited, lambda: audited(submits={})),
    ("I-JRN-2", audited, lambda: audited(torn=(8, 1))),
    ("I-JRN-3", lambda: stored(2_000, 2_001), lambda: stored(2_000, 1_999)),
    ("I-JRN-3", lambda: stored(2_000, 1_999, K.CANCEL), lambda: stored(2_000, 1_999, K.REPLACE)),
    ("I-JRN-3", lambda: stored(2_000, 999), lambda: stored(2_000, 1_999, K.MASS_QUOTE)),
    ("I-JRN-3", lambda: dropped(1_000), lambda: dropped(1_001)),
    ("I-JRN-3", lambda: dropped(1_001, K.QUERY), lambda: dropped(1_001, K.REPLACE)),
    ("I-JRN-3", lambda: sent_later(2), lambda: sent_later(1)),
    ("I-JRN-3", lambda: held_up(1_025), lambda: held_up(1_026)),
    ("I-JRN-3", lambda: well_again(2), lambda: well_again(1)),
    ("I-JRN-3", lambda: well_again(1, K.RESTARTED), lambda: well_again(1)),
    ("I-JRN-3", lambda: well_again(4, K.CRASHED), lambda: well_again(4)),
    ("I-JRN-4", audited, lambda: audited(commands={})),
    ("I-JRN-4", lambda: last_report(1_005), lambda: last_report(1_006)),
    ("I-JRN-4", lambda: last_report(1_005, K.CRASHED), lambda: last_report(1_006, K.CRASHED)),
    ("I-JRN-4", audited, lambda: audited(changed=(8, 1))),
    ("I-JRN-4", audited, lambda: audited(problem="it is damaged")),
    ("I-REC-1", audited, lambda: audited(own_digest="b")),
    ("I-REC-2", audited, lambda: audited(again_digest="b")),
    ("I-REC-3", lambda: restarted(3_000), lambda: restarted(3_001)),
    ("I-REC-5", lambda: dead(back_ms=1_400), lambda: dead(back_ms=1_600)),
    ("I-REC-5", lambda: dead(back_ms=1_400), lambda: dead(back_ms=1_400, crashed=False)),
    ("I-REC-6", lambda: dead(back_ms=1_100, reason=4), lambda: dead(back_ms=1_400, reason=4)),
    ("I-POS-1", filled, lambda: filled(own_lots=20)),
    ("I-HA-1", lambda: paired(1_389), lambda: paired(1_391)),
    ("I-HA-2", lambda: stood_down(999), lambda: stood_down(1_001)),
    ("I-HA-3", lambda: paired(995, 1_500), lambda: paired(995, 1_501)),
    ("I-HA-4", lambda: handed_over(True), lambda: handed_over(False)),
    ("I-HA-4", lambda: open_at_a_takeover(1_400), lambda: open_at_a_takeover(1_401)),
    ("I-HA-4", lambda: open_at_a_takeover(1_401, 1_400), lambda: open_at_a_takeover(1_389)),
    ("I-HA-4", lambda: open_at_a_takeover(1_400), lambda: open_at_a_takeover(1_400, odd=1)),
    ("I-FEED-1", lambda: aged(11_200), lambda: aged(11_201)),
    ("I-FEED-1", lambda: doubted(11_200), lambda: doubted(11_201)),
    ("I-FEED-2", lambda: gapped(True), lambda: gapped(False)),
    ("I-FEED-3", lambda: gapped(True), lambda: gapped(True, closed=False)),
    ("I-FEED-2", lambda: differed(6), lambda: differed(5)),
    ("I-FEED-3", lambda: asked(50), lambda: asked(51)),
    ("I-FEED-4", lambda: heard(True), lambda: heard(False)),
    ("I-ALERT-1", lambda: alerted(1, 5), lambda: alerted(2)),
    ("I-ALERT-1", lambda: alerted(1, 5), lambda: alerted(1, 6)),
    ("I-ALERT-1", lambda: alerted(1), lambda: alerted(1, at_ms=15_001)),
    ("I-ALERT-1", lambda: alerted(1), lambda: alerted(1, code=AlertCode.MODE_RAISED)),
    ("I-ALERT-1", lambda: called(5, 6, faults=2), lambda: called(5, 6, faults=1)),
    ("I-ALERT-1", lambda: late_feed(_OLD), lambda: late_feed(AlertCode.MODE_RAISED)),
    ("I-ALERT-1", lambda: late_feed(_OLD, at_ms=9_000), lambda: late_feed(_OLD, at_ms=15_001)),
    (
        "I-ALERT-1",
        lambda: monitor_died(AlertCode.MONITOR_SILENT),
        lambda: monitor_died(AlertCode.HOST_SILENT),
    ),
]


@pytest.mark.parametrize(("name", "good", "bad"), CASES)
def test_an_invariant_holds_up_to_its_bound_and_no_further(
    name: str, good: Callable[[], History], bad: Callable[[], History]
) -> None:
    check = invariant_named(name).check

    held, broken = check(good()), check(bad())

    assert (held.violations, held.checks > 0) == ([], True)
    assert broken.count > 0
    assert broken.violations


def test_a_session_that_was_only_suspect_was_not_lost() -> None:
    check = invariant_named("I-ORD-3").check

    assert check(logged_on_again(12_001, lost=False)).checks == 0


def test_a_session_on_which_the_venue_is_heard_is_not_silent() -> None:
    for target in ("desk.orders", "desk.reports/BBB@SOUTH"):
        assert invariant_named("I-ORD-3").check(half_open(13_001, target=target)).count == 0


def test_every_invariant_has_a_case() -> None:
    assert {one.id for one in INVARIANTS} == {name for name, _, _ in CASES}


def test_the_page_about_drills_names_every_invariant_and_every_mark() -> None:
    page = (ROOT / "docs/howto/run-drills.md").read_text("utf-8")

    assert [one.id for one in INVARIANTS if f"| {one.id} | {one.kind.value} |" not in page] == []
    assert [name for name in MARKS if f"`{name}`" not in page] == []


def test_a_history_without_events_violates_nothing() -> None:
    assert [one.id for one in INVARIANTS if one.check(history()).count] == []
