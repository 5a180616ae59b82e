"""Going on in another desk's place: ids that cannot have been used, and orders that nobody here sent.

Model: a replica may lag behind the desk that it copies. What that desk did in between is not known here, but
it can be bounded: its ids, by leaving out more than it can have used; its orders, by asking the venue.
An order that was found so is at risk at once, is asked to be cancelled, and is in doubt until the venue has said how it stands;
meanwhile nothing is added in its book.

Limits: nobody knows any more on whose behalf a found order was sent; it counts for the first strategy that
trades its book.
"""

from collections.abc import Callable, Sequence
from typing import Final

from desk.config import DeskConfig
from desk.outbox import Outbox
from desk.picture import Picture
from market.decisions import Cause
from market.messages import Inbound
from market.succession import Adopted, Promoted

NOTHING: Final[tuple[int, ...]] = ()


class Succession:
    """Takes what is said to a desk that takes over.

    Args:
        config: Of the desk.
    """

    def __init__(self, config: DeskConfig, picture: Picture, out: Outbox) -> None:
        self._config = config
        self._picture = picture
        self._out = out

    def takes(self) -> dict[type, Callable[[Inbound, int], Sequence[int]]]:
        """What it takes, by the type of the message."""
        return {Promoted: self.promoted, Adopted: self.adopted}

    def promoted(self, message: Inbound, _now_ns: int) -> Sequence[int]:
        """This desk speaks from now on."""
        assert type(message) is Promoted
        known = self._picture.orders.data
        known.sequence = max(known.sequence, message.sequence)
        return NOTHING

    def adopted(self, message: Inbound, now_ns: int) -> Sequence[int]:
        """An order was found: it is ours, in doubt, and has to go."""
        assert type(message) is Adopted
        strategy = self._strategy_of(message.book_id)
        if self._picture.orders.get(message.order_id) is not None:
            return NOTHING
        order = self._picture.adopt(message, strategy, now_ns)
        self._out.pull(order, Cause(strategy=strategy), now_ns)
        self._out.ask([order], now_ns)
        return NOTHING

    def _strategy_of(self, book_id: int) -> int:
        """The first strategy that trades a book."""
        numbers = (
            number for number, one in enumerate(self._config.strategies) if book_id in one.books
        )
        return next(numbers, 0)
