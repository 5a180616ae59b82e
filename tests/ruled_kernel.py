"""A compiled book with rules that looks like `sim.reference.ruled.RuledBook`.

Books that follow another share its world, in which a follower acts at once: what it did is kept, and
its dump is the one of before, until `follow` asks for it. A book that is followed may have acted before its follower is made; then both
begin anew, and what it did is done again.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from market.codes import Mode, ReportType, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import BadRow
from sim.arena import BookSpec, LocalSpec
from sim.kernels import layout
from sim.latency import Constant
from sim.reference import Outcome
from sim.reference.dump import digest_of
from sim.reference.state import Message, Report
from sim.venue_rules.book_rules import BookRules
from sim.world import OutRow, World

ON_GRID_KINDS = frozenset(range(256)) - {6, 10}
CROSSED = 20
ENDS = (ReportType.FILLED, ReportType.EXPIRED, ReportType.CANCELLED)


@dataclass
class Hall:
    """One world, and the books in it."""

    mode: Mode
    specs: list[BookSpec] = field(default_factory=list)
    books: list["KernelBook"] = field(default_factory=list)
    done: list[tuple[int, str, Any]] = field(default_factory=list)
    now_ns: int = 0

    def join(self, book: "KernelBook", spec: BookSpec) -> int:
        """Add a book; all begin anew, and what was done is done again."""
        self.specs.append(spec)
        self.books.append(book)
        wire = Constant(latency_ns=1).compile()
        self.world = World(
            mode=self.mode,
            books=self.specs,
            locals_=[
                LocalSpec(book_id=index, latency=wire, key=1, subscriptions=0)
                for index in range(len(self.specs))
            ],
            start_ns=0,
        )
        self.now_ns = 0
        done, self.done = self.done, []
        for each in self.books:
            each.begin()
        for index, verb, data in done:
            self.books[index].act(verb, data)
        return len(self.books) - 1


class KernelBook:
    """One book of a world; see `RuledBook` for the arguments and the methods.

    Args:
        rules: None for a book without rules, which others may follow.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        tick_units: int,
        handle_count: int,
        rules: BookRules | None,
        reference_book: "KernelBook | None" = None,
    ) -> None:
        self.hall = Hall(mode) if reference_book is None else reference_book.hall
        self.tick_units = tick_units
        self.handle_count = handle_count
        self.slots: dict[int, tuple[int, int]] = {}
        if reference_book is not None and rules is not None:
            rules = BookRules(
                **{name: getattr(rules, name) for name in BookRules.__dataclass_fields__}
                | {"mid_reference": reference_book.index}
            )
        spec = BookSpec(tick_units=tick_units, handle_count=handle_count, rules=rules)
        self.index = len(self.hall.books)
        self.hall.join(self, spec)

    def begin(self) -> None:
        """Nothing has happened."""
        self.slots.clear()
        self.seen = 0
        self.waiting: list[OutRow] = []
        self.before: list[int] | None = None

    # What RuledBook does.

    def apply(self, *, kind: int, side_flags: int, handle: int, price: int, qty: int) -> Outcome:
        data = {
            "kind": kind,
            "side_flags": side_flags,
            "handle": handle,
            "price": price,
            "qty": qty,
        }
        return self.act("row", data)

    def submit(self, order_id: int, **fields: Any) -> Outcome:
        return self.act("submit", {"order_id": order_id, **fields})

    def cancel(self, order_id: int) -> Outcome:
        return self.act("cancel", order_id)

    def expire(self, order_id: int, reason: int) -> Outcome:
        return self.act("expire", (order_id, reason))

    def replace(self, order_id: int, *, price_ticks: int, qty_lots: int) -> Outcome:
        fields = {"order_id": order_id, "price_ticks": price_ticks, "qty_lots": qty_lots}
        return self.act("replace", fields)

    def set_phase(self, phase: int) -> Outcome:
        return self.act("phase", phase)

    def set_band(self, low_ticks: int | None, high_ticks: int | None) -> Outcome:
        return self.act("band", (low_ticks, high_ticks))

    def set_reference(self, x2_ticks: int | None) -> Outcome:
        return self.act("reference", x2_ticks)

    def follow(self) -> Outcome:
        """What this book has done because the one that it follows has changed."""
        return self.outcome([])

    def dump(self) -> list[int]:
        return self.hall.world.state(self.index) if self.before is None else self.before

    def digest(self) -> str:
        return digest_of(self.dump())

    def check_invariants(self) -> None:
        broken = self.hall.world.audit(self.index)
        # On a plain book historical orders that crossed in a pause stay so until the tape moves them.
        allowed = (0, CROSSED) if self.hall.specs[self.index].rules is None else (0,)
        assert broken in allowed, broken

    # How.

    def act(self, verb: str, data: Any) -> Outcome:
        """Do one thing, and hand out what this book did."""
        hall = self.hall
        hall.now_ns += 1
        for book in hall.books:
            if book is not self and book.before is None:
                book.before = book.dump()
        hall.world._slots = self.slots
        rows = self.row(data) if verb == "row" else self.command(verb, data)
        hall.done.append((self.index, verb, data))
        for row in rows:
            book = hall.books[row.book_id]
            if row.type in ENDS and row.leaves_lots == 0:
                book.slots.pop(row.id, None)
            if book is not self:
                book.waiting.append(row)
        return self.outcome([row for row in rows if row.book_id == self.index])

    def command(self, verb: str, data: Any) -> list[OutRow]:
        """Give a command to the world."""
        world, now = self.hall.world, self.hall.now_ns
        if verb == "submit" and self.hall.specs[self.index].rules is None:
            plain = ("order_id", "side", "order_type", "tif", "price_ticks", "qty_lots")
            fields = {name: data[name] for name in plain}
            return world.submit(self.index, now, post_only=bool(data["post"]), cause=1, **fields)
        if verb == "submit":
            return world.submit_terms(self.index, now, cause=1, **data)
        if verb == "cancel":
            return world.cancel(self.index, now, data, cause=1)
        if verb == "expire":
            return world.expire(self.index, now, *data, cause=1)
        if verb == "replace":
            return world.replace(self.index, now, cause=1, **data)
        if verb == "phase":
            return world.command_phase(self.index, data, now, cause=1)
        if verb == "band":
            return world.set_band(self.index, *data, now, cause=1)
        assert verb == "reference"
        return world.set_reference(self.index, data, now, cause=1)

    def row(self, data: dict[str, int]) -> list[OutRow]:
        """Let the world advance over one row of the tape."""
        world = self.hall.world
        row = np.zeros(1, dtype=TAPE_DTYPE)
        row["ts_ns"] = self.hall.now_ns
        units = self.tick_units if data["kind"] in ON_GRID_KINDS else 1
        row["price"] = data["price"] * units
        row["qty"] = data["qty"]
        row["handle"] = data["handle"]
        row["kind"] = data["kind"]
        row["side_flags"] = data["side_flags"] | RowFlag.LAST
        row["book_id"] = self.index
        world.inject(row)
        try:
            return world.advance(self.hall.now_ns)
        except BadRow:
            world.skip_bad_row()
            raise

    def outcome(self, rows: list[OutRow]) -> Outcome:
        """What this book has said and published since it was asked last."""
        rows, self.waiting, self.before = self.waiting + rows, [], None
        messages = [self.named(each) for each in self.hall.world.published(self.index, self.seen)]
        self.seen = self.hall.world.book_word(self.index, layout.B_RING_COMMIT)
        reports = [
            Report(
                row.type,
                row.id,
                row.price_ticks,
                row.qty_lots,
                row.leaves_lots,
                row.reason,
                row.liquidity,
                row.figure,
                row.half,
            )
            for row in rows
        ]
        return Outcome(messages, reports)

    def named(self, row: tuple[int, ...]) -> Message:
        """A ring row as the specification writes it; slots of moved orders are nobody's handle."""
        _, kind, flags, handle, price, qty, shown, _ = row
        return Message(
            kind, handle if handle < self.handle_count else -1, flags & 1, price, qty, shown
        )
