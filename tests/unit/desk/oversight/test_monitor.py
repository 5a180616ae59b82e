"""Each check finds what it is for and nothing else; instructions are bounded and only take risk away."""

import msgspec
import pytest

from desk.oversight import (
    ALERTS,
    LEADS_TO,
    AlertCode,
    Door,
    DoorConfig,
    Monitor,
    NaiveMonitor,
    OversightConfig,
)
from market.codes import (
    JournalTrouble,
    Liquidity,
    OperatorAction,
    Phase,
    Reason,
    ReportType,
    Trigger,
)
from market.errors import InputError
from market.messages import NO_PRICE, Report, TimerFired, View
from market.oversight import Alert, Beat, BookReading, Copied, Instruct, Telemetry

MS = 1_000_000
S = 1_000 * MS
CONFIG = OversightConfig(
    loss_micros=1_000, gross_micros=1_000, commands_per_s=100, rejects_per_s=2, hold_ns=0
)


class World:
    """A monitor with one host and one book, in steps of a tenth of a second."""

    def __init__(self, config: OversightConfig = CONFIG, **says: object) -> None:
        self.monitor = Monitor(config, [0], [0], says or None)  # type: ignore[arg-type]
        self.monitor.start(0)
        self.now_ns = 0
        self.seq = 0
        self.said: list[object] = []

    def step(self, *, own: int = 1, reads: bool = True, **fields: object) -> list[AlertCode]:
        """The market goes on, the host reads, the monitor looks: codes that it says."""
        self.now_ns += 100 * MS
        self.seq += own
        if own:
            self.monitor.on(view(self.seq, self.now_ns), self.now_ns - MS)
        if reads:
            number = self.now_ns // (100 * MS)
            book = BookReading(0, self.seq, self.now_ns, int(Phase.CONTINUOUS), False, 0, 0)
            whole = Telemetry(
                host=0, number=number, clock_ns=self.now_ns - MS, books=(book,), has_desk=True
            )
            parts = {key: value for key, value in fields.items() if key in BookReading._fields}
            rest = {key: value for key, value in fields.items() if key not in parts}
            whole = msgspec.structs.replace(whole, books=(book._replace(**parts),), **rest)
            self.monitor.on(whole, self.now_ns)
        return self.look()

    def look(self) -> list[AlertCode]:
        """Only the monitor's timer."""
        said = self.monitor.on(TimerFired(timer_id=1, due_ns=self.now_ns), self.now_ns)
        self.said += said
        return [AlertCode(one.code) for one in said if isinstance(one, Alert)]

    def steps(self, count: int, **fields: object) -> list[AlertCode]:
        """So many steps: everything that was said."""
        return [code for _ in range(count) for code in self.step(**fields)]  # type: ignore[arg-type]


def view(seq: int, now_ns: int) -> View:
    return View(
        book_id=0, bid_ticks=1, bid_lots=1, ask_ticks=2, ask_lots=1, own_bid_lots=0, own_ask_lots=0,
        last_trade_units=NO_PRICE, last_trade_lots=0, trade_count=0, venue_ns=now_ns,
        local_ns=now_ns, seq=seq, phase=Phase.CONTINUOUS, fired=Trigger(0),
    )  # fmt: skip


def copy(kind: ReportType, lots: int = 0, exec_id: int = 0, order_id: int = 1) -> Copied:
    report = Report(
        type=kind, book_id=0, order_id=order_id, price_ticks=1, qty_lots=lots, leaves_lots=0,
        reason=Reason.NONE, liquidity=Liquidity.NONE, venue_ns=1, report_seq=1, exec_id=exec_id,
    )  # fmt: skip
    return Copied(host=0, side=0, report=report)


def test_a_good_day_is_silent() -> None:
    world = World()

    assert world.steps(100) == []
    assert all(not isinstance(one, Instruct) for one in world.said)
    assert sum(isinstance(one, Beat) for one in world.said) == 100


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (AlertCode.HOST_SILENT, {"reads": False}),
        (AlertCode.HOST_STALLED, {"busy_ns": 2 * S}),
        (AlertCode.HOST_SLOW, {"slowest_ns": 200 * MS}),
        (AlertCode.JOURNAL_TROUBLE, {"trouble": int(JournalTrouble.FULL)}),
        (AlertCode.JOURNAL_BEHIND, {"unsaved_ns": S}),
        (AlertCode.CONTENT_OLD, {"seq": 5}),
        (AlertCode.BOOK_UNFIT, {"bad": True}),
        (AlertCode.TRADING_HALTED, {"phase": int(Phase.HALT)}),
        (AlertCode.SESSION_DOWN, {"down": 1}),
        (AlertCode.ANSWERS_LATE, {"unanswered_ns": 2 * S}),
        (AlertCode.ORDERS_UNKNOWN, {"unknown": 3}),
        (AlertCode.EXPOSURE, {"gross_micros": 1_001}),
        (AlertCode.LOSS, {"loss_micros": 1_001}),
        (AlertCode.MODE_RAISED, {"mode": 1}),
    ],
)
def test_each_check_finds_its_own(code: AlertCode, fields: dict[str, object]) -> None:
    world = World()
    assert world.steps(10) == []

    assert world.steps(30, **fields) == [code]


def test_at_a_bound_nothing_is_said() -> None:
    world = World()
    at = {
        "busy_ns": CONFIG.stall_ns, "slowest_ns": CONFIG.latency_ns, "unsaved_ns": CONFIG.journal_ns,
        "unanswered_ns": CONFIG.answer_ns, "gross_micros": 1_000, "loss_micros": 1_000,
    }  # fmt: skip

    assert world.steps(30, **at) == []


@pytest.mark.parametrize("off_ms", [-100, 100])
def test_a_clock_that_is_off_is_found(off_ms: int) -> None:
    world = World()
    codes = []
    for _ in range(10):
        codes += world.step(clock_ns=world.now_ns + (99 + off_ms) * MS)

    assert codes == [AlertCode.CLOCK_OFF]


def test_a_quiet_book_makes_nobody_late_and_is_told_when_it_lasts() -> None:
    world = World()
    world.steps(10)

    assert world.steps(49, own=0) == []
    assert world.steps(5, own=0) == [AlertCode.FEED_QUIET]


def test_a_late_line_of_its_own_is_its_own_matter() -> None:
    world = World()
    world.steps(10)
    codes = []
    for ahead in range(10):
        codes += world.step(own=0, seq=world.seq + 1 + ahead)

    assert codes == [AlertCode.OWN_FEED_LATE]
    assert all(not isinstance(one, Instruct) for one in world.said)


def test_readings_that_are_missing_are_noticed() -> None:
    world = World()
    world.steps(3)
    world.steps(2, reads=False)

    assert world.steps(3) == [AlertCode.TELEMETRY_GAP]


def test_more_commands_than_allowed_are_noticed_and_stopped() -> None:
    world = World()
    codes = [code for at in range(20) for code in world.step(commands=at * 20)]

    assert codes == [AlertCode.ORDER_RATE]
    assert next(one.action for one in world.said if isinstance(one, Instruct)) == (
        OperatorAction.SAFE_MODE
    )


def test_the_desk_and_the_drop_copy_must_agree() -> None:
    world = World()
    world.monitor.on(copy(ReportType.FILLED, 5, 1), 0)
    world.monitor.on(copy(ReportType.FILLED, 5, 1), 0)  # a copy of the copy

    assert world.steps(20, position_lots=5) == []
    assert world.steps(20, position_lots=0) == [AlertCode.POSITION_BREAK]


def test_a_desk_that_is_always_behind_by_a_fill_is_right() -> None:
    world = World()
    codes: list[AlertCode] = []
    for at in range(1, 50):
        world.monitor.on(copy(ReportType.FILLED, 5, exec_id=at), world.now_ns + 50 * MS)
        codes += world.step(position_lots=5 * max(at - 2, 0))

    assert codes == []
    assert world.steps(9, position_lots=5 * 40) == [AlertCode.POSITION_BREAK]


def test_a_break_is_told_at_once_and_acted_on_when_it_lasts() -> None:
    world = World()
    world.monitor.on(copy(ReportType.FILLED, 5, 1), 0)
    world.steps(4, position_lots=5)
    told = [world.step(position_lots=0) for _ in range(20)]
    assert told.index([AlertCode.POSITION_BREAK]) <= 6
    assert not [one for one in world.said if isinstance(one, Instruct)]

    world.steps(10, position_lots=0)
    assert [one.action for one in world.said if isinstance(one, Instruct)] == [
        OperatorAction.SAFE_MODE
    ]


def test_a_bust_is_told_and_takes_the_position_back() -> None:
    world = World()
    world.monitor.on(copy(ReportType.FILLED, 5, 1), 0)
    world.steps(5, position_lots=5)
    world.monitor.on(copy(ReportType.BUSTED, 5, 1), world.now_ns)

    assert world.steps(20, position_lots=0) == [AlertCode.TRADE_BUSTED]


def test_many_refusals_are_noticed() -> None:
    world = World()
    for order_id in range(3):
        world.monitor.on(copy(ReportType.REJECTED, order_id=order_id), 50 * MS)

    assert world.steps(3) == [AlertCode.REJECTS]


def test_instructions_are_bounded_while_the_host_does_not_obey() -> None:
    world = World()
    world.steps(200, loss_micros=2_000)  # twenty seconds

    words = [one for one in world.said if isinstance(one, Instruct)]
    assert {one.action for one in words} == {OperatorAction.SAFE_MODE}
    assert len(words) <= 2 * CONFIG.instructs_max


def test_a_host_that_has_obeyed_is_told_nothing_more() -> None:
    world = World()
    world.steps(200, loss_micros=2_000, mode=1)

    assert not [one for one in world.said if isinstance(one, Instruct)]


def test_no_code_may_ever_bring_risk_back() -> None:
    assert {row.says for row in ALERTS.values()} - {None} <= set(LEADS_TO)
    assert not {OperatorAction.REARM, OperatorAction.RESUME_STRATEGY} & set(LEADS_TO)


def word(action: OperatorAction = OperatorAction.SAFE_MODE) -> Instruct:
    return Instruct(host=0, action=action, cause=1)


def test_a_door_lets_only_so_many_words_through_and_says_so_once() -> None:
    door = Door(DoorConfig(words_max=3, window_ns=S), 1_000, 0)

    taken = [door.admits(word(), at * MS) for at in range(10)]

    assert [one for one, _ in taken] == [True] * 3 + [False] * 7
    [alert] = [alert for _, alerts in taken for alert in alerts]
    assert (alert.code, alert.page, alert.subject) == (AlertCode.MONITOR_FLOODS, True, 1_000)
    assert door.admits(word(), 2 * S) == (True, [])
    assert door.refused == 7


@pytest.mark.parametrize("action", [one for one in OperatorAction if one not in LEADS_TO])
def test_a_door_lets_nothing_through_that_brings_risk_back(action: OperatorAction) -> None:
    assert Door(DoorConfig(), 1_000, 0).admits(word(action), 0) == (False, [])


def test_a_door_misses_a_monitor_that_is_silent_and_calls_once() -> None:
    door = Door(DoorConfig(silence_ns=S), 1_000, 0)
    door.beat(S)

    assert door.look(2 * S) == []
    assert [one.code for one in door.look(2 * S + 1)] == [AlertCode.MONITOR_SILENT]
    assert door.look(9 * S) == []


def test_the_naive_one_alarms_for_each_late_message() -> None:
    naive = NaiveMonitor(CONFIG, [0])
    naive.start(0)

    fresh = [naive.on(view(1, 10 * S), 10 * S + MS)]
    late = [naive.on(view(seq, 10 * S), 10 * S + 500 * MS) for seq in range(2, 12)]

    assert fresh == [[]]
    assert [[type(one) for one in said] for said in late] == [[Alert, Instruct]] * 10


@pytest.mark.parametrize(
    "fields", [{"pages_max": 11}, {"pages_max": 1}, {"children_max": 6}, {"check_ns": 0}]
)
def test_bounds_that_are_none_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="allowed is"):
        OversightConfig(**fields)
