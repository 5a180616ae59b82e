"""One tape row as a book reads it, and the refusal of one that contradicts the rows before it."""

from typing import NamedTuple

from market.codes import Kind, RowFlag, Side
from market.errors import BadRow


class Row(NamedTuple):
    """The columns of a tape row that a book reads."""

    kind: int
    side_flags: int
    handle: int
    price: int
    qty: int

    @property
    def side(self) -> Side:
        """The side of the order; of a print, the side of the aggressor."""
        return Side(self.side_flags & RowFlag.SELL)

    @property
    def adds(self) -> bool:
        """Whether it brings a new order."""
        return self.kind == Kind.ADD or (self.kind == Kind.REVEAL and self.qty > 0)


def require(condition: bool, row: Row, allowed: str) -> None:
    """Raise `BadRow` unless the condition holds."""
    if not condition:
        raise BadRow(f"{describe(row)}: {allowed}")


def describe(row: Row) -> str:
    """The row, for an error message."""
    name = Kind(row.kind).name if row.kind in list(Kind) else f"row of kind {row.kind}"
    return f"{name} handle={row.handle} side={row.side.name} price={row.price} qty={row.qty}"
