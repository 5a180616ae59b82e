from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Phase, Reason, ReportType, Side, Trigger
from market.errors import InputError
from market.messages import NO_PRICE, Cancel, Command, Replace, SetTimer, Submit, TimerFired, View
from strategies import Quoter, QuoterConfig
from tests.unit.strategies.market import DESK, END_NS, TinyVenue, order_id, report, view

CONFIG = QuoterConfig(qty_lots=10, inventory_lots_max=25, requote_ticks=2, pull_before_end_ns=100)


def quoter(config: QuoterConfig = CONFIG) -> Quoter:
    return Quoter(config, desk=DESK, book_id=0, end_ns=END_NS)


def quoting(config: QuoterConfig = CONFIG) -> Quoter:
    """A quoter whose bid (order 1, at 100) and ask (order 2, at 103) rest."""
    made = quoter(config)
    made.on(view(), 0)
    made.on(report(ReportType.ACCEPTED, 1, 10, 10), 1)
    made.on(report(ReportType.ACCEPTED, 2, 10, 10), 1)
    return made


def shape(commands: object) -> list[tuple[object, ...]]:
    """Commands as short tuples."""
    assert isinstance(commands, list)
    result: list[tuple[object, ...]] = []
    for command in commands:
        match command:
            case Submit():
                result.append(("submit", command.side, command.price_ticks, command.qty_lots))
            case Replace():
                result.append(("replace", command.order_id, command.price_ticks, command.qty_lots))
            case Cancel():
                result.append(("cancel", command.order_id))
    return result


def test_it_quotes_both_sides_at_the_best_prices_post_only() -> None:
    sent = quoter().on(view(), 0)

    assert [("submit", Side.BUY, 100, 10), ("submit", Side.SELL, 103, 10)] == shape(sent)
    assert all(isinstance(c, Submit) and c.post_only for c in sent)


def test_it_waits_for_each_answer_before_it_asks_again() -> None:
    made = quoter()
    made.on(view(), 0)

    assert [] == shape(made.on(view(110, 113), 1))
    assert [("replace", order_id(1), 110, 10)] == shape(
        made.on(report(ReportType.ACCEPTED, 1, 10, 10), 2)
    )
    assert [] == shape(made.on(view(120, 123), 3))


def test_it_moves_an_order_only_when_the_price_has_moved_far_enough() -> None:
    made = quoting()

    assert [] == shape(made.on(view(101, 102), 2))
    assert [("replace", order_id(1), 102, 10)] == shape(made.on(view(102, 103), 3))


def test_it_does_not_lean_on_itself() -> None:
    made = quoting()

    assert [] == shape(made.on(view(100, 103, own_bid_lots=10, own_ask_lots=10), 2))
    # Alone at the best bid: others are two ticks lower.
    assert [("replace", order_id(1), 98, 10)] == shape(made.on(view(100, 103, own_bid_lots=50), 3))


@pytest.mark.parametrize(
    "unfit",
    [
        view(NO_PRICE, 103),
        view(103, 103),
        view(phase=Phase.HALT),
        view(fired=Trigger.STALE),
    ],
    ids=["one-sided", "locked", "halted", "stale"],
)
def test_it_pulls_its_quotes_when_the_book_may_not_be_traded_on(unfit: View) -> None:
    made = quoting()

    assert [("cancel", order_id(1)), ("cancel", order_id(2))] == shape(made.on(unfit, 2))
    assert [] == shape(made.on(unfit, 3))
    assert [] == shape(quoter().on(unfit, 0))


def test_it_quotes_again_once_the_cancel_is_answered_and_the_book_is_fit() -> None:
    made = quoting()
    made.on(view(phase=Phase.HALT), 2)

    assert [] == shape(made.on(view(), 3))
    assert [("submit", Side.BUY, 100, 10)] == shape(
        made.on(report(ReportType.CANCELLED, 1, 10, 0), 4)
    )


def test_a_partial_fill_stays_and_a_full_one_is_quoted_anew() -> None:
    made = quoting()

    assert [] == shape(made.on(report(ReportType.FILLED, 1, 4, 6), 2))
    assert [("submit", Side.BUY, 100, 10)] == shape(made.on(report(ReportType.FILLED, 1, 6, 0), 3))


def test_at_the_inventory_limit_only_the_other_side_is_quoted() -> None:
    made = quoting()
    made.on(report(ReportType.FILLED, 1, 10, 0), 2)
    made.on(report(ReportType.FILLED, 3, 10, 0), 3)

    assert [] == shape(made.on(report(ReportType.FILLED, 4, 5, 0), 4))  # bids 10, 10 and then 5
    assert 25 == made.orders.position_lots
    assert [("replace", order_id(2), 113, 10)] == shape(made.on(view(110, 113), 5))


def test_where_old_and_new_could_both_fill_past_the_limit_the_old_one_goes_first() -> None:
    made = quoting(msgspec.structs.replace(CONFIG, inventory_lots_max=15))

    assert [("cancel", order_id(1)), ("cancel", order_id(2))] == shape(made.on(view(110, 113), 2))
    assert [("submit", Side.BUY, 110, 10)] == shape(
        made.on(report(ReportType.CANCELLED, 1, 10, 0), 3)
    )


def test_a_refusal_is_not_tried_again_before_the_next_view() -> None:
    made = quoter()
    made.on(view(), 0)
    refused = report(ReportType.REJECTED, 1, 10, 0, reason=Reason.WOULD_CROSS)

    assert [] == shape(made.on(refused, 1))
    assert [] == shape(made.on(report(ReportType.ACCEPTED, 2, 10, 10), 2))
    assert [("submit", Side.BUY, 100, 10)] == shape(made.on(view(), 3))


def test_a_refused_replacement_keeps_the_order_and_waits_for_a_view() -> None:
    made = quoting()
    made.on(view(102, 105), 2)
    refused = report(ReportType.REPLACE_REJECTED, 1, 10, 10, reason=Reason.WOULD_CROSS)

    assert [] == shape(made.on(refused, 3))
    assert [("replace", order_id(1), 102, 10)] == shape(made.on(view(102, 105), 4))


def test_fills_that_cross_a_cancel_count_and_the_late_rejection_is_harmless() -> None:
    made = quoting()
    made.on(view(phase=Phase.HALT), 2)
    made.on(report(ReportType.FILLED, 1, 10, 0), 3)
    unknown = report(ReportType.CANCEL_REJECTED, 1, reason=Reason.UNKNOWN_ORDER)

    assert [] == shape(made.on(unknown, 4))
    assert 10 == made.orders.position_lots


def test_it_pulls_its_quotes_before_the_end_and_never_quotes_again() -> None:
    made = quoting()
    assert [SetTimer(timer_id=1, due_ns=END_NS - 100)] == quoter().start(0)

    pulled = made.on(TimerFired(timer_id=1, due_ns=END_NS - 100), END_NS - 100)
    assert [("cancel", order_id(1)), ("cancel", order_id(2))] == shape(pulled)
    assert [] == shape(made.on(report(ReportType.CANCELLED, 1, 10, 0), END_NS - 90))
    assert [] == shape(made.on(view(), END_NS - 80))


def test_time_decides_even_when_a_view_comes_before_the_timer() -> None:
    assert [] == shape(quoter().on(view(), END_NS - 100))


def test_a_run_shorter_than_the_pull_is_never_quoted() -> None:
    made = quoter(msgspec.structs.replace(CONFIG, pull_before_end_ns=END_NS))

    assert [] == made.start(0)
    assert [] == shape(made.on(view(), 0))


def test_messages_about_other_books_are_ignored() -> None:
    assert [] == shape(quoter().on(view(book_id=1), 0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("qty_lots", 0),
        ("qty_lots", 1 << 41),
        ("inventory_lots_max", 9),
        ("requote_ticks", 0),
        ("pull_before_end_ns", -1),
    ],
)
def test_parameters_out_of_range_are_refused(field: str, value: int) -> None:
    with pytest.raises(InputError, match=field):
        QuoterConfig(**{**msgspec.structs.asdict(CONFIG), field: value})


MOSTLY = 9
VIEWS = st.builds(
    view,
    st.sampled_from([*range(95, 105), NO_PRICE]),
    st.integers(103, 112),
    own_bid_lots=st.sampled_from([0, 0, 10, 50]),
    phase=st.sampled_from([Phase.CONTINUOUS] * MOSTLY + [Phase.HALT]),
    fired=st.sampled_from([Trigger.BBO] * MOSTLY + [Trigger.STALE]),
)
FILLS = st.tuples(st.sampled_from(list(Side)), st.integers(0, 12))


@given(st.data())
def test_any_history_keeps_one_order_a_side_and_the_inventory_limit(data: st.DataObject) -> None:
    limit = data.draw(st.integers(10, 40))
    requote_ticks = data.draw(st.integers(1, 3))
    config = QuoterConfig(qty_lots=10, inventory_lots_max=limit, requote_ticks=requote_ticks)
    made, venue = quoter(config), TinyVenue()

    def hear(commands: Sequence[Command]) -> None:
        venue.send(commands)
        for side in Side:
            assert venue.live_count(side) <= 1
            # The worst that can still happen at the venue, and the worst as the quoter counts it.
            assert venue.worst_lots(side) <= limit
            known = side.sign * made.orders.position_lots + made.orders.at_risk_lots(side)
            assert known <= limit

    for _ in range(data.draw(st.integers(10, 30))):
        seen = data.draw(VIEWS)
        commands = made.on(seen, 0)
        if seen.phase is not Phase.CONTINUOUS or seen.fired is Trigger.STALE:
            assert all(isinstance(command, Cancel) for command in commands)
        hear(commands)
        for _ in range(data.draw(st.integers(0, min(3, len(venue.inbox))))):
            venue.fill(*data.draw(FILLS))
            venue.take(refuse=data.draw(st.integers(0, MOSTLY)) == MOSTLY)
        venue.fill(*data.draw(FILLS))
        for _ in range(data.draw(st.integers(0, len(venue.outbox)))):
            hear(made.on(venue.outbox.pop(0), 0))

    while venue.inbox or venue.outbox:
        if venue.inbox:
            venue.take()
        while venue.outbox:
            hear(made.on(venue.outbox.pop(0), END_NS))
    assert venue.position_lots == made.orders.position_lots
