"""A compiled book with rules and its reference, fed the same steps and compared after every one.

A failure is cut down: steps are left out as long as the two still disagree, and what is left is
printed as a script.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from market.codes import Mode
from market.errors import BadRow
from sim.reference import Outcome, ReferenceBook
from sim.reference.ruled import RuledBook
from sim.venue_rules.book_rules import BookRules
from tests.ruled_kernel import KernelBook
from tests.ruled_stream import play_ruled

Step = tuple[str, Any]


class Difference(AssertionError):  # noqa: N818 - it says what it is
    """Kernel and reference disagree; the text says about what."""


@dataclass(frozen=True)
class World:
    """What a stream runs on.

    Attributes:
        rules: Of the book that gets the steps.
        lit: Whether its pegs follow another book, which then gets the steps named `("lit", step)`.
        lit_rules: The rules of that one, None for a plain book.
    """

    rules: BookRules
    mode: Mode
    tick_units: int
    handle_count: int
    lit: bool = False
    lit_rules: BookRules | None = None


class RuledPair:
    """The books of a `World`, twice."""

    def __init__(self, world: World) -> None:
        common = {
            "mode": world.mode,
            "tick_units": world.tick_units,
            "handle_count": world.handle_count,
        }
        self.lit: tuple[Any, Any] | None = None
        if world.lit and world.lit_rules is None:
            self.lit = ReferenceBook(**common), KernelBook(rules=None, **common)
        elif world.lit:
            self.lit = (
                RuledBook(rules=world.lit_rules, **common),
                KernelBook(rules=world.lit_rules, **common),
            )
        expected, found = self.lit or (None, None)
        self.books = (
            RuledBook(rules=world.rules, reference_book=expected, **common),
            KernelBook(rules=world.rules, reference_book=found, **common),
        )

    def feed(self, step: Step) -> None:
        """Give one step to both and compare all that comes of it."""
        if step[0] != "lit":
            self.compare(step, self.books, *(play(book, step) for book in self.books))
            return
        assert self.lit is not None
        outcomes = [play(book, step[1]) for book in self.lit]
        self.compare(step, self.lit, *outcomes)
        if outcomes[0] is not None:
            self.compare(step, self.books, *(book.follow() for book in self.books))

    def compare(
        self, step: Step, books: tuple[Any, Any], expected: Outcome | None, found: Outcome | None
    ) -> None:
        """Raise when two outcomes, or what two books have become, are not the same."""
        if expected is None or found is None:
            if expected is not found:
                raise Difference(
                    f"{step}\nrefused by the reference {expected is None}, "
                    f"by the kernel {found is None}"
                )
            return
        show(step, "reports", numbers(expected.reports), numbers(found.reports))
        show(step, "messages", named_alike(expected, found), numbers(found.messages))
        show(step, "state", books[0].dump(), books[1].dump())
        try:
            books[1].check_invariants()
        except AssertionError as error:
            raise Difference(f"{step}\nthe kernel's book breaks invariant {error}") from error


def play(book: Any, step: Step) -> Outcome | None:
    """The outcome of a step, or None for a row that the book refuses."""
    if isinstance(book, ReferenceBook) and step[0] == "submit":
        fields = dict(step[1])
        order_id = fields.pop("order_id")
        plain = ("side", "order_type", "tif", "price_ticks", "qty_lots")
        chosen = {name: fields[name] for name in plain}
        return book.submit(order_id, post_only=bool(fields["post"]), **chosen)
    try:
        outcome: Outcome = play_ruled(book, step)
    except BadRow:
        return None
    return outcome


def numbers(rows: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Rows as plain integers."""
    return [tuple(int(value) for value in row) for row in rows]


def named_alike(expected: Outcome, found: Outcome) -> list[tuple[int, ...]]:
    """The reference's messages; slots of moved orders, which the kernel names, are nobody's handle."""
    messages = list(expected.messages)
    if len(messages) == len(found.messages):
        messages = [
            message._replace(handle=-1) if mine.handle == -1 else message
            for mine, message in zip(found.messages, messages, strict=True)
        ]
    return numbers(messages)


def show(step: Step, what: str, expected: object, found: object) -> None:
    """Raise with both sides when they differ."""
    if expected != found:
        raise Difference(f"{step}\n{what}\n  reference {expected}\n  kernel    {found}")


def first_difference(world: World, steps: Iterable[Step]) -> tuple[int, str] | None:
    """Where two books part and how, or None; anything else that goes wrong counts too."""
    pair = RuledPair(world)
    for number, step in enumerate(steps):
        try:
            pair.feed(step)
        except Exception as error:  # noqa: BLE001  # a crash is to be cut down like any difference
            return number, f"{type(error).__name__}: {error}"
    return None


def cut_down(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Leave steps out, in ever smaller pieces, as long as the rest still fails."""
    size = len(steps) // 2
    while size >= 1:
        at = 0
        while at < len(steps):
            shorter = steps[:at] + steps[at + size :]
            if fails(shorter):
                steps = shorter
            else:
                at += size
        size = 1 if size > 1 and size // 2 == 0 else size // 2
    return steps


def script(world: World, steps: Sequence[Step]) -> str:
    """A failure as Python: what to run to see it."""
    lines = ["from tests.ruled_differential import *", "from sim.venue_rules import *", ""]
    lines += [f"pair = RuledPair({world!r})"]
    lines += [f"pair.feed({plain(step)!r})" for step in steps]
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """A step without enums, so that it prints as what can be typed."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(each) for each in value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def run_ruled(world: World, steps: Iterable[Step]) -> int:
    """Feed a whole stream to a pair; how many steps there were.

    Raises:
        Difference: With the shortest script found that shows it.
    """
    taken: list[Step] = []
    pair = RuledPair(world)
    for step in steps:
        taken.append(step)
        try:
            pair.feed(step)
        except Exception as error:  # cut down, then raised
            raise explain(world, taken, error) from error
    return len(taken)


def explain(world: World, steps: list[Step], error: Exception) -> Difference:
    """The failure cut down, with the script that shows it."""
    short = cut_down(steps, lambda some: first_difference(world, some) is not None)
    found = first_difference(world, short)
    reason = found[1] if found else f"not repeatable: {error}"
    return Difference(f"{reason}\n\n{script(world, short)}")
