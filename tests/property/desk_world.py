"""A desk, a nasty venue, and a stream of draws that drives both; judged after every event.

Limits are judged on the venue's truth: what is held by its own ledger, and the worst that can still come
of what is open there or on its way to it. Marks stand still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from desk.gate import VETOES, VetoCode
from desk.ledger.reconcile import reconcile, totals_of
from market.codes import Reason, ReportType
from market.decisions import ActionKind, Caused, Flat, Quotes, Signal, Target
from market.messages import EVERY, Inbound, LinkStatus, OrderCommand, Replace, Report, Submit
from tests.desk_rig import LOT, DeskRig, S, Said
from tests.model_venue import ModelVenue

MIDS = (10_000, 5_000, 20_000)
TICK_LOT = 10_000
"""Value units of one lot for each tick of its price."""

POSITION, VALUE = 60, 55 * LOT
GROUP_GROSS, GROUP_NET = 80 * LOT, 70 * LOT
STRATEGY = 90 * LOT
GROSS, NET = 120 * LOT, 75 * LOT
GROUPS = ((0, 1), (2,))
STRENGTHS = (1_000_000, -1_000_000, 500_000, -500_000, 0)
Exposure = dict[str, tuple[int, int]]


@dataclass
class Draws:
    """Numbers out of bytes; zeros when they are used up."""

    data: bytes
    at: int = 0

    def below(self, count: int) -> int:
        """A number below this."""
        value = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        return value % count

    @property
    def over(self) -> bool:
        return self.at >= len(self.data)


def exposures(ends: dict[int, tuple[int, int]]) -> Exposure:
    """What every limit found, and what it allows; made from the accounts' ends alone."""
    books = range(len(MIDS))
    highs = [sum(end[0] for key, end in ends.items() if key & 0xFFFF == b) for b in books]
    lows = [sum(end[1] for key, end in ends.items() if key & 0xFFFF == b) for b in books]
    worth = [mid * TICK_LOT for mid in MIDS]
    values = [max(high, -low) * unit for high, low, unit in zip(highs, lows, worth, strict=True)]
    found: Exposure = {}
    for book_id in books:
        found[f"position {book_id}"] = max(highs[book_id], -lows[book_id]), POSITION
        found[f"value {book_id}"] = values[book_id], VALUE
    for name, members, gross, net in (
        ("group 0", GROUPS[0], GROUP_GROSS, GROUP_NET),
        ("group 1", GROUPS[1], GROUP_GROSS, GROUP_NET),
        ("portfolio", tuple(books), GROSS, NET),
    ):
        found[f"{name} gross"] = sum(values[b] for b in members), gross
        longs = sum(highs[b] * worth[b] for b in members)
        shorts = sum(-lows[b] * worth[b] for b in members)
        found[f"{name} net"] = max(longs, shorts), net
    for strategy in (0, 1):
        found[f"strategy {strategy}"] = (
            sum(
                max(high, -low) * worth[key & 0xFFFF]
                for key, (high, low) in ends.items()
                if key >> 16 == strategy
            ),
            STRATEGY,
        )
    return found


@dataclass
class World:
    """One example.

    Attributes:
        restates: Whether the venue busts and corrects fills.
        flats: Whether strategies say `Flat`, which alone may take off a hedge past a net limit.
        used_ppm: How much of each limit was in use at most.
    """

    draws: Draws
    restates: bool = False
    flats: bool = False
    used_ppm: dict[str, int] = field(default_factory=dict)
    links: list[LinkStatus] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        draws = self.draws
        passive = draws.below(2)
        wide_last_check = draws.below(2)
        self.rig = DeskRig(
            [Said(), Said()],
            books=3,
            gate={
                "instrument": {"position_lots": POSITION, "value_micros": VALUE},
                "group": {"gross_micros": GROUP_GROSS, "net_micros": GROUP_NET},
                "strategy": {"value_micros": STRATEGY},
                "portfolio": {"gross_micros": GROSS, "net_micros": NET},
            },
            limits={"position_lots": 1_000_000 if wide_last_check else POSITION},
            execution={
                "style": "passive" if passive else "immediate",
                "child_lots_max": (15, 40, 100)[draws.below(3)],
                "patience_ns": (0, S)[draws.below(2)],
            },
            sizing={"lots_max": (30, 60, 100)[draws.below(3)]},
            settings={"ack_timeout_ns": S // 2, "heartbeat_ns": S},
        )
        self.venue = ModelVenue(self.rig.instruments)
        for book_id in range(len(MIDS)):
            self._view(book_id)

    # --- what happens ---------------------------------------------------------------------------

    def run(self) -> None:
        """Until the draws are used up; then everything arrives, and both sides must agree."""
        while not self.draws.over:
            self._step()
        self.settle()

    def _step(self) -> None:
        draws, venue = self.draws, self.venue
        venue.now_ns = self.rig.now_ns
        match kind := draws.below(32):
            case 0 | 1 | 2 | 3 | 4 | 5:
                for strategy in (0, 1):
                    self._wish(strategy)
                self._view(draws.below(3))
            case 6 | 7 | 8 | 9:
                refuse = Reason.HALTED if draws.below(8) == 7 else Reason.NONE
                venue.next_command(refuse=refuse, take_lots=draws.below(64))
            case 10 | 11 | 12:
                for _ in range(len(venue.commands)):
                    venue.next_command(take_lots=draws.below(64))
            case 13 | 14 | 15 | 16:
                self._report(draws.below(8))
            case 17 | 18 | 19:
                for _ in range(len(venue.reports)):
                    self._report(0)
            case _:
                self._trouble(kind)

    def _trouble(self, kind: int) -> None:
        """Fills, ends, repeats, lost links, restated fills, restarts."""
        draws, venue = self.draws, self.venue
        match kind:
            case 20 | 21 | 22 | 23 | 24:
                if ids := venue.open_ids():
                    venue.trade(ids[draws.below(len(ids))], draws.below(64) + 1)
            case 25:
                if (ids := venue.open_ids()) and draws.below(2):
                    kind = (ReportType.CANCELLED, ReportType.EXPIRED)[draws.below(2)]
                    venue.end(ids[draws.below(len(ids))], kind)
            case 26:
                venue.repeat(draws.below(8))
            case 27:
                self._link(draws.below(3))
            case 28:
                self._tell_link()
                venue.resend()
            case 29:
                self.hand(None)
            case 30:
                self._restate()
            case _:
                self.rig.restore()

    def _wish(self, strategy: int) -> None:
        """What a strategy will say at the next view."""
        draws, said = self.draws, self.rig.strategies[strategy]
        assert isinstance(said, Said)
        signals: list[Signal] = []
        for _ in range(draws.below(3)):
            book_id = draws.below(3)
            mid = MIDS[book_id]
            kind = draws.below(8)
            if kind < 4:
                strength = STRENGTHS[draws.below(len(STRENGTHS))]
                signals.append(Target(book_id=book_id, strength_ppm=strength))
            elif kind < 7:
                signals.append(
                    Quotes(
                        book_id=book_id,
                        bid_ticks=mid - 1 - draws.below(3),
                        bid_lots=draws.below(64),
                        ask_ticks=mid + 1 + draws.below(3),
                        ask_lots=draws.below(64),
                    )
                )
            elif self.flats:
                signals.append(Flat(book_id=book_id))
        said.next = signals

    def _view(self, book_id: int) -> None:
        half = self.draws.below(3) + 1
        mid = MIDS[book_id]
        before = self.truth()
        self._after(before, self.rig.view(book_id, mid - half, mid + half))

    def _report(self, index: int) -> None:
        report = self.venue.next_report(index)
        if report is not None:
            self.hand(report)

    def _link(self, book_id: int) -> None:
        """A link goes down, or comes back; the desk hears of it sooner or later."""
        venue, draws = self.venue, self.draws
        if book_id in venue.down:
            venue.restore_link(book_id)
            self.links.append(LinkStatus(book_id=book_id, up=True))
        else:
            venue.lose_link(book_id, draws.below, cancel=bool(draws.below(2)))
            self.links.append(LinkStatus(book_id=book_id, up=False))
        if draws.below(2):
            self._tell_link()

    def _tell_link(self) -> None:
        while self.links:
            self.hand(self.links.pop(0))

    def _restate(self) -> None:
        fills = self.venue.traded()
        if not self.restates or not fills:
            return
        order_id, exec_id = fills[self.draws.below(len(fills))]
        lots = self.draws.below(32)
        if lots:
            price_ticks = self.venue.held[order_id].price_ticks
            self.venue.correct(order_id, exec_id, price_ticks + self.draws.below(3), lots)
        else:
            self.venue.bust(order_id, exec_id)

    # --- the desk answers, and is judged --------------------------------------------------------

    def hand(self, message: Inbound | None) -> None:
        """Let the desk take a message, or its heartbeat."""
        before = self.truth()
        self._after(before, self.rig.beat() if message is None else self.rig.send(message))
        if isinstance(message, Report):
            # Lots and money of the report were known before anything was decided on it.
            self.rig.desk.ledger.check()

    def _after(self, before: Exposure, commands: list[OrderCommand]) -> None:
        rig, venue = self.rig, self.venue
        for command, caused in zip(
            commands, [c for c in rig.event.commands if hasattr(c.command, "order_id")], strict=True
        ):
            assert command is caused.command
            self.sent += isinstance(command, Submit)
            venue.send(command, caused.cause.strategy)
        self._judge(before)
        rig.desk.orders.check()
        self._judge_aborts()
        assert venue.doubled == []

    def _judge(self, before: Exposure) -> None:
        """No exposure is past its limit, but for what busts and corrections have moved by now.

        And whatever they did, no command of the desk's takes an exposure past its limit, or farther
        past it, as far as reports can tell.
        """
        event = self.rig.event
        flat = any(isinstance(one.signal, Flat) for one in event.decisions)
        moved = exposures(
            {b: (lots, -lots) for b, lots in enumerate(self.venue.moved_lots)}
            | {1 << 16 | b: (lots, -lots) for b, lots in enumerate(self.venue.moved_lots)}
        )
        believed, unsent = exposures(self.belief([])), exposures(self.belief(event.commands))
        for name, (found, limit) in self.truth().items():
            self.used_ppm[name] = max(self.used_ppm.get(name, 0), found * 1_000_000 // limit)
            if self.flats and name.endswith("net"):
                assert flat or found <= max(limit, before[name][0]), (name, found, limit)
                continue
            assert found <= limit + moved[name][0], (name, found, limit, event)
            assert believed[name][0] <= max(limit, unsent[name][0]), (name, believed, event)

    def belief(self, without: Sequence[Caused]) -> dict[int, tuple[int, int]]:
        """Ends of each account as the desk sees them, but for these commands' own lots."""
        data = self.rig.desk.state.data
        ends = {
            key: [
                data.positions.get(key, 0) + data.buy_risk.get(key, 0),
                data.positions.get(key, 0) - data.sell_risk.get(key, 0),
            ]
            for key in {**data.positions, **data.buy_risk}
        }
        for command, cause in ((one.command, one.cause) for one in without):
            if isinstance(command, Submit | Replace):
                order = self.rig.desk.orders.get(command.order_id)
                assert order is not None
                end = ends.setdefault(cause.strategy << 16 | command.book_id, [0, 0])
                end[order.side] -= order.side.sign * command.qty_lots
        return {key: (high, low) for key, (high, low) in ends.items()}

    def _judge_aborts(self) -> None:
        """What the gate stops for good has its cancels on the way within the event."""
        for action in self.rig.event.actions:
            if VETOES[VetoCode(action.code)].action is ActionKind.ABORT:
                for order in self.rig.desk.orders.data.orders.values():
                    in_scope = action.book_id in (EVERY, order.book_id) and action.strategy in (
                        EVERY,
                        order.strategy,
                    )
                    if in_scope and not order.ended and order.sent_ns < self.rig.now_ns:
                        assert order.cancel_sent

    def truth(self) -> Exposure:
        return exposures(self.venue.worst())

    # --- peace ----------------------------------------------------------------------------------

    def settle(self) -> None:
        """Links come back, everything arrives, and desk and venue agree to the last unit."""
        venue, rig = self.venue, self.rig
        for book_id in sorted(venue.down):
            venue.restore_link(book_id)
            self.links.append(LinkStatus(book_id=book_id, up=True))
        for _ in range(40):
            self._tell_link()
            while venue.commands:
                venue.next_command()
            venue.resend()
            while venue.reports:
                self._report(0)
            if not venue.commands:
                self.hand(None)
            if not venue.commands and not rig.desk.orders.overdue(rig.now_ns + 1, 0):
                break
        desk = rig.desk
        assert venue.commands == []
        assert venue.reports == []
        ours = {
            order.order_id: order.open_lots
            for order in desk.orders.data.orders.values()
            if not order.ended
        }
        assert ours == {order_id: venue.held[order_id].open_lots for order_id in venue.open_ids()}
        assert desk.orders.unknown(EVERY) == []
        assert {k: v for k, v in desk.state.data.positions.items() if v} == {
            k: v for k, v in venue.positions.items() if v
        }
        assert reconcile(totals_of(desk.ledger), venue.books()) == []
        assert len(venue.held) <= self.sent
        for order in desk.orders.data.orders.values():
            assert order.ended or order.at_risk_lots == venue.held[order.order_id].open_lots
            assert not order.ended or order.at_risk_lots == 0
