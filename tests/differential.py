"""The compiled book and the reference book, fed the same commands and compared after every one."""

from typing import Any

import numpy as np

from market.codes import Depth, Mode, Phase, QueueModel, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import BadRow
from sim.arena import BookSpec, LocalSpec
from sim.latency import Constant
from sim.reference import Outcome, ReferenceBook
from sim.world import World

ON_GRID_KINDS = frozenset(range(256)) - {6, 10}
CROSSED = 20


class Difference(AssertionError):  # noqa: N818 - it says what it is
    """Kernel and reference disagree; the text says about what."""


class Pair:
    """One world of one book, and its reference."""

    def __init__(
        self,
        mode: Mode,
        *,
        tick_units: int,
        handle_count: int,
        depth: Depth = Depth.L3,
        queue_model: QueueModel = QueueModel.RISK_AVERSE,
    ) -> None:
        self.tick_units = tick_units
        self.handle_count = handle_count
        self.depth = depth
        self.reference = ReferenceBook(
            mode=mode,
            tick_units=tick_units,
            handle_count=handle_count,
            depth=depth,
            queue_model=queue_model,
        )
        self.now_ns = 0
        self.seen = 0
        # A feed of levels may cross itself between two of its rows.
        self.may_cross = depth < Depth.L3
        self.world = World(
            mode=mode,
            books=[
                BookSpec(
                    tick_units=tick_units,
                    handle_count=handle_count,
                    depth=depth,
                    queue_model=queue_model,
                )
            ],
            locals_=[
                LocalSpec(
                    book_id=0, latency=Constant(latency_ns=1).compile(), key=1, subscriptions=0
                )
            ],
            start_ns=0,
        )

    def feed(self, step: tuple[str, Any]) -> None:
        """Give one step to both and compare all that comes of it."""
        verb, data = step
        self.now_ns += 1
        if verb == "row":
            expected, found = self._row(data)
        elif verb == "submit":
            expected, found = self._submit(data)
        elif verb == "cancel":
            expected = self.reference.cancel(data)
            found = self.world.cancel(0, self.now_ns, data, cause=1)
        else:
            fields = dict(data)
            order_id = fields.pop("order_id")
            expected = self.reference.replace(order_id, **fields)
            found = self.world.replace(0, self.now_ns, order_id, cause=1, **fields)
        self._compare(step, expected, found)

    def _row(self, data: dict[str, int]) -> tuple[Outcome, Any]:
        row = np.zeros(1, dtype=TAPE_DTYPE)
        row["ts_ns"] = self.now_ns
        units = self.tick_units if data["kind"] in ON_GRID_KINDS else 1
        row["price"] = data["price"] * units
        row["qty"] = data["qty"]
        row["handle"] = data["handle"]
        row["kind"] = data["kind"]
        row["side_flags"] = data["side_flags"] | RowFlag.LAST
        self.world.inject(row)
        expected_bad = found_bad = False
        expected, found = Outcome([], []), []
        try:
            expected = self.reference.apply(**data)
        except BadRow:
            expected_bad = True
        try:
            found = self.world.advance(self.now_ns)
        except BadRow:
            found_bad = True
            self.world.skip_bad_row()
        if expected_bad != found_bad:
            raise Difference(f"{data}: refused by reference {expected_bad}, by kernel {found_bad}")
        return expected, found

    def _submit(self, data: dict[str, Any]) -> tuple[Outcome, Any]:
        fields = dict(data)
        order_id = fields.pop("order_id")
        expected = self.reference.submit(order_id, **fields)
        return expected, self.world.submit(0, self.now_ns, order_id, cause=1, **fields)

    def _compare(self, step: object, expected: Outcome, found: Any) -> None:
        reports = [tuple(row[:1] + row[3:]) for row in found]
        wanted = [tuple(int(value) for value in report) for report in expected.reports]
        if reports != wanted:
            raise Difference(f"{step}\nreports\n  reference {wanted}\n  kernel    {reports}")
        for report in expected.reports:
            if report.type in (3, 4) and report.leaves_lots == 0:
                self.world.forget(report.order_id)
        messages = [self._named(row) for row in self.world.published(0, self.seen)]
        self.seen += len(messages)
        published = [tuple(int(value) for value in message) for message in expected.messages]
        if len(messages) == len(published):
            # The kernel names own and moved orders by slots, which the specification does not know.
            published = [
                (kind, -1 if mine[1] == -1 else handle, *rest)
                for mine, (kind, handle, *rest) in zip(messages, published, strict=True)
            ]
        if messages != published:
            raise Difference(f"{step}\nmessages\n  reference {published}\n  kernel    {messages}")
        state = self.world.state(0)
        if state != self.reference.dump():
            raise Difference(
                f"{step}\nstate\n  reference {self.reference.dump()}\n  kernel    {state}"
            )
        # After a pause historical orders may cross each other until the tape moves them.
        self.may_cross |= state[0] != Phase.CONTINUOUS
        broken = self.world.audit(0)
        if broken and not (broken == CROSSED and self.may_cross):
            raise Difference(f"{step}\nthe kernel's book breaks invariant {broken}")
        if self.depth < Depth.L3:
            self._compare_positions(step)

    def _compare_positions(self, step: object) -> None:
        """Where each resting limit order of ours is believed to stand."""
        for order_id, order in self.reference.state.own.items():
            if order.is_market:
                continue
            ahead = self.world.queue_ahead(0, order_id)
            if ahead != order.ahead:
                raise Difference(
                    f"{step}\nlots ahead of order {order_id}: reference {order.ahead}, kernel {ahead}"
                )

    def _named(self, row: tuple[int, ...]) -> tuple[int, ...]:
        """A ring row as the specification writes it, without slots."""
        _, kind, flags, handle, price, qty, shown, _ = row
        return kind, handle if handle < self.handle_count else -1, flags & 1, price, qty, shown


def run_stream(
    steps: Any,
    mode: Mode,
    *,
    tick_units: int,
    handle_count: int,
    depth: Depth = Depth.L3,
    queue_model: QueueModel = QueueModel.RISK_AVERSE,
) -> int:
    """Feed a whole stream to a pair; how many steps there were."""
    pair = Pair(
        mode,
        tick_units=tick_units,
        handle_count=handle_count,
        depth=depth,
        queue_model=queue_model,
    )
    count = 0
    for step in steps:
        pair.feed(step)
        count += 1
    return count
