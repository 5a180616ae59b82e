"""The last check against a small venue whose reports come late, twice and in any order."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.limits import Limits
from desk.limits.recent import Recent, count_since
from market.codes import Reason, ReportType, Side
from market.messages import Cancel, Query, Replace, Report, Submit
from tests.unit.desk.limits_world import (
    DESK,
    NOW,
    S,
    make,
    replace,
    report,
    restored,
    submit,
    view,
    wide,
)

POSITION_MAX = 40
CONFIG = wide(position_lots=POSITION_MAX, order_lots=30, messages_max=10_000, fills_max=10_000)


@dataclass
class Resting:
    sign: int
    open_lots: int
    fills: dict[int, int] = field(default_factory=dict)
    fill_count: int = 0
    filled_lots: int = 0


@dataclass
class Venue:
    """Takes commands in order, at a time of its own choosing; its reports wait in `mail`."""

    orders: dict[int, Resting] = field(default_factory=dict)
    inbox: list[Submit | Cancel | Replace | Query] = field(default_factory=list)
    mail: list[Report] = field(default_factory=list)
    seq: int = 0

    @property
    def position_lots(self) -> int:
        return sum(one.sign * sum(one.fills.values()) for one in self.orders.values())

    def open_lots(self, sign: int) -> int:
        return sum(one.open_lots for one in self.orders.values() if one.sign == sign)

    def say(self, kind: ReportType, number: int, qty_lots: int, **more: object) -> None:
        self.seq += 1
        self.mail.append(report(kind, number, qty_lots, self.seq, **more))  # type: ignore[arg-type]

    def take(self) -> None:
        """The next command arrives."""
        command = self.inbox.pop(0)
        number = command.order_id - DESK
        if isinstance(command, Submit):
            self.orders[number] = Resting(command.side.sign, command.qty_lots)
            self.say(ReportType.ACCEPTED, number, command.qty_lots)
            return
        order = self.orders[number]
        unknown = order.open_lots == 0
        reason = Reason.UNKNOWN_ORDER if unknown else Reason.NONE
        match command:
            case Cancel():
                kind = ReportType.CANCEL_REJECTED if unknown else ReportType.CANCELLED
                self.say(kind, number, order.open_lots, reason=reason)
                order.open_lots = 0
            case Query():
                self.say(ReportType.STATUS, number, order.filled_lots, leaves_lots=order.open_lots)
            case Replace():
                kind = ReportType.REPLACE_REJECTED if unknown else ReportType.REPLACED
                order.open_lots = 0 if unknown else command.qty_lots
                self.say(
                    kind,
                    number,
                    command.qty_lots,
                    leaves_lots=order.open_lots,
                    price_ticks=command.price_ticks,
                    reason=reason,
                )

    def fill(self, number: int, lots: int) -> None:
        order = self.orders[number]
        lots = min(lots, order.open_lots)
        if lots:
            order.open_lots -= lots
            order.filled_lots += lots
            order.fill_count += 1
            order.fills[order.fill_count] = lots
            self.say(
                ReportType.FILLED,
                number,
                lots,
                exec_id=order.fill_count,
                leaves_lots=order.open_lots,
            )

    def bust(self, number: int) -> None:
        order = self.orders[number]
        for exec_id, lots in order.fills.items():
            if lots:
                order.fills[exec_id] = 0
                self.say(ReportType.BUSTED, number, lots, exec_id=exec_id)
                return


def deliver(venue: Venue, limits: Limits, index: int, *, again: bool) -> None:
    """One waiting report, any of them, arrives, and perhaps stays to come again."""
    if venue.mail:
        index %= len(venue.mail)
        limits.report(venue.mail[index] if again else venue.mail.pop(index))


def step(venue: Venue, limits: Limits, verb: str, a: int, b: int) -> None:
    """One thing happens."""
    number = 1 + a % max(limits.data.tally.last_id - DESK, 1)
    if verb == "submit":
        side = Side(b % 2)
        away = -500 if side is Side.BUY else 500
        number = max(limits.data.tally.last_id - DESK, 0) + 1
        command = submit(number, side, 1 + a % 30, 10_000 + away)
        if limits.check(command, NOW, view(), 0) is None:
            venue.inbox.append(command)
    elif verb == "take" and venue.inbox:
        venue.take()
    elif verb == "deliver":
        deliver(venue, limits, a, again=b % 4 == 0)
    elif number in venue.orders and verb == "fill":
        venue.fill(number, 1 + b)
    elif number in venue.orders and verb in ("cancel", "query", "replace"):
        kinds = {"cancel": Cancel, "query": Query}
        ask: Cancel | Query | Replace
        if verb == "replace":
            sign = venue.orders[number].sign
            ask = replace(number, 1 + b % 30, 10_000 - 500 * sign)
        else:
            ask = kinds[verb](book_id=0, order_id=DESK + number)
        if limits.check(ask, NOW, view(), 0) is None:
            venue.inbox.append(ask)


verbs = st.sampled_from(
    ["submit", "submit", "take", "take", "fill", "deliver", "deliver", "cancel", "query", "replace"]
)
steps = st.lists(st.tuples(verbs, st.integers(0, 99), st.integers(0, 29)), max_size=120)


@settings(max_examples=300, deadline=None)
@given(steps=steps)
def test_the_venues_own_position_stays_within_the_limit_whatever_the_order_of_reports(
    steps: list[tuple[str, int, int]],
) -> None:
    venue, limits = Venue(), make(CONFIG)
    for verb, a, b in steps:
        step(venue, limits, verb, a, b)
        assert venue.position_lots + venue.open_lots(1) <= POSITION_MAX
        assert venue.position_lots - venue.open_lots(-1) >= -POSITION_MAX
    while venue.inbox:
        venue.take()
        assert abs(venue.position_lots) <= POSITION_MAX


@settings(max_examples=300, deadline=None)
@given(steps=steps, busts=st.lists(st.integers(1, 20), max_size=4))
def test_when_everything_is_reported_the_tallies_are_the_venues(
    steps: list[tuple[str, int, int]], busts: list[int]
) -> None:
    venue, limits = Venue(), make(CONFIG)
    for verb, a, b in steps:
        step(venue, limits, verb, a, b)
    while venue.inbox:
        venue.take()
    for number in busts:
        if number in venue.orders:
            venue.bust(number)
    limits = restored(limits, CONFIG)
    turn = 0
    while venue.mail:
        turn += 7
        deliver(venue, limits, turn, again=False)
    tally = limits.data.tally

    assert venue.position_lots == tally.position_lots[0]
    assert venue.open_lots(1) == tally.buy_lots[0]
    assert venue.open_lots(-1) == tally.sell_lots[0]


@settings(max_examples=200, deadline=None)
@given(gaps=st.lists(st.integers(0, 5), max_size=700), length=st.integers(1, 40))
def test_no_stretch_of_the_window_holds_more_than_was_let_in(gaps: list[int], length: int) -> None:
    recent, now, let_in = Recent(), S, []
    for gap in gaps:
        now += gap
        count = count_since(recent, now - length)
        assert count == sum(at > now - length for at in let_in)
        if count < 7:
            recent.times_ns.append(now)
            let_in.append(now)
    for at in let_in:
        assert sum(at <= one < at + length for one in let_in) <= 7
