"""No fill is lost or counted twice, and three parties that count come to the same.

What the venue's answers say is summed here, keyed by order and number of the fill, and held against the
venue's own accounts: two counts that share nothing. Then the desk in charge is held against the venue.
"""

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import History, OrderStory
from market.codes import ReportType
from sim.recorder import Event, EventKind

Fills = dict[int, tuple[int, int]]
"""Price and lots of each fill that stands, by its number."""


def standing(story: OrderStory) -> tuple[Fills, list[Event]]:
    """Fills of an order that stand, and answers that say a fill of one number twice."""
    fills: Fills = {}
    seen: set[int] = set()
    twice = []
    for one in story.answers:
        if one.detail == ReportType.FILLED:
            if one.exec_id in seen:
                twice.append(one)
            seen.add(one.exec_id)
            fills[one.exec_id] = one.price_ticks, one.qty_lots
        elif one.detail == ReportType.BUSTED:
            fills.pop(one.exec_id, None)
        elif one.detail == ReportType.CORRECTED and one.exec_id in fills:
            fills[one.exec_id] = one.price_ticks, one.qty_lots
    return fills, twice


def no_fill_lost_or_doubled(history: History) -> Finding:
    """I-POS-1."""
    finding = Finding()
    sums: dict[tuple[int, int], int] = {}
    for story in history.stories():
        fills, twice = standing(story)
        for one in twice:
            finding.broken(
                one.time_ns, f"the venue said fill {one.exec_id} of {one.order_id} twice", one
            )
        lots = sum(qty for _, qty in fills.values())
        if lots:
            key = story.member, story.book_id
            sums[key] = sums.get(key, 0) + story.side.sign * lots
    for key, account in history.accounts.items():
        finding.expect(
            sums.get(key, 0) == account.position_lots,
            history.end_ns,
            f"{history.name(key[0])} in book {key[1]}: fills that stand sum to {sums.get(key, 0)}, "
            f"the venue's account holds {account.position_lots}",
        )
    for host, book_id in _in_charge(history):
        venue = history.accounts.get((history.member(host), book_id))
        own = history.own[host, book_id]
        if venue is None:
            finding.expect(
                own.position_lots == 0,
                history.end_ns,
                f"{history.name(host)} in book {book_id}: holds {own.position_lots} lots without a fill",
            )
            continue
        late = _under_way(history, history.member(host), book_id)
        same = (own.position_lots, own.cash) == (venue.position_lots, venue.cash - venue.fee)
        finding.expect(
            same or bool(late),
            history.end_ns,
            f"{history.name(host)} in book {book_id}: its ledger holds {own.position_lots} lots and "
            f"cash {own.cash}, the venue's {venue.position_lots} and {venue.cash - venue.fee}",
            *_unheard(history, host, book_id),
        )
    return finding


def _in_charge(history: History) -> list[tuple[int, int]]:
    """Hosts with a desk that speak for their member at the end, with each book."""
    down = history.looks[-1].down if history.looks else frozenset()
    return [
        key
        for key in history.own
        if key[0] not in down
        and key[0] not in history.idle
        and history.in_charge(key[0], history.end_ns)
    ]


def _under_way(history: History, member: int, book_id: int) -> list[Event]:
    """Fills that the venue said so late that they may still be on their way."""
    horizon_ns = history.end_ns - history.limits.link_ns
    return [
        one
        for story in history.stories(member)
        if story.book_id == book_id
        for one in story.answers
        if one.exec_id and one.time_ns > horizon_ns
    ]


def _unheard(history: History, host: int, book_id: int) -> list[Event]:
    """Fills, busts and corrections that a host has never received: why its figures may differ."""
    member = history.member(host)
    found = []
    for story in history.stories(member):
        if story.book_id != book_id:
            continue
        heard = {(one.detail, one.exec_id) for one in story.received}
        found += [
            one for one in story.answers if one.exec_id and (one.detail, one.exec_id) not in heard
        ]
    return found


def three_way_match(history: History) -> Finding:
    """I-POS-2: what one of desk and drop copy has not heard of is noticed in time."""
    finding = Finding()
    if not history.of(EventKind.DROP_COPY):
        return finding
    bound_ns = history.limits.match_ns
    alerts = [one.time_ns for one in history.of(EventKind.ALERT)]
    copied = {story.member for story in history.stories() if story.copies}
    until_ns = _reader_dies(history)
    for story in history.stories():
        if story.member not in copied:
            continue
        desk = _first_heard(story.received)
        copy = _first_heard(story.copies)
        for one in story.answers:
            if not one.exec_id:
                continue
            key = one.detail, one.exec_id
            times = [heard[key] for heard in (desk, copy) if key in heard]
            if not times or max(times) + bound_ns > min(history.end_ns, until_ns):
                continue
            known_ns = min(times)
            late_ns = max(times) - known_ns if len(times) == 2 else bound_ns + 1
            noticed = any(known_ns <= at_ns <= max(times) + bound_ns for at_ns in alerts)
            finding.expect(
                late_ns <= bound_ns or noticed,
                known_ns,
                f"order {one.order_id}, fill {one.exec_id}: only "
                f"{'the desk' if key in desk else 'the drop copy'} heard of it, and nobody noticed",
                one,
            )
    return finding


def _reader_dies(history: History) -> int:
    """When a reader of the drop copy dies; what is not copied any more is not matched."""
    readers = {one.host for one in history.of(EventKind.DROP_COPY)}
    deaths = [one.time_ns for one in history.of(EventKind.CRASHED) if one.host in readers]
    return min(deaths, default=history.end_ns)


def _first_heard(events: list[Event]) -> dict[tuple[int, int], int]:
    """When each fill, bust or correction was heard of first."""
    heard: dict[tuple[int, int], int] = {}
    for one in events:
        if one.exec_id:
            heard.setdefault((one.detail, one.exec_id), one.time_ns)
    return heard


INVARIANTS = (
    Invariant(
        "I-POS-1",
        InvariantKind.LIVENESS,
        "No lost or duplicated fill: positions and cash are the fills of the venue's ledger, each once.",
        "fill_in_doubt",
        no_fill_lost_or_doubled,
    ),
    Invariant(
        "I-POS-2",
        InvariantKind.BOUNDED,
        "Desk, drop copy and venue agree, or a difference is noticed in time.",
        "report_missed",
        three_way_match,
    ),
)
