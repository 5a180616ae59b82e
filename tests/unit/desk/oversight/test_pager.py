"""One call for one cause, however many conditions there are and in whatever order they show."""

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.oversight import ALERTS, AlertCode, Condition, OversightConfig, Pager, Severity
from desk.oversight.pager import INCIDENTS_MAX, LINGERS_NS
from market.messages import EVERY
from market.oversight import NOBODY, Alert

CONFIG = OversightConfig()
MS = 1_000_000
S = 1_000 * MS


def condition(code: AlertCode, subject: int = 0, book_id: int = EVERY) -> Condition:
    return Condition(code, 2, 1, subject, book_id)


def said(pager: Pager, steps: list[list[Condition]], every_ns: int = 100 * MS) -> list[Alert]:
    """What comes of one list of conditions after the other."""
    return [one for at, now in enumerate(steps) for one in pager.apply(now, at * every_ns)]


def test_a_cause_calls_once_however_long_it_lasts() -> None:
    silent = condition(AlertCode.HOST_SILENT)

    alerts = said(Pager(CONFIG), [[silent]] * 100)

    assert [(one.code, one.page, one.root_id) for one in alerts] == [
        (AlertCode.HOST_SILENT, True, 1)
    ]


def test_what_a_cause_explains_joins_it_without_a_call() -> None:
    down, unknown = condition(AlertCode.SESSION_DOWN), condition(AlertCode.ORDERS_UNKNOWN)

    alerts = said(Pager(CONFIG), [[down], [down, unknown], [down, unknown]])

    assert [(one.code, one.page, one.root_id) for one in alerts] == [
        (AlertCode.SESSION_DOWN, True, 1),
        (AlertCode.ORDERS_UNKNOWN, False, 1),
    ]


def test_a_symptom_that_shows_first_waits_for_its_cause() -> None:
    down, unknown = condition(AlertCode.SESSION_DOWN), condition(AlertCode.ORDERS_UNKNOWN)

    alerts = said(Pager(CONFIG), [[unknown], [unknown], [unknown, down]])

    assert [(one.code, one.page, one.root_id) for one in alerts] == [
        (AlertCode.SESSION_DOWN, True, 1),
        (AlertCode.ORDERS_UNKNOWN, False, 1),
    ]


def test_a_symptom_without_a_cause_calls_after_it_has_waited() -> None:
    unknown = condition(AlertCode.ORDERS_UNKNOWN)
    pager = Pager(CONFIG)

    assert said(pager, [[unknown]] * 3) == []
    [alert] = pager.apply([unknown], CONFIG.hold_ns)
    assert alert.page


def test_a_cause_that_shows_after_the_call_calls_no_second_time() -> None:
    down, unknown = condition(AlertCode.SESSION_DOWN), condition(AlertCode.ORDERS_UNKNOWN)

    alerts = said(Pager(CONFIG), [[unknown]] * 5 + [[unknown, down]] * 5)

    assert [one.page for one in alerts] == [True, False]
    assert alerts[1].code == AlertCode.SESSION_DOWN
    assert alerts[1].root_id == alerts[0].alert_id


def test_what_is_over_before_it_would_call_is_said_and_calls_nobody() -> None:
    pager = Pager(CONFIG)

    alerts = said(pager, [[condition(AlertCode.ORDERS_UNKNOWN)], [], [], [], []])

    assert [(one.code, one.page) for one in alerts] == [(AlertCode.ORDERS_UNKNOWN, False)]


def test_what_comes_and_goes_is_one_incident() -> None:
    down = condition(AlertCode.SESSION_DOWN)

    assert len(said(Pager(CONFIG), [[down], []] * 200)) == 1


def test_what_comes_back_after_long_calls_again() -> None:
    down = condition(AlertCode.SESSION_DOWN)
    pager = Pager(CONFIG)
    pager.apply([down], 0)
    pager.apply([], CONFIG.reopen_ns + 1)

    assert [one.page for one in pager.apply([down], CONFIG.reopen_ns + 2)] == [True]


def test_what_shows_long_after_an_incident_is_a_cause_of_its_own() -> None:
    """Neither deeper than what has passed nor explained by it: that has passed."""
    for first, later in (
        (AlertCode.CONTENT_OLD, AlertCode.HOST_SILENT),
        (AlertCode.HOST_STALLED, AlertCode.SESSION_DOWN),
    ):
        pager = Pager(CONFIG)
        said(pager, [[condition(first)]] * 10)

        [alert] = pager.apply([condition(later)], S - 100 * MS + LINGERS_NS + 1)

        assert (alert.code, alert.page, alert.root_id) == (later, True, alert.alert_id)


def test_what_shows_a_little_after_an_incident_still_joins_it() -> None:
    pager = Pager(CONFIG)
    [first] = said(pager, [[condition(AlertCode.HOST_STALLED)]] * 10)

    [alert] = pager.apply([condition(AlertCode.SESSION_DOWN)], S - 100 * MS + LINGERS_NS)

    assert (alert.page, alert.root_id) == (False, first.alert_id)


def test_a_warning_calls_nobody_until_something_graver_joins() -> None:
    slow, stalled = condition(AlertCode.HOST_SLOW), condition(AlertCode.HOST_STALLED)

    alerts = said(Pager(CONFIG), [[slow]] * 5 + [[slow, stalled]] * 5)

    assert [(one.code, one.page, one.root_id) for one in alerts] == [
        (AlertCode.HOST_SLOW, False, 1),
        (AlertCode.HOST_STALLED, True, 1),
    ]


def test_the_same_fault_of_all_books_of_a_host_is_one_incident() -> None:
    old = [condition(AlertCode.CONTENT_OLD, book_id=book_id) for book_id in range(50)]

    alerts = said(Pager(CONFIG), [old] * 20)

    assert sum(one.page for one in alerts) == 1
    assert len(alerts) <= 1 + CONFIG.children_max


def test_hosts_do_not_explain_each_other() -> None:
    alerts = said(
        Pager(CONFIG),
        [[condition(AlertCode.HOST_SILENT, 0), condition(AlertCode.JOURNAL_TROUBLE, 1)]],
    )

    assert [one.page for one in alerts] == [True, True]


def test_a_storm_of_ten_thousand_causes_is_bounded() -> None:
    storm = [condition(AlertCode.JOURNAL_TROUBLE, host) for host in range(10_000)]
    pager = Pager(CONFIG)

    alerts = said(pager, [storm] * 30)

    pages = [one for one in alerts if one.page]
    assert len(pages) == CONFIG.pages_max
    assert pages[-1].code == AlertCode.STORM
    assert len(alerts) <= INCIDENTS_MAX * (2 + CONFIG.children_max)
    assert pager.folded > 9_000


def test_a_storm_that_is_over_lets_calls_through_again() -> None:
    pager = Pager(CONFIG)
    storm = [condition(AlertCode.JOURNAL_TROUBLE, host) for host in range(100)]
    pager.apply(storm, 0)

    later = CONFIG.pages_window_ns + 1
    alerts = pager.apply([condition(AlertCode.LOSS, 5)], later)

    assert [(one.code, one.page) for one in alerts] == [(AlertCode.LOSS, True)]


def test_no_two_codes_explain_each_other() -> None:
    for code, row in ALERTS.items():
        assert code not in row.explains
        for other in row.explains:
            assert code not in ALERTS[other].explains, (code, other)


def test_every_code_has_an_owner_and_an_action() -> None:
    assert set(ALERTS) == set(AlertCode)
    assert all(row.owner and row.action and row.text for row in ALERTS.values())


CONDITIONS = st.builds(
    condition, st.sampled_from(AlertCode), st.integers(NOBODY, 12), st.integers(EVERY, 3)
)
STEPS = st.lists(st.tuples(st.integers(1, 40_000), st.lists(CONDITIONS, max_size=12)), max_size=40)
BOUNDS = st.builds(
    OversightConfig,
    pages_max=st.integers(2, 10),
    children_max=st.integers(0, 5),
    hold_ns=st.integers(0, 2 * S),
    reopen_ns=st.integers(0, 60 * S),
    pages_window_ns=st.integers(1, 600).map(lambda seconds: seconds * S),
)


@given(STEPS, BOUNDS)
@settings(max_examples=300, deadline=None)
def test_any_stream_of_conditions_keeps_the_bounds(
    steps: list[tuple[int, list[Condition]]], bounds: OversightConfig
) -> None:
    pager, now_ns = Pager(bounds), 0
    calls: list[int] = []
    roots: dict[int, list[Alert]] = {}
    for wait_ms, conditions in steps:
        now_ns += wait_ms * MS
        for alert in pager.apply(conditions, now_ns):
            roots.setdefault(alert.root_id, []).append(alert)
            if alert.page:
                assert alert.severity == Severity.PAGE
                calls.append(now_ns)
    for since_ns in calls:
        within = [at for at in calls if since_ns <= at < since_ns + bounds.pages_window_ns]
        assert len(within) <= bounds.pages_max
    for root_id, alerts in roots.items():
        assert alerts[0].alert_id == root_id
        assert sum(one.page for one in alerts) <= 1
        children = [one for one in alerts[1:] if not one.page]
        assert len(children) <= bounds.children_max
