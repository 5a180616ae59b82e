"""A run without an end forgets orders that nobody can ask about any more.

Model: every `every_ns` each host's desk and its venue are looked at: an order that has ended at both, and had at
the look before, is forgotten where it would otherwise stay for good. That is an event of the run like any
other, so a run that forgets is repeated as exactly as one that does not.

Limits: what was forgotten cannot be busted or corrected any more, and a question about it is answered as one
about a stranger's order: the look before last is the least time that is left for either. A host without a
desk forgets nothing.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scenarios.build import Assembly

EVERY_NS: Final = 60_000_000_000


class Forgetting:
    """Forgets for a whole run.

    Args:
        assembly: Of the run.
        every_ns: From one look to the next.

    Attributes:
        count: Orders that were forgotten.
    """

    def __init__(self, assembly: "Assembly", every_ns: int = EVERY_NS) -> None:
        self.count = 0
        self._assembly = assembly
        self._every_ns = every_ns
        self._ended: set[int] = set()
        assembly.clock.at(assembly.start_ns + every_ns, self._look)

    def _look(self, _: object) -> None:
        assembly = self._assembly
        gone: dict[int, list[int]] = {}
        ended: set[int] = set()
        for order_id, order in assembly.venue.orders.items():
            number = order.session.host
            if order.alive or not self._is_known_ended(number, order_id):
                continue
            if order_id in self._ended:
                gone.setdefault(number, []).append(order_id)
            else:
                ended.add(order_id)
        self._ended = ended
        for number, order_ids in gone.items():
            self.count += len(order_ids)
            assembly.venue.forget(order_ids)
            assembly.member_of(number).forget(order_ids)
            assembly.hosts[number].forget(order_ids)
        assembly.clock.at(assembly.clock.now_ns + self._every_ns, self._look)

    def _is_known_ended(self, number: int, order_id: int) -> bool:
        """Whether the desk that sent it knows that it has ended."""
        desk = self._assembly.desks.get(number)
        if desk is None:
            return False
        order = desk.orders.data.orders.get(order_id)
        return order is None or order.ended
