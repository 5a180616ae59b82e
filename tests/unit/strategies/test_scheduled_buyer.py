import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Phase, Reason, ReportType, Side, TimeInForce
from market.errors import InputError
from market.messages import Cancel, Command, SetTimer, Submit, TimerFired, View
from strategies import ScheduledBuyer, ScheduledBuyerConfig
from tests.unit.strategies.market import DESK, END_NS, TinyVenue, order_id, report, view

CONFIG = ScheduledBuyerConfig(
    total_lots=10, slices=4, patience_ns=50, start_after_ns=1_000, stop_before_end_ns=99_000
)
PATIENCE = 4
STOP = 8
STOP_NS = END_NS - 99_000


def buyer(config: ScheduledBuyerConfig = CONFIG) -> ScheduledBuyer:
    return ScheduledBuyer(config, desk=DESK, book_id=0, start_ns=0, end_ns=END_NS)


def fired(timer_id: int) -> TimerFired:
    return TimerFired(timer_id=timer_id, due_ns=0)


def orders_of(commands: object) -> list[Submit | Cancel]:
    assert isinstance(commands, list)
    return [command for command in commands if isinstance(command, Submit | Cancel)]


def resting(now_ns: int = 1_000) -> ScheduledBuyer:
    """A buyer whose first slice (order 1: 2 lots at 100) rests."""
    made = buyer()
    made.on(view(), 0)
    made.on(fired(0), now_ns)
    made.on(report(ReportType.ACCEPTED, 1, 2, 2), now_ns + 1)
    return made


def test_it_asks_for_a_timer_at_every_slice_and_at_the_stop() -> None:
    timers = [(t.timer_id, t.due_ns) for t in buyer().start(0) if isinstance(t, SetTimer)]

    assert [(0, 1_000), (1, 226_000), (2, 451_000), (3, 676_000), (STOP, STOP_NS)] == timers


def test_nothing_is_due_before_the_first_slice() -> None:
    assert [] == buyer().on(view(), 0)


def test_a_slice_rests_at_the_best_bid_post_only() -> None:
    made = buyer()
    made.on(view(), 0)
    timer, order = made.on(fired(0), 1_000)

    assert timer == SetTimer(timer_id=PATIENCE, due_ns=1_050)
    assert isinstance(order, Submit)
    assert (Side.BUY, 100, 2) == (order.side, order.price_ticks, order.qty_lots)
    assert order.post_only


def test_a_slice_that_falls_due_without_a_fit_view_waits_for_one() -> None:
    made = buyer()
    assert [] == orders_of(made.on(fired(0), 1_000))
    assert [] == made.on(view(phase=Phase.HALT), 1_001)

    (order,) = orders_of(made.on(view(), 1_002))
    assert isinstance(order, Submit)


def test_when_patience_ends_the_rest_is_taken_at_the_best_ask() -> None:
    made = resting()
    made.on(report(ReportType.FILLED, 1, 1, 1), 1_010)

    (cancel,) = orders_of(made.on(fired(PATIENCE), 1_050))
    assert isinstance(cancel, Cancel)
    (order,) = orders_of(made.on(report(ReportType.CANCELLED, 1, 1, 0), 1_060))
    assert isinstance(order, Submit)
    assert (TimeInForce.IOC, 103, 1) == (order.tif, order.price_ticks, order.qty_lots)
    # It ends by itself: neither a view nor its acceptance cancels it.
    assert [] == made.on(report(ReportType.ACCEPTED, 2, 1, 1), 1_061)
    assert [] == made.on(view(), 1_062)


def test_what_expires_is_tried_again_with_the_next_view_not_before() -> None:
    made = resting()
    made.on(fired(PATIENCE), 1_050)
    made.on(report(ReportType.CANCELLED, 1, 2, 0), 1_060)
    expired = report(ReportType.EXPIRED, 2, 2, 0, reason=Reason.IOC_REMAINDER)

    assert [] == made.on(expired, 1_070)
    (order,) = orders_of(made.on(view(101, 104), 1_080))
    assert isinstance(order, Submit)
    assert (104, 2) == (order.price_ticks, order.qty_lots)


def test_a_refused_bid_is_tried_again_with_the_next_view_not_before() -> None:
    made = buyer()
    made.on(view(), 0)
    made.on(fired(0), 1_000)

    assert [] == made.on(report(ReportType.REJECTED, 1, 2, 0, reason=Reason.WOULD_CROSS), 1_001)
    assert 1 == len(made.on(view(), 1_002))


def test_a_fill_that_crosses_the_cancel_is_not_bought_twice() -> None:
    made = resting()
    made.on(fired(PATIENCE), 1_050)

    # The rejection comes before the fill that it speaks of.
    assert [] == made.on(report(ReportType.CANCEL_REJECTED, 1, reason=Reason.UNKNOWN_ORDER), 1_060)
    assert [] == made.on(view(), 1_061)
    assert [] == made.on(report(ReportType.FILLED, 1, 2, 0), 1_062)
    assert 2 == made.orders.position_lots


def test_a_later_slice_catches_up_on_what_earlier_ones_missed() -> None:
    made = buyer()
    made.on(fired(0), 1_000)
    made.on(fired(1), 226_000)

    (order,) = orders_of(made.on(view(), 226_001))
    assert isinstance(order, Submit)
    assert 5 == order.qty_lots


def test_it_stops_at_the_stop() -> None:
    made = resting(STOP_NS - 10)

    (cancel,) = orders_of(made.on(fired(STOP), STOP_NS))
    assert cancel == Cancel(book_id=0, order_id=order_id(1))
    assert [] == made.on(report(ReportType.CANCELLED, 1, 2, 0), STOP_NS + 1)
    assert [] == made.on(view(), STOP_NS + 2)


def test_a_run_without_room_for_the_schedule_buys_nothing() -> None:
    made = buyer(msgspec.structs.replace(CONFIG, stop_before_end_ns=END_NS))

    assert [] == made.start(0)
    assert [] == made.on(view(), 0)


def test_messages_about_other_books_are_ignored() -> None:
    made = buyer()
    made.on(fired(0), 1_000)

    assert [] == made.on(view(book_id=1), 1_001)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_lots", 0),
        ("total_lots", 1 << 41),
        ("slices", 0),
        ("slices", 11),
        ("patience_ns", -1),
        ("start_after_ns", -1),
        ("stop_before_end_ns", -1),
    ],
)
def test_parameters_out_of_range_are_refused(field: str, value: int) -> None:
    with pytest.raises(InputError, match=field):
        ScheduledBuyerConfig(**{**msgspec.structs.asdict(CONFIG), field: value})


STEPS = st.one_of(
    st.tuples(st.just("view"), st.builds(view, st.integers(98, 102), st.integers(101, 105))),
    st.tuples(st.just("take"), st.tuples(st.booleans(), st.integers(0, 6))),
    st.tuples(st.just("fill"), st.integers(1, 6)),
    st.tuples(st.just("hear"), st.integers(0, 5)),
    st.tuples(st.just("timer"), st.integers(0, 3)),
)


@given(
    steps=st.lists(STEPS, min_size=10, max_size=150),
    total_lots=st.integers(3, 30),
    slices=st.integers(1, 3),
)
def test_it_never_overbuys_whatever_the_order_of_reports(
    steps: list[tuple[str, object]], total_lots: int, slices: int
) -> None:
    config = ScheduledBuyerConfig(total_lots=total_lots, slices=slices, patience_ns=1)
    made, venue = buyer(config), TinyVenue()
    venue.send(made.start(0))
    for step, argument in steps:
        commands: list[Command] = []
        match step, argument:
            case "view", View() as seen:
                commands = list(made.on(seen, 1))
            case "take", (bool(refuse), int(hit_lots)) if venue.inbox:
                venue.take(refuse=refuse, hit_lots=hit_lots)
            case "fill", int(lots):
                venue.fill(Side.BUY, lots)
            case "hear", int(index) if venue.outbox:
                # Any report that waits may come next: fills after their cancel, ends before fills.
                heard = venue.outbox.pop(index % len(venue.outbox))
                commands = list(made.on(heard, 1))
            case "timer", int(index) if venue.timers:
                timer = venue.timers.pop(index % len(venue.timers))
                commands = list(made.on(fired(timer.timer_id), 1))
        venue.send(commands)
        assert venue.live_count(Side.BUY) <= 1
        assert venue.worst_lots(Side.BUY) <= total_lots
        assert made.orders.position_lots <= venue.bought_lots
    while venue.inbox or venue.outbox:
        if venue.inbox:
            venue.take()
        while venue.outbox:
            venue.send(made.on(venue.outbox.pop(), STOP_NS + 99_000))
    assert venue.bought_lots == made.orders.position_lots <= total_lots


@given(st.integers(1, 50), st.integers(1, 5), st.integers(1, 6))
def test_in_a_book_that_always_sells_everything_is_bought(
    total_lots: int, slices: int, hit_lots: int
) -> None:
    config = ScheduledBuyerConfig(
        total_lots=total_lots, slices=min(slices, total_lots), patience_ns=1
    )
    made, venue = buyer(config), TinyVenue()
    venue.send(made.start(0))
    while venue.timers:
        timer = venue.timers.pop(0)
        if timer.timer_id == 2 * config.slices:
            continue
        venue.send(made.on(fired(timer.timer_id), 1))
        for _ in range(2 * total_lots):
            venue.send(made.on(view(), 1))
            while venue.inbox:
                venue.take(hit_lots=hit_lots)
            while venue.outbox:
                venue.send(made.on(venue.outbox.pop(0), 1))
        # The patience of a slice ends before the next one starts.
        venue.timers.sort(key=lambda t: (t.timer_id % config.slices, t.timer_id))
    assert total_lots == venue.bought_lots == made.orders.position_lots
