"""The venue's door: one epoch is in force, what comes under a lower one goes nowhere, and no answer is lost."""

from chaos.world import EventsInMemory
from market.codes import Liquidity, OrderType, Reason, ReportType, Side, TimeInForce
from market.messages import Cancel, Query, Report, Submit, VenueCommand
from market.succession import Adopted
from sim.clock import Clock
from sim.latency import Constant
from sim.pair.door import Door, Line, Member
from sim.recorder import Event, EventKind, Recorder
from sim.session import Session
from sim.streams import stream_key
from sim.wire import ARRIVES_NEVER, Impairment, ImpairmentKind, Wire
from sim.world import OutRow

WIRE_NS = 100
END_NS = 1 << 40
PRIMARY, STANDBY = 0, 1


def submit(number: int, book_id: int = 0) -> Submit:
    return Submit(
        book_id=book_id,
        order_id=number,
        side=Side.BUY,
        price_ticks=100,
        qty_lots=1,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        post_only=False,
    )


class Rig:
    """A door with two lines; the venue behind it only writes down, and answers when a test says so.

    Attributes:
        came: Commands that passed the door.
        heard: Numbers of the answers that each host took.
        ups: Which hosts were let in, in order.
        refused: Epochs in force that each host was refused under.
    """

    def __init__(self, *lost: Impairment) -> None:
        self.clock = Clock(0, END_NS)
        self.sink = EventsInMemory()
        self.recorder = Recorder(self.sink)
        self.door = Door(self.clock, self.recorder)
        self.member = Member(self.clock, self.recorder, host=PRIMARY, door=self.door)
        self.member.connect(self._came, lambda _: None)
        self.door.member = self.member
        self.came: list[VenueCommand] = []
        self.heard: tuple[list[int], list[int]] = ([], [])
        self.ups: list[int] = []
        self.refused: tuple[list[int], list[int]] = ([], [])
        self.lines = [self._line(host, lost if host == PRIMARY else ()) for host in range(2)]
        self.lines[PRIMARY].begin(1)

    def _line(self, host: int, lost: tuple[Impairment, ...]) -> Line:
        def wire(part: str, rows: tuple[Impairment, ...] = ()) -> Wire:
            block = Constant(latency_ns=WIRE_NS).compile()
            return Wire(self.clock, block, stream_key(1, f"{part}/{host}"), rows)

        line = Line(
            self.clock,
            self.recorder,
            host=host,
            orders=wire("orders"),
            reports=wire("reports", lost),
            others={1: (wire("orders/1"), wire("reports/1"))},
            door=self.door,
        )
        line.receive = lambda report: self.heard[host].append(report.report_seq)
        line.on_up = lambda: self.ups.append(host)
        line.on_fenced = self.refused[host].append
        return line

    def _came(self, session: Session, command: VenueCommand) -> None:
        assert session is self.member
        self.came.append(command)

    def answer(self, order_id: int, book_id: int = 0) -> None:
        """The venue accepts an order now."""
        row = OutRow(
            type=ReportType.ACCEPTED,
            ts_ns=self.clock.now_ns,
            book_id=book_id,
            id=order_id,
            price_ticks=100,
            qty_lots=1,
            leaves_lots=1,
            reason=Reason.NONE,
            liquidity=Liquidity.NONE,
        )
        self.member.answer(row, Side.BUY)

    def wait(self, span_ns: int = 10 * WIRE_NS) -> None:
        self.clock.run_until(self.clock.now_ns + span_ns)

    def events(self, kind: EventKind) -> list[Event]:
        self.recorder.flush()
        return [one for one in map(Event._make, self.sink.rows().tolist()) if one.kind == kind]


def test_before_anything_happens_the_primary_speaks_and_hears() -> None:
    rig = Rig()
    rig.lines[PRIMARY].send(submit(1), 0)
    rig.wait()
    rig.answer(1)
    rig.wait()

    assert [one.order_id for one in rig.came] == [1]
    assert rig.heard == ([1], [])
    assert [one.host for one in rig.events(EventKind.SUBMIT)] == [PRIMARY]


def test_a_stand_by_that_has_not_logged_on_says_nothing() -> None:
    rig = Rig()
    rig.lines[STANDBY].send(submit(1), 0)
    rig.wait()

    assert rig.came == []
    [lost] = rig.events(EventKind.LOST)
    assert (lost.host, lost.order_id, lost.detail) == (STANDBY, 1, EventKind.SUBMIT)


def test_a_logon_of_a_higher_epoch_puts_it_in_force_and_tells_the_other() -> None:
    rig = Rig()
    rig.lines[STANDBY].open(2)
    rig.wait()

    assert (rig.door.epoch, rig.door.active) == (2, rig.lines[STANDBY])
    assert rig.ups == [STANDBY]
    assert rig.refused == ([2], [])
    assert not rig.lines[PRIMARY].is_up
    rig.lines[STANDBY].send(submit(2), rig.clock.now_ns)
    rig.lines[PRIMARY].send(submit(3), rig.clock.now_ns)
    rig.wait()
    assert [one.order_id for one in rig.came] == [2]


def test_what_is_under_way_when_the_epoch_changes_is_fenced_and_never_reaches_a_book() -> None:
    rig = Rig()
    rig.lines[STANDBY].open(2)
    rig.wait(WIRE_NS // 2)
    # The old primary has not heard of it and speaks; its commands come after the logon.
    for command in (submit(7), Cancel(book_id=0, order_id=6), Query(book_id=0, order_id=5)):
        rig.lines[PRIMARY].send(command, rig.clock.now_ns)
    rig.wait()

    assert rig.came == []
    fenced = rig.events(EventKind.FENCED)
    assert [(one.host, one.order_id, one.qty_lots, one.leaves_lots) for one in fenced] == [
        (PRIMARY, 7, 1, 2),
        (PRIMARY, 6, 1, 2),
        (PRIMARY, 5, 1, 2),
    ]
    assert [one.detail for one in fenced] == [EventKind.SUBMIT, EventKind.CANCEL, EventKind.QUERY]
    assert rig.door.fenced == 3


def test_a_command_that_came_before_the_logon_passes() -> None:
    rig = Rig()
    rig.lines[PRIMARY].send(submit(7), 0)
    rig.wait(1)
    rig.lines[STANDBY].open(2)
    rig.wait()
    assert [one.order_id for one in rig.came] == [7]


def test_a_logon_of_a_lower_epoch_is_refused_and_told_which_is_in_force() -> None:
    rig = Rig()
    rig.lines[STANDBY].open(5)
    rig.wait()
    rig.lines[PRIMARY].open(4)
    rig.wait()

    assert (rig.door.epoch, rig.door.active) == (5, rig.lines[STANDBY])
    assert rig.refused == ([5, 5], [])
    [fenced] = rig.events(EventKind.FENCED)
    assert (fenced.host, fenced.qty_lots, fenced.detail) == (PRIMARY, 4, EventKind.SESSION)
    assert rig.ups == [STANDBY]


def test_answers_that_its_host_missed_are_said_again_in_order_and_under_their_numbers() -> None:
    rig = Rig()
    for number in (1, 2, 3):
        rig.answer(number, book_id=number % 2)
    rig.wait()
    rig.lines[STANDBY].know(1)
    rig.lines[STANDBY].open(2)
    rig.wait()
    rig.answer(4)
    rig.wait()

    assert rig.heard == ([1, 2, 3], [2, 3, 4])


def test_an_answer_on_its_way_to_the_old_one_reaches_the_new_one_too() -> None:
    rig = Rig(Impairment(kind=ImpairmentKind.PARTITION, from_ns=0, until_ns=END_NS))
    rig.lines[STANDBY].open(2)
    rig.wait(WIRE_NS - 1)
    rig.answer(1)
    rig.wait()

    assert rig.heard == ([], [1])


def test_a_number_is_taken_once_however_often_it_is_said() -> None:
    rig = Rig()
    line = rig.lines[PRIMARY]
    for number in (2, 1, 2, 1, 4, 3, 4):
        line.hear(_report(number))
    assert rig.heard[PRIMARY] == [2, 1, 4, 3]
    line.open(2)
    rig.wait()
    line.hear(_report(3))
    assert rig.heard[PRIMARY] == [2, 1, 4, 3]


def test_logging_on_again_resends_what_is_missing_and_does_not_fence_oneself() -> None:
    lost = Impairment(kind=ImpairmentKind.PARTITION, from_ns=0, until_ns=1_000)
    rig = Rig(lost)
    rig.answer(1)
    rig.answer(2)
    rig.wait(2_000)
    assert rig.heard[PRIMARY] == []

    rig.lines[PRIMARY].open(2)
    rig.wait()

    assert rig.heard[PRIMARY] == [1, 2]
    assert rig.refused == ([], [])


def test_with_nobody_logged_on_an_answer_is_kept_for_who_comes() -> None:
    rig = Rig()
    rig.door.active = None
    assert rig.door.answered(0, 1, 0, _report(1)) == ARRIVES_NEVER
    rig.lines[STANDBY].open(2)
    rig.wait()
    assert rig.heard[STANDBY] == [1]


def test_orders_behind_a_number_are_told_to_who_may_speak_and_to_nobody_else() -> None:
    rig = Rig()
    order = Adopted(book_id=0, order_id=9, side=Side.BUY, price_ticks=100, qty_lots=1)
    asked: list[int] = []

    def orders(behind: int) -> list[Adopted]:
        asked.append(behind)
        return [order]

    rig.door.orders = orders
    told: list[tuple[int, list[Adopted]]] = []
    rig.lines[STANDBY].ask(4, lambda found: told.append((STANDBY, list(found))))
    rig.wait()
    assert told == []
    rig.lines[STANDBY].open(2)
    rig.wait()
    rig.lines[STANDBY].ask(4, lambda found: told.append((STANDBY, list(found))))
    rig.lines[PRIMARY].ask(4, lambda found: told.append((PRIMARY, list(found))))
    rig.wait()

    assert told == [(STANDBY, [order])]
    assert asked == [4]


def test_the_door_tells_who_has_logged_on() -> None:
    rig = Rig()
    seen: list[int] = []
    rig.door.on_logon = lambda line: seen.append(line.host)
    rig.lines[STANDBY].open(2)
    rig.lines[PRIMARY].open(3)
    rig.wait()
    rig.lines[STANDBY].open(2)
    rig.wait()
    assert seen == [STANDBY, PRIMARY]


def _report(number: int) -> Report:
    return Report(
        type=ReportType.ACCEPTED,
        book_id=0,
        order_id=number,
        price_ticks=100,
        qty_lots=1,
        leaves_lots=1,
        reason=Reason.NONE,
        liquidity=Liquidity.NONE,
        venue_ns=0,
        report_seq=number,
    )
