"""A journal that is in trouble, as its desk hears of it.

Model: what was on its way when trouble began may have left or not, so every order is in doubt. The gate
pauses everything, or goes to safe mode where only a new process can help; working orders are taken out
first, and then the venue is asked how all of them stand. When trouble has passed, whatever is still in
doubt is asked about again.
"""

from collections.abc import Sequence

from desk.gate import Gate
from desk.outbox import Outbox
from desk.picture import Picture
from market.messages import EVERY, Inbound, StoreStatus


class Trouble:
    """Takes word of the journal.

    Args:
        keys: Every strategy in every book that it trades.
    """

    def __init__(self, gate: Gate, picture: Picture, out: Outbox, keys: Sequence[int]) -> None:
        self._gate = gate
        self._picture = picture
        self._out = out
        self._keys = keys

    def take(self, status: Inbound, now_ns: int) -> Sequence[int]:
        """How the journal stands now."""
        assert type(status) is StoreStatus
        if status.trouble:
            self._picture.doubt(now_ns)
        for action in self._gate.journal(status.trouble, now_ns):
            self._out.act(action, now_ns)
        self._out.ask(self._picture.unknown(EVERY), now_ns)
        return self._keys
