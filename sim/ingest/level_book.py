"""Dense handles for the levels of an L2 source.

**Model.** A level is a price of one side while its quantity is above zero. It owns a small number
from its first quantity to the message that removes it; the last number freed is the next one given,
so numbers stay few and a replay's arrays stay warm.
"""

from market.codes import Side
from market.columns import HANDLES_MAX
from market.errors import InputError

VOID = -1


class LevelBook:
    """Which levels live, under which handles."""

    def __init__(self) -> None:
        self._handles: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._free: list[int] = []
        self._next = 0
        self.handle_count = 0

    def put(self, side: int, price: int, qty: int) -> int:
        """Set a level's quantity; its handle, or VOID for the removal of a level that is not there.

        Args:
            side: `Side`.
            price: In any integer unit.
            qty: The new total, 0 to remove.
        """
        levels = self._handles[side]
        if qty == 0:
            handle = levels.pop(price, VOID)
            if handle != VOID:
                self._free.append(handle)
            return handle
        found = levels.get(price)
        if found is None:
            found = levels[price] = self._take()
        return found

    def clear(self) -> None:
        """Forget every level and give out handles from 0 again."""
        for side in Side:
            self._handles[side].clear()
        self._free.clear()
        self._next = 0

    def _take(self) -> int:
        if self._free:
            return self._free.pop()
        if self._next == HANDLES_MAX:
            raise InputError(f"found over {HANDLES_MAX} levels in one book, allowed fewer")
        self._next += 1
        self.handle_count = max(self.handle_count, self._next)
        return self._next - 1
