"""Tick-size tables: the smallest step of a price, by where the price lies.

Model: a table is a list of ranges, each from a price on with a tick; a price is on the grid when it
is a multiple of its range's tick. Every range begins on the grid of both its neighbors, so stepping
up or down never gets stuck at a boundary.

The European table (RTS 11) has a column for each band of average daily trades; its ticks go
1, 2, 5, 10, … and a row further down or a column further left is one step coarser. Its units are
hundredths of a cent, and so are those of the American one, where stocks below a dollar trade finer.

Prices are integer units, not below zero.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from market.errors import InputError

UNITS: Final = 10_000
"""Units of one currency unit in the tables of this file."""


@dataclass(frozen=True, slots=True)
class TickTable:
    """Where ranges begin, ascending from 0, and the tick of each, all in units."""

    starts: tuple[int, ...]
    ticks: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.starts or self.starts[0] != 0 or list(self.starts) != sorted(set(self.starts)):
            raise InputError(f"tick table: found starts {self.starts}, must ascend from 0")
        if len(self.ticks) != len(self.starts) or min(self.ticks) <= 0:
            raise InputError(
                f"tick table: found ticks {self.ticks}, must be one > 0 for each start"
            )
        for index, start in enumerate(self.starts[1:], 1):
            if start % self.ticks[index] or start % self.ticks[index - 1]:
                raise InputError(
                    f"tick table: found {start} as a start, must be a multiple of the ticks "
                    f"{self.ticks[index - 1]} and {self.ticks[index]} around it"
                )

    def tick_at(self, price: int) -> int:
        """The tick of the range that a price lies in."""
        assert price >= 0
        return self.ticks[bisect_right(self.starts, price) - 1]

    def is_on_grid(self, price: int) -> bool:
        """Whether an order may have this price."""
        return price % self.tick_at(price) == 0

    def floor(self, price: int) -> int:
        """The highest price of the grid that is not above."""
        return price - price % self.tick_at(price)

    def ceil(self, price: int) -> int:
        """The lowest price of the grid that is not below."""
        return price + -price % self.tick_at(price)

    def step_up(self, price: int) -> int:
        """The next price of the grid above."""
        below = self.floor(price)
        return below + self.tick_at(below)

    def step_down(self, price: int) -> int:
        """The next price of the grid below; `price` > 0."""
        assert price > 0
        return self.floor(price - 1)


def _series(count: int) -> tuple[int, ...]:
    """The first numbers of 1, 2, 5, 10, 20, 50, and so on."""
    return tuple((1, 2, 5)[index % 3] * 10 ** (index // 3) for index in range(count))


RTS11_TRADES_FROM: Final = (0, 10, 80, 600, 2_000, 9_000)
"""Average daily trades at which each column of the European table begins."""

RTS11_STARTS: Final = (0, *(step * UNITS // 10 for step in _series(18)))
"""0, then 0.1, 0.2, 0.5, 1 … 50,000."""

_COARSEST_FIRST_ROW: Final = 2  # 0.0005 in the column of the least traded

RTS11: Final = tuple(
    TickTable(
        RTS11_STARTS,
        tuple(
            _series(len(RTS11_STARTS) + _COARSEST_FIRST_ROW)[
                max(0, row + _COARSEST_FIRST_ROW - column)
            ]
            for row in range(len(RTS11_STARTS))
        ),
    )
    for column in range(len(RTS11_TRADES_FROM))
)
"""One table a column, the least traded first."""

US_EQUITY: Final = TickTable((0, UNITS), (1, UNITS // 100))
"""A hundredth of a cent below one dollar, a cent from there on."""


def rts11_table(trades_a_day: int) -> TickTable:
    """The European table of a stock by its average daily number of trades."""
    if trades_a_day < 0:
        raise InputError(f"average daily trades: found {trades_a_day}, must be >= 0")
    return RTS11[bisect_right(RTS11_TRADES_FROM, trades_a_day) - 1]
