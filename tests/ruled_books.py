"""The implementations of a book with rules, behind one protocol, and their dumps made readable.

Every test of the rules runs on each implementation that there is. The compiled one comes in through
`tests/ruled_kernel.py`, whose `KernelBook` has the constructor and the methods of `RuledBook`.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

from market.codes import Phase
from market.messages import NO_PRICE
from sim.reference import Outcome
from sim.reference.ruled import RuledBook


class RuledLike(Protocol):
    """What a book with rules can do; `sim.reference.ruled.RuledBook` says it in full."""

    def apply(
        self, *, kind: int, side_flags: int, handle: int, price: int, qty: int
    ) -> Outcome: ...
    def submit(self, order_id: int, **fields: Any) -> Outcome: ...
    def cancel(self, order_id: int) -> Outcome: ...
    def expire(self, order_id: int, reason: int) -> Outcome: ...
    def replace(self, order_id: int, *, price_ticks: int, qty_lots: int) -> Outcome: ...
    def set_phase(self, phase: int) -> Outcome: ...
    def set_band(self, low_ticks: int | None, high_ticks: int | None) -> Outcome: ...
    def set_reference(self, x2_ticks: int | None) -> Outcome: ...
    def follow(self) -> Outcome: ...
    def dump(self) -> list[int]: ...
    def digest(self) -> str: ...
    def check_invariants(self) -> None: ...


def implementations() -> dict[str, Any]:
    """The classes to test, by name."""
    found: dict[str, Any] = {"reference": RuledBook}
    if find_spec("tests.ruled_kernel") is not None:
        found["kernel"] = import_module("tests.ruled_kernel").KernelBook
    return found


IMPLEMENTATIONS: Final = implementations()


@dataclass(frozen=True)
class Resting:
    """An order in a displayed level: own ones by their id, others by ("tape" or "moved", handle)."""

    name: object
    live: int
    tape: int


@dataclass(frozen=True)
class Picture:
    """A dump, taken apart.

    Attributes:
        levels: For each side, (price, shown, orders) from best to worst.
        waiting: For each side, (order_id, open) of the market queue.
        dark: For each side, (order_id, price_x2, open, minimum).
        dormant: (order_id, open, trigger_x2).
        reserves: What stands behind the peak of each displayed iceberg, by order_id.
    """

    phase: Phase
    levels: tuple[list[tuple[int, int, list[Resting]]], ...]
    waiting: tuple[list[tuple[int, int]], ...]
    spent: dict[int, int]
    void: int
    expired_lots: int
    diverged: int
    moved: int
    reference_x2: int | None
    band: tuple[int | None, int | None]
    crossed: bool
    looked: tuple[int, int] | None
    dark: tuple[list[tuple[int, int, int, int]], ...]
    dormant: list[tuple[int, int, int]]
    reserves: dict[int, int]

    def own_lots(self) -> dict[int, int]:
        """What every order of ours has open, wherever it is."""
        found = {
            order.name: order.live + self.reserves.get(order.name, 0)
            for side in self.levels
            for _, _, orders in side
            for order in orders
            if isinstance(order.name, int)
        }
        for places in (*self.waiting, [each[:2] for each in self.dormant]):
            found.update(dict(places))
        for side in self.dark:
            found.update({order_id: lots for order_id, _, lots, _ in side})
        return found


class Reader:
    """Takes numbers from a dump, one after the other."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.at = 0

    def one(self) -> int:
        self.at += 1
        return self.numbers[self.at - 1]

    def some(self, width: int) -> list[tuple[int, ...]]:
        """A counted list of tuples."""
        return [tuple(self.one() for _ in range(width)) for _ in range(self.one())]


def name_of(word: int) -> object:
    """Whose order a name in a dump is."""
    number, sort = divmod(word, 4)
    return number if sort == 1 else ("tape" if sort == 0 else "moved", number)


def own_name(word: int) -> int:
    """The id of an own order."""
    assert word % 4 == 1
    return word // 4


def picture(numbers: list[int]) -> Picture:
    """A dump, taken apart; every number must be used."""
    take = Reader(numbers)
    phase = Phase(take.one())
    levels: tuple[list[Any], ...] = ([], [])
    waiting: tuple[list[Any], ...] = ([], [])
    for side in (0, 1):
        for _ in range(take.one()):
            price, shown = take.one(), take.one()
            orders = [Resting(name_of(word), live, tape) for word, live, tape in take.some(3)]
            levels[side].append((price, shown, orders))
        waiting[side].extend((own_name(word), lots) for word, lots in take.some(2))
    spent = dict(take.some(2))
    void, expired_lots, diverged, moved = (take.one() for _ in range(4))
    reference, low, high, crossed, bid, ask = (take.one() for _ in range(6))
    dark: tuple[list[Any], ...] = ([], [])
    for side in (0, 1):
        dark[side].extend((own_name(word), *rest) for word, *rest in take.some(4))
    dormant = [(own_name(word), lots, trigger) for word, lots, trigger in take.some(3)]
    reserves = {own_name(word): lots for word, lots in take.some(2)}
    assert take.at == len(numbers)
    return Picture(
        phase=phase,
        levels=levels,
        waiting=waiting,
        spent={int(handle): tape for handle, tape in spent.items()},
        void=void,
        expired_lots=expired_lots,
        diverged=diverged,
        moved=moved,
        reference_x2=None if reference == NO_PRICE else reference,
        band=(None if low == NO_PRICE else low, None if high == -NO_PRICE else high),
        crossed=bool(crossed),
        looked=None if bid == NO_PRICE else (bid, ask),
        dark=dark,
        dormant=dormant,
        reserves=reserves,
    )
