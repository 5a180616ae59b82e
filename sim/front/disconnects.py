"""Cancel on disconnect: what a venue does with the orders of a session that it has lost.

Model: when a session goes down, a sweep of its orders falls due, at once or after a grace time; a session
that is back before that keeps them. A policy says which orders the sweep does not cover, and every order
that is left has a `Spared` that says why. What the venue would not let go even if it were asked (orders
in a call that is frozen, phases without cancels) stays too; with `deferred` these very orders go as soon
as they may, even if the session is back by then. Afterwards the session may have to stay away for a
while, in which its commands are refused with DISCONNECTED.

Order of events: as for a mass cancel, by book, then by order id; each ends with reason DISCONNECTED.

Limits: a venue notices the loss of a session by a missed heartbeat, some seconds late; that delay is the
caller's, who says when a session is down. A policy is the default of its venue or one that members may
choose, not everything that each venue can be asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from market.codes import Phase, Reason, TimeInForce
from market.errors import InputError
from market.refusals import Refusal
from market.units import DURATION_NS, DURATION_NS_MAX
from sim.front.ending import Ending
from sim.front.scopes import MayCancel, Standing, sweep_all

_AUCTIONS: Final = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.AUCTION)
_LONG: Final = (TimeInForce.GTC, TimeInForce.GTD)


class Spared(IntEnum):
    """Why the loss of a session leaves an order alone."""

    OTHER_SESSION = 0
    ORDER = 1
    QUOTE = 2
    TIF = 3
    PHASE = 4
    REFUSED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectPolicy:
    """What the loss of a session covers.

    Attributes:
        enabled: Whether anything is cancelled at all.
        on_logout: Whether it makes no difference that the session said goodbye.
        orders: Whether orders that are no quotes are covered.
        quotes: Whether quotes are.
        spared_tifs: Orders of these times in force are left; quotes are not asked for theirs.
        spared_phases: Orders in books in these phases are left.
        all_of_owner: Whether the owner's other sessions lose their orders too.
        grace_ns: The session may come back within this time.
        deferred: Whether what may not be cancelled now is cancelled as soon as it may.
        lock_ns: How long the session has to stay away after the sweep.
        source: Who says so.
    """

    enabled: bool = True
    on_logout: bool = False
    orders: bool = True
    quotes: bool = True
    spared_tifs: tuple[TimeInForce, ...] = ()
    spared_phases: tuple[Phase, ...] = ()
    all_of_owner: bool = False
    grace_ns: int = 0
    deferred: bool = False
    lock_ns: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("grace_ns", "lock_ns"):
            if not 0 <= getattr(self, name) <= DURATION_NS_MAX:
                raise InputError(
                    f"cancel on disconnect {name}: found {getattr(self, name)}, "
                    f"allowed is 0 to {DURATION_NS_MAX}"
                )

    def spares(self, order: Standing, phase: Phase) -> Spared | None:
        """Why an order of the lost session is left; None when it is covered."""
        if not (self.quotes if order.is_quote else self.orders):
            return Spared.QUOTE if order.is_quote else Spared.ORDER
        if order.tif in self.spared_tifs and not order.is_quote:
            return Spared.TIF
        return Spared.PHASE if phase in self.spared_phases else None


POLICIES: Final[dict[str, DisconnectPolicy]] = {
    "none": DisconnectPolicy(enabled=False, source="a venue that leaves everything"),
    "cme": DisconnectPolicy(
        spared_tifs=_LONG, source="CME Globex, Cancel on Disconnect: GTC and GTD orders stay"
    ),
    "cme_all": DisconnectPolicy(
        spared_phases=(Phase.CLOSED,), source="CME and CFE, option All: orders of closed books stay"
    ),
    "cfe_day": DisconnectPolicy(
        spared_tifs=_LONG, spared_phases=(Phase.CLOSED,), source="CME and CFE, option Day"
    ),
    "tsx": DisconnectPolicy(
        spared_tifs=(*_LONG, TimeInForce.AT_CLOSE),
        spared_phases=(Phase.HALT,),
        source="TMX: duration and on-close orders stay, and those of inhibited stocks",
    ),
    "jpx": DisconnectPolicy(
        deferred=True,
        lock_ns=10 * DURATION_NS["s"],
        source="JPX: what a halt keeps is cancelled when orders are taken again; ten seconds away",
    ),
    "lse": DisconnectPolicy(
        on_logout=True, spared_tifs=_LONG, source="LSE, as vendors set it: all but GTC and GTD go"
    ),
    "cboe_continuous": DisconnectPolicy(
        spared_tifs=_AUCTIONS,
        source="Cboe, from memory: the continuous book goes, auction orders stay",
    ),
    "cboe_all": DisconnectPolicy(source="Cboe Europe, default option: auction orders go as well"),
    "eurex": DisconnectPolicy(
        on_logout=True,
        spared_tifs=_LONG,
        source="Eurex: non-persistent orders and all quotes go; here GTC and GTD are the persistent ones",
    ),
    "deribit": DisconnectPolicy(
        source="Deribit: all of the connection's, but not after a logout; other connections' stay"
    ),
    "quotes": DisconnectPolicy(
        on_logout=True, orders=False, source="an options venue that pulls quotes and nothing else"
    ),
}
"""Policies by name; what each does not cover stands in its fields."""


class Loss(NamedTuple):
    """What the loss of a session does to orders.

    Attributes:
        ended: Those that go, in this order.
        spared: Those that stay, and why.
    """

    ended: tuple[Ending, ...]
    spared: tuple[tuple[int, Spared], ...]


class Disconnects:
    """Which sessions of a venue are down, and when their orders fall due.

    Args:
        policy: Of the venue.
    """

    def __init__(self, policy: DisconnectPolicy) -> None:
        self.policy = policy
        self._due_ns: dict[int, int] = {}
        self._locked_until_ns: dict[int, int] = {}
        self._deferred: dict[int, Standing] = {}

    def down(self, session: int, now_ns: int, *, logout: bool = False) -> int | None:
        """A session is lost, or says goodbye; when its sweep is due, None when there is none.

        A session that is down already keeps the time of the first loss.
        """
        if not self.policy.enabled or (logout and not self.policy.on_logout):
            return None
        return self._due_ns.setdefault(session, now_ns + self.policy.grace_ns)

    def up(self, session: int) -> None:
        """A session is back; if its sweep has not come, it does not come any more."""
        self._due_ns.pop(session, None)

    def next_ns(self) -> int | None:
        """When the next sweep is due; None when none is."""
        return min(self._due_ns.values(), default=None)

    def due(self, now_ns: int) -> tuple[int, ...]:
        """Sessions whose sweep is due, by time, then by number; each is named once.

        They stay away for as long as the policy says, beginning now.
        """
        found = sorted((due, session) for session, due in self._due_ns.items() if due <= now_ns)
        for _, session in found:
            del self._due_ns[session]
            if self.policy.lock_ns:
                self._locked_until_ns[session] = now_ns + self.policy.lock_ns
        return tuple(session for _, session in found)

    def refusal(self, session: int, now_ns: int) -> Refusal | None:
        """Why a session is not heard yet; None when it is."""
        until_ns = self._locked_until_ns.get(session, now_ns)
        return Refusal(Reason.DISCONNECTED, until_ns) if now_ns < until_ns else None

    def sweep(
        self, session: int, owner: int, orders: Iterable[Standing], phases: dict[int, Phase],
        may_cancel: MayCancel,
    ) -> Loss:  # fmt: skip
        """What goes with a lost session.

        Args:
            session: That is lost.
            owner: Whose it is; 0 for nobody's.
            orders: All that have not ended and are this session's or this owner's.
            phases: Of each book, by number.
            may_cancel: Asked about each order that is covered.
        """
        spared: list[tuple[int, Spared]] = []
        covered: list[Standing] = []
        for order in orders:
            mine = order.session == session or (
                self.policy.all_of_owner and owner > 0 and order.owner == owner
            )
            why = self.policy.spares(order, phases[order.book_id]) if mine else Spared.OTHER_SESSION
            if why is None:
                covered.append(order)
            else:
                spared.append((order.order_id, why))
        found = sweep_all(covered, Reason.DISCONNECTED, may_cancel)
        spared += [(order_id, Spared.REFUSED) for order_id, _ in found.kept]
        if self.policy.deferred:
            kept = {order_id for order_id, _ in found.kept}
            self._deferred |= {o.order_id: o for o in covered if o.order_id in kept}
        return Loss(found.ended, tuple(sorted(spared)))

    def retry(self, may_cancel: MayCancel) -> tuple[Ending, ...]:
        """Deferred orders that may go now, and do; to be asked when a book's phase changes."""
        found = sweep_all(self._deferred.values(), Reason.DISCONNECTED, may_cancel)
        for ending in found.ended:
            del self._deferred[ending.order_id]
        return found.ended

    def on_end(self, order_id: int) -> None:
        """An order has ended: nothing that was put off is left to do about it."""
        self._deferred.pop(order_id, None)
