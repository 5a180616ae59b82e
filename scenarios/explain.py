"""Why this order, and what became of it: from a desk's journal alone, in words.

Model: the journal says in which event an order left and why (`Cause`): the signal, the permit with its
rooms, the size with every factor, the parent, the child. Later events about the order say what the limits
refused of it, what the venue answered and what filled. Nothing is replayed, and neither the scenario nor
the tape is needed; `twin reconstruct` is for what the desk knew beside that.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from desk.journal.records import Event
from desk.journal.rows import concerns, words
from desk.router import RouterFactor
from desk.router.scores import Blocked
from desk.sizing_models import FactorKind, explain_parts, from_pairs
from market.codes import ReportType
from market.decisions import Caused, Decision, Route, Sized
from market.errors import InputError
from market.messages import Cancel, Query, Replace, Report, Submit
from scenarios.run_journal import JOURNAL_SUFFIX

PLAIN: Final = ("full_lots", "volatility_year", "strength", "confidence", "regime_scale")
"""Names that the plain models give their factors."""

COST_CAP: Final = "cost_cap_lots"
"""What a loop of costs adds to the factors of either model, when it decides."""

PARTS: Final = 5
"""So many factors are told of each venue."""

FILLS: Final = (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED)


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """An order's whole story, each part in words.

    Attributes:
        journal: The file.
        seq: The record in which it was sent.
        cause: What came in and made the desk send it.
        signal: What the strategy wanted.
        permit: What the gate allowed.
        size: One line for each factor and cap, then what came of them.
        route: Every venue that was compared, best first, with what counted most.
        parent: The parent that it is a child of.
        child: The order as it left.
        later: Commands about it that left later.
        limits: What the last check refused of it.
        reports: What the venue answered but for fills.
        fills: What was filled, busted or corrected.
    """

    order_id: int
    journal: str
    seq: int
    now_ns: int
    cause: str
    signal: str
    permit: str
    size: list[str]
    route: list[str]
    parent: str
    child: str
    later: list[str]
    limits: list[str]
    reports: list[str]
    fills: list[str]


def explain_order(run: Path, order_id: int) -> Explanation:
    """Find an order in a run's journals, or in one journal, and tell its story.

    Args:
        run: The run's folder, or a journal's file.
        order_id: The order.

    Raises:
        InputError: There is no journal, it is damaged, or no desk of it ever sent that order.
    """
    paths = sorted(run.glob(f"*{JOURNAL_SUFFIX}")) if run.is_dir() else [run]
    if not paths:
        raise InputError(f"{run}: found no journal, allowed is a run with a desk, or a journal")
    for path in paths:
        reader = Reader(map_file(path), where=str(path))
        found = _story(path, reader, order_id)
        reader.check()
        if found is not None:
            return found
    raise InputError(f"{run}: found no order {order_id}, allowed is one that a desk of it sent")


def _events(reader: Reader, order_id: int) -> Iterator[tuple[int, int, Event]]:
    """Number, time and content of each event about an order."""
    for record in reader:
        if record.type is RecordType.EVENT:
            event = event_in(record)
            if concerns(event, order_id):
                yield record.seq, record.now_ns, event


def _story(path: Path, reader: Reader, order_id: int) -> Explanation | None:
    """The order's events, put under their headings."""
    first: tuple[int, int, Event, Caused] | None = None
    later: list[str] = []
    limits: list[str] = []
    reports: list[str] = []
    fills: list[str] = []
    for seq, now_ns, event in _events(reader, order_id):
        message = event.message
        if isinstance(message, Report) and message.order_id == order_id:
            told = fills if message.type in FILLS else reports
            told.append(f"{now_ns}: {words(message)}")
        for caused in event.commands:
            command = caused.command
            if isinstance(command, Submit) and command.order_id == order_id:
                first = seq, now_ns, event, caused
            elif isinstance(command, Cancel | Replace | Query) and command.order_id == order_id:
                later.append(f"{now_ns}: {words(command)}")
        limits += [
            f"{now_ns}: {words(refusal)}"
            for refusal in event.refusals
            if getattr(refusal.command, "order_id", 0) == order_id
        ]
    if first is None:
        return None
    seq, now_ns, event, caused = first
    cause = caused.cause
    decision = _decision(event, caused)
    return Explanation(
        order_id=order_id,
        journal=str(path),
        seq=seq,
        now_ns=now_ns,
        cause="start" if event.message is None else words(event.message),
        signal="" if decision is None else f"{decision.signal_id}: {words(decision.signal)}",
        permit="" if decision is None or decision.permit is None else words(decision.permit),
        size=_size(event, caused),
        route=_route(event, caused),
        parent=f"{cause.parent_id} of strategy {cause.strategy}",
        child=words(caused.command),
        later=later,
        limits=limits,
        reports=reports,
        fills=fills,
    )


def _decision(event: Event, caused: Caused) -> Decision | None:
    """What was decided about the signal that the order stems from."""
    cause = caused.cause
    return next(
        (
            one
            for one in event.decisions
            if (one.strategy, one.signal_id) == (cause.strategy, cause.signal_id)
            and one.permit is not None
            and one.permit.permit_id == cause.permit_id
        ),
        None,
    )


def _size(event: Event, caused: Caused) -> list[str]:
    """The size of the signal; where the gate was asked twice, it stands beside the first answer."""
    for one in event.decisions:
        is_same = (one.strategy, one.signal_id) == (caused.cause.strategy, caused.cause.signal_id)
        if is_same and one.sized is not None:
            return size_in_words(one.sized)
    return []


def _route(event: Event, caused: Caused) -> list[str]:
    """The venues that an order's own was chosen from; none where there was no choice."""
    for one in event.decisions:
        is_same = (one.strategy, one.signal_id) == (caused.cause.strategy, caused.cause.signal_id)
        if is_same and one.route is not None:
            return route_in_words(one.route)
    return []


def route_in_words(route: Route) -> list[str]:
    """What was to be placed, then each venue with its lots and the factors that counted most."""
    verb = "take" if route.takes else "let rest"
    lines = [f"{route.mode}: {verb} {route.total_lots} lots"]
    for venue in route.venues:
        told = [f"book {venue.book_id}: {venue.lots} of {venue.room_lots} lots"]
        if venue.blocked:
            told.append(Blocked(venue.blocked).name)
        told.append(f"score {venue.score_micro / 1e6:+.3f} ppb")
        parts = sorted(venue.parts, key=lambda part: -abs(part[1]))[:PARTS]
        for factor, part in parts:
            name = RouterFactor(factor)
            found = venue.facts[list(RouterFactor).index(name)]
            told.append(f"{name.field} {found} ({part / 1e6:+.3f})")
        lines.append(", ".join(told))
    return lines


def size_in_words(sized: Sized) -> list[str]:
    """Every factor of a size, and what came of them."""
    pairs = tuple(pair for pair in sized.factors if pair[0] != COST_CAP)
    if not pairs or {name for name, _ in pairs} <= set(PLAIN):
        lines = [f"{name} {value}" for name, value in pairs]
    else:
        factors, caps = from_pairs(pairs)
        is_whole = factors[0].kind in (FactorKind.LOTS, FactorKind.EQUITY)
        lines = explain_parts(factors, caps, abs(sized.position_lots), is_whole=is_whole)
    lines += [
        f"≤ {lots} lots by what they would cost  decides"
        for name, lots in sized.factors
        if name == COST_CAP
    ]
    if sized.bid_lots or sized.ask_lots:
        return [*lines, f"= show {sized.bid_lots} lots to buy, {sized.ask_lots} to sell"]
    return [*lines, f"= reach {sized.position_lots} lots"]
