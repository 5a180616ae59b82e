"""Whatever races there are, the order machine takes them all, and neither loses nor doubles a lot.

Goal: every row of the table is a race that a venue which keeps its rules can bring about, and no
such venue can bring about anything else. Method: a model venue behind links that lose, repeat and
reorder, driven by Hypothesis for the strange cases and by a long fixed stream of draws for coverage.
"""

import random
from collections.abc import Callable

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desk.orders import TABLE, Order
from market.codes import Reason, ReportType, Side
from market.messages import EVERY
from tests.property.order_venue import Row, World

Action = Callable[[], object]
INDEX = st.integers(0, 9)
QTY = st.integers(1, 12)
WORLDS = 1_500
ENDS = (ReportType.CANCELLED, ReportType.EXPIRED)
REFUSALS = (Reason.HALTED, Reason.THROTTLED)


class OrderMachine(RuleBasedStateMachine):
    """Desk and venue, each doing what it may in any order."""

    order_count_max = 5

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def _order(self, index: int) -> Order | None:
        orders = list(self.world.orders.data.orders.values())[-4:]  # the newest, ended ones too
        return orders[index % len(orders)] if orders else None

    @rule(book_id=st.integers(0, 1), side=st.sampled_from(Side), qty=QTY, twice=st.booleans())
    def new(self, book_id: int, side: Side, qty: int, *, twice: bool) -> None:
        orders = self.world.orders.data.orders.values()
        if sum(not order.ended for order in orders) < self.order_count_max:
            self.world.new(book_id, side, qty, twice=twice)

    @rule(index=INDEX, twice=st.booleans())
    def cancel(self, index: int, *, twice: bool) -> None:
        if order := self._order(index):
            self.world.cancel(order, twice=twice)

    @rule(index=INDEX, qty=QTY)
    def replace(self, index: int, qty: int) -> None:
        if order := self._order(index):
            self.world.replace(order, qty)

    @rule(index=INDEX)
    def query(self, index: int) -> None:
        if order := self._order(index):
            self.world.query(order)

    @rule(refuse=st.sampled_from((Reason.NONE, Reason.NONE, *REFUSALS)))
    def command_arrives(self, refuse: Reason) -> None:
        self.world.carry_command(refuse=refuse)

    @rule(index=INDEX)
    def report_arrives(self, index: int) -> None:
        self.world.carry_report(index)

    @rule(index=INDEX, qty=QTY)
    def trade(self, index: int, qty: int) -> None:
        if ids := self.world.open_ids():
            self.world.trade(ids[index % len(ids)], qty)

    @rule(index=INDEX, kind=st.sampled_from(ENDS))
    def end(self, index: int, kind: ReportType) -> None:
        if ids := self.world.open_ids():
            self.world.end(ids[index % len(ids)], kind)

    @rule(index=INDEX, which=INDEX, qty=st.integers(0, 12))
    def reword(self, index: int, which: int, qty: int) -> None:
        traded = [i for i, held in self.world.held.items() if held.trades]
        if traded:
            order_id = traded[index % len(traded)]
            self.world.reword(order_id, which % len(self.world.held[order_id].trades) + 1, qty)

    @rule(index=INDEX)
    def repeat(self, index: int) -> None:
        self.world.repeat(index)

    @rule(book_id=st.sampled_from((EVERY, 0, 1)), drops=st.integers(0, 255))
    def lose_link(self, book_id: int, drops: int) -> None:
        bits = iter([drops >> bit & 1 for bit in range(8)] * 99)
        self.world.lose_link(book_id, lambda: bool(next(bits)))

    @rule()
    def resend(self) -> None:
        self.world.resend()

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @invariant()
    def nothing_is_lost(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.settle()


OrderMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestOrderMachine = OrderMachine.TestCase


def step(
    machine: OrderMachine,
    draw: random.Random,
    *,
    loss: bool,
    rough: float,
    haste: int,
    refusal: Reason,
) -> None:
    """One thing happens, and what is likely differs from world to world."""
    index, qty = draw.randrange(100), draw.randint(1, 12)
    twice, drops = draw.random() < rough, draw.getrandbits(8)
    refuse = refusal if draw.random() < rough else Reason.NONE
    book_id = EVERY if twice else index % 2
    actions: list[tuple[int, Action]] = [
        (12, lambda: machine.new(index % 2, Side(index % 2), qty, twice=twice)),
        (6, lambda: machine.cancel(index, twice=twice)),
        (9, lambda: machine.replace(index, qty)),
        (4, lambda: machine.query(index)),
        (20, lambda: machine.command_arrives(refuse)),
        (haste, lambda: machine.report_arrives(index)),
        (5, lambda: machine.trade(index, qty // 2 + 1)),
        (2, lambda: machine.end(index, ENDS[index % 2])),
        (3, lambda: machine.reword(index, qty, index % 3 * qty)),
        (1, lambda: machine.repeat(index)),
        (1 if loss else 0, lambda: machine.lose_link(book_id, drops)),
        (1, machine.resend),
    ]
    weights = [weight for weight, _ in actions]
    draw.choices([action for _, action in actions], weights)[0]()


def wander(seed: int, step_count: int, *, restarts: bool = False) -> World:
    """A world driven by a fixed stream of draws: smooth or rough, prompt or late."""
    draw = random.Random(seed)
    machine = OrderMachine()
    machine.order_count_max = draw.choice((1, 3))
    rough = draw.choice((0.1, 0.5))
    haste = draw.choice((5, 10, 20))
    refusal = draw.choice(REFUSALS)
    for _ in range(step_count):
        step(machine, draw, loss=seed % 2 == 1, rough=rough, haste=haste, refusal=refusal)
        if restarts:
            machine.restart()
        else:
            machine.world.check()
    return machine.world


def test_the_model_venue_takes_every_row_of_the_table_and_no_other() -> None:
    rows = {(state, event) for state, events in TABLE.items() for event in events}
    taken: set[Row] = set()
    short = 0
    for seed in range(WORLDS):
        world = wander(seed, 120)
        short += bool(world.short)
        world.settle()
        taken.update(world.rows)

    assert [] == sorted(rows - taken)
    assert [] == sorted(taken - rows)
    assert 0 < short < WORLDS // 2  # most worlds are inside the documented limit


def test_orders_restored_at_any_moment_go_on_as_if_nothing_had_happened() -> None:
    for seed in range(20):
        straight, broken = wander(seed, 60), wander(seed, 60, restarts=True)

        assert straight.commands == broken.commands
        assert msgspec.msgpack.encode(straight.orders.data) == msgspec.msgpack.encode(
            broken.orders.data
        )
