"""Histories of journals made by hand: what an audit found, trouble with a store, and a host that came back."""

from chaos.ledger import History, JournalEnd
from market.faults import FaultKind
from sim.recorder import EventKind
from tests.unit.chaos.histories import MS, event, history, submit, window

K = EventKind


def journal(**more: object) -> JournalEnd:
    """What an audit found in a journal that is as it should be."""
    good = JournalEnd(
        vetoes={},
        refusals={},
        problem="",
        records=10,
        submits={1: 999 * MS},
        strategies={1: 0},
        reports={},
        commands={(int(K.SUBMIT), 1): 1},
        digest="a",
        own_digest="a",
        again_digest="a",
        doubts={},
        torn=(8, 0),
        changed=(8, 0),
    )
    return good._replace(**more)


def audited(**more: object) -> History:
    return history(submit(1_000), audit={0: journal(**more)})


def stored(well_ms: int, next_ms: int, kind: EventKind = K.SUBMIT) -> History:
    events = [event(1_000, K.JOURNAL, 0, detail=3), event(well_ms, K.JOURNAL, 0, detail=0)]
    return history(*sorted([*events, event(next_ms, kind, qty_lots=10)]))


def dropped(decided_ms: int, kind: EventKind = K.SUBMIT) -> History:
    return history(
        event(1_000, K.JOURNAL, 0, detail=3),
        event(1_001, K.COMPUTED, 0, venue_ns=decided_ms * MS, detail=1),
        event(1_001, K.LOST, detail=kind),
        event(2_000, K.JOURNAL, 0, detail=0),
    )


def sent_later(order: int) -> History:
    return history(
        event(1_000, K.JOURNAL, 0, detail=3),
        event(1_000, K.LOST, order, detail=K.SUBMIT),
        event(2_000, K.JOURNAL, 0, detail=0),
        submit(2_000),
    )


def held_up(left_ms: int) -> History:
    return history(
        submit(left_ms),
        windows=[window(FaultKind.STORE_WRITER_STALL, "desk.journal", 1_000, 2_000)],
        audit={0: journal(decided={1: 1_000 * MS})},
    )


def well_again(trouble: int, between: EventKind = K.TOLD) -> History:
    return history(
        event(1_000, K.JOURNAL, 0, detail=trouble),
        event(1_500, between, 0),
        event(2_000, K.JOURNAL, 0, detail=0),
    )


def restarted(ready_ms: int) -> History:
    return history(
        event(1_000, K.RESTARTED, 0, detail=100), event(ready_ms, K.COMPUTED, 0, detail=1)
    )


def last_report(ends_ms: int, end: EventKind = K.STOOD_DOWN) -> History:
    return history(
        submit(900),
        event(1_000, K.REPORT, detail=1),
        event(ends_ms, end, 0),
        audit={0: journal()},
    )
