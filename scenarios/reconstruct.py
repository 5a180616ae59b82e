"""Why was this order sent? The market and the desk as they stood, from a run's journal and tape alone.

Model: the journal says in which event the order left. Everything before that event is replayed into a
desk of the same configuration (`desk.recovery`), which then *is* the desk of that moment; the event's
own record says what was believed, what the gate allowed, what size came of it and under which parent.
The market is shown twice: as the desk saw it, and as the venue's book stood at the same venue time,
replayed from the tape.

Limits: a run on a generated flow has no tape; its venue book is not shown, and the answer says so.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from bridge.stores import map_file
from desk.desk_data import DeskData, EventLog
from desk.journal import Reader, RecordType, event_in
from desk.journal.records import Event, Record, header_in
from desk.pipeline import Desk
from desk.recovery import rebuild
from desk.router.config import RouteFees
from market.codes import Depth, Mode, Side
from market.decisions import Caused, Decision
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE, Inbound, Submit, View
from scenarios.books import books_of, instruments_of, interval_of
from scenarios.desks import config_digest, make_strategies
from scenarios.routes import route_fees
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.schema import parse_scenario
from scenarios.sections import HostSection, Scenario
from scenarios.stack import StackSection, desk_config
from sim.arena import BookSpec
from sim.tape.read import Tape, open_tape
from sim.world import World

DEPTH_LEVELS: Final = 5


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of the moment at which an order was sent; money is exact text.

    Attributes:
        seq: The journal's record.
        cause: What came in and made the desk send it.
        view: The book as the desk saw it.
        venue_book: The venue's book at the view's venue time, or a sentence why there is none.
        belief: The signal, the permit or veto, the size with its factors, and the parent.
        desk: Positions, risk in flight, exposure, equity and measures before the event.
        open_orders: Orders that had not ended.
        commands: All that left in the same event.
    """

    order_id: int
    host: str
    strategy: str
    seq: int
    now_ns: int
    cause: dict[str, Any]
    view: dict[str, Any]
    venue_book: dict[str, Any] | str
    belief: dict[str, Any]
    desk: dict[str, Any]
    open_orders: list[dict[str, Any]]
    commands: list[dict[str, Any]]


def reconstruct(run: Path, order_id: int, tape: Path | None) -> Moment:
    """Find an order in a run, and rebuild the moment at which it was sent.

    Args:
        run: The run's folder.
        order_id: The order.
        tape: The tape that the run replayed, if it replayed one.

    Raises:
        InputError: The folder is no run with a desk, the tape is not the run's, or no desk of it
            ever sent that order.
    """
    identity = _identity(run)
    history = _tape(identity, tape)
    scenario = _scenario(run)
    instruments = instruments_of(scenario, history)
    for host in scenario.hosts:
        path = run / f"{host.name}{JOURNAL_SUFFIX}"
        if host.stack is None or host.desk != order_id >> 40:
            continue
        reader = Reader(map_file(path), where=str(path))
        records, event = _until(reader, order_id)
        if event is None:
            raise InputError(
                f"{path}: found no order {order_id}, allowed is one that this desk sent"
            )
        _, end_ns = interval_of(scenario, history)
        fees = route_fees(scenario, instruments)
        desk = _desk_before(host, host.stack, instruments, records, end_ns, fees)
        return _moment(order_id, host, desk, records[-1], event, history)
    desks = ", ".join(f"{host.name} ({host.desk})" for host in scenario.hosts if host.stack)
    raise InputError(
        f"order {order_id}: found desk number {order_id >> 40}, allowed is one of {desks or 'no desk'}"
    )


def _identity(run: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads((run / "run.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        raise InputError(f"{run}: found no run.toml, allowed is the folder of a run") from None
    found: dict[str, Any] = table["identity"]
    return found


def _scenario(run: Path) -> Scenario:
    where = run / "scenario.toml"
    return parse_scenario(where.read_text(encoding="utf-8"), str(where))


def _tape(identity: dict[str, Any], tape: Path | None) -> Tape | None:
    wanted = identity["tape_digest"]
    if not wanted:
        return None
    if tape is None:
        raise InputError("the run replayed a tape: found no --tape, allowed is the same tape")
    history = open_tape(tape)
    if history.digest != wanted:
        raise InputError(f"{tape}: found digest {history.digest}, allowed is the run's, {wanted}")
    return history


def _until(reader: Reader, order_id: int) -> tuple[list[Record], Event | None]:
    """The records up to the one in which an order left, and that event."""
    records: list[Record] = []
    for record in reader:
        if record.type is RecordType.SNAPSHOT:
            # Nothing before a snapshot is needed to rebuild what follows it.
            records = [one for one in records if one.type is RecordType.HEADER]
        records.append(record)
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        for caused in event.commands:
            if isinstance(caused.command, Submit) and caused.command.order_id == order_id:
                return records, event
    reader.check()
    return records, None


def _desk_before(
    host: HostSection,
    stack: StackSection,
    instruments: list[Instrument],
    records: list[Record],
    end_ns: int,
    fees: list[RouteFees],
) -> Desk:
    """The desk as it stood before the last of the records."""
    config = desk_config(
        stack,
        desk=host.desk,
        instruments=instruments,
        host_books=books_of(host, instruments),
        end_ns=end_ns,
        fees=fees,
    )
    header = header_in(records[0])
    digest = config_digest(stack, config)
    if header.config_digest != digest:
        raise InputError(
            f"host {host.name!r}: found configuration {digest}, allowed is the journal's, "
            f"{header.config_digest}"
        )

    def make(journal: EventLog, data: DeskData | None) -> Desk:
        strategies = make_strategies(stack, config, instruments)
        return Desk(config, instruments, strategies, journal, data)

    return rebuild(make, records[:-1])


def _moment(
    order_id: int,
    host: HostSection,
    desk: Desk,
    record: Record,
    event: Event,
    history: Tape | None,
) -> Moment:
    """Everything about the moment, in words and figures."""
    assert host.stack is not None
    caused = next(
        one
        for one in event.commands
        if isinstance(one.command, Submit) and one.command.order_id == order_id
    )
    order = caused.command
    assert isinstance(order, Submit)
    cause = caused.cause
    decisions = [one for one in event.decisions if one.signal_id == cause.signal_id]
    view = event.message if isinstance(event.message, View) else None
    if view is None or view.book_id != order.book_id:
        view = desk.feed.data.views[order.book_id]
    assert view is not None
    instrument = desk.instruments[order.book_id]
    names = [one.name for one in host.stack.strategies]
    return Moment(
        order_id=order_id,
        host=host.name,
        strategy=names[cause.strategy],
        seq=record.seq,
        now_ns=record.now_ns,
        cause=_message(event.message),
        view=_view(view, record.now_ns),
        venue_book=_venue_book(view, history),
        belief=_belief(decisions, cause.parent_id),
        desk=_standing(desk, order.book_id, cause.strategy, instrument),
        open_orders=[
            {
                "order_id": one.order_id,
                "state": one.state.name,
                "side": one.side.name,
                "price_ticks": one.price_ticks,
                "open_lots": one.open_lots,
                "replacing_lots": one.replacing_lots,
            }
            for strategy in range(len(desk.strategies))
            for one in desk.orders.live(strategy, order.book_id)
        ],
        commands=[_command(one, names) for one in event.commands],
    )


def _message(message: Inbound | None) -> dict[str, Any]:
    """What came in; a view stands in full elsewhere."""
    if isinstance(message, View):
        return {"message": "View", "book_id": message.book_id, "seq": message.seq}
    return {"message": "Start"} if message is None else msgspec.to_builtins(message)


def _command(caused: Caused, names: list[str]) -> dict[str, Any]:
    """A command with its cause, flat."""
    cause = caused.cause
    fields = msgspec.to_builtins(caused.command)
    wanted = ("message", "order_id", "price_ticks", "qty_lots", "timer_id", "due_ns")
    shown = {name: fields[name] for name in wanted if name in fields}
    if isinstance(caused.command, Submit):
        shown["side"] = caused.command.side.name
    return {
        **shown,
        "strategy": names[cause.strategy] if cause.strategy >= 0 else "",
        "signal_id": cause.signal_id,
        "permit_id": cause.permit_id,
        "parent_id": cause.parent_id,
    }


def _view(view: View, now_ns: int) -> dict[str, Any]:
    """The book as the desk saw it, its levels best first."""
    fields: dict[str, Any] = msgspec.to_builtins(view)
    del fields["message"]
    return {
        **fields,
        "bids": _levels(view.bids),
        "asks": _levels(view.asks),
        "phase": view.phase.name,
        "age_ns": now_ns - view.venue_ns,
    }


def _levels(levels: Sequence[tuple[int, int]]) -> str:
    return "  ".join(f"{lots} at {price}" for price, lots in levels)


def _belief(decisions: list[Decision], parent_id: int) -> dict[str, Any]:
    if not decisions:
        return {"parent_id": parent_id}
    return {**msgspec.to_builtins(decisions[0]), "parent_id": parent_id}


def _standing(desk: Desk, book_id: int, strategy: int, instrument: Instrument) -> dict[str, Any]:
    """The desk's state before the event, for one book and strategy."""
    state, ledger = desk.state, desk.ledger
    key = strategy << 16 | book_id
    return {
        "position_lots": state.data.position_lots[book_id],
        "position_of_strategy_lots": state.data.positions.get(key, 0),
        "buy_risk_lots": state.data.buy_risk_lots[book_id],
        "sell_risk_lots": state.data.sell_risk_lots[book_id],
        "worst_lots": state.worst_lots(book_id),
        "exposure_micros": state.book_exposure(book_id),
        "gross_micros": state.gross(),
        "net_micros": state.net(),
        "equity_micros": state.equity,
        "day_drawdown_micros": state.day_drawdown,
        "realised": instrument.money(ledger.realised(strategy, book_id)),
        "volatility_per_root_second": state.volatility(book_id),
        "regime": state.regime(book_id).name,
        "unknown_orders": state.data.unknown_orders[book_id],
        "events": desk.data.seq,
    }


def _venue_book(view: View, history: Tape | None) -> dict[str, Any] | str:
    """The venue's book at the view's venue time, replayed from the tape."""
    if history is None:
        return "the run's flow was generated: no tape says how the venue's book stood"
    books = [
        BookSpec(
            tick_units=book.tick_units,
            handle_count=book.handle_count,
            depth=int(Depth[book.depth]),
        )
        for book in history.meta.books
    ]
    first = next(iter(history.chunks(0, 1)))
    world = World(
        mode=Mode.FROZEN,
        books=books,
        locals_=[],
        start_ns=int(first["ts_ns"][0]),
        rows=iter(history.chunks()),
    )
    while world.now_ns < view.venue_ns:
        world.advance(view.venue_ns)
    book_id = view.book_id
    bids = world.venue_depth(book_id, Side.BUY, DEPTH_LEVELS)
    asks = world.venue_depth(book_id, Side.SELL, DEPTH_LEVELS)
    return {
        "venue_ns": view.venue_ns,
        "bids": _levels(bids),
        "asks": _levels(asks),
        "best_equal": (bids[0][0] if bids else NO_PRICE) == view.bid_ticks
        and (asks[0][0] if asks else NO_PRICE) == view.ask_ticks,
    }
