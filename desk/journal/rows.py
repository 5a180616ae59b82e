"""Records in words: one row each, for a person who looks for what happened."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

import msgspec

from desk.journal.records import (
    Event,
    Record,
    RecordType,
    event_in,
    header_in,
    restart_in,
    seal_in,
    snapshot_in,
)
from market.messages import NO_PRICE, View

_DIGEST_DIGITS: Final = 12


def concerns(event: Event, order_id: int) -> bool:
    """Whether an event's message or one of its commands, sent or refused, is about an order."""
    sent = [caused.command for caused in event.commands]
    about = [event.message, *sent, *(refusal.command for refusal in event.refusals)]
    return any(getattr(item, "order_id", None) == order_id for item in about)


def selected(
    records: Iterable[Record],
    *,
    first: int = 0,
    last: int | None = None,
    kind: RecordType | None = None,
    order_id: int | None = None,
) -> Iterator[Record]:
    """The records that somebody asked for.

    Args:
        records: In the order of their seq.
        first: Least seq.
        last: Largest seq; None for no bound.
        kind: Only of this type.
        order_id: Only events about this order.
    """
    for record in records:
        if last is not None and record.seq > last:
            return
        if record.seq < first or (kind is not None and record.type is not kind):
            continue
        if order_id is not None and not (
            record.type is RecordType.EVENT and concerns(event_in(record), order_id)
        ):
            continue
        yield record


def plain_row(record: Record) -> dict[str, object]:
    """Everything that a record says, for a program."""
    row: dict[str, object] = {
        "seq": record.seq,
        "now_ns": record.now_ns,
        "record": record.type.name.lower(),
        "offset": record.offset,
        "chain": record.chain.hex(),
    }
    if record.type is RecordType.EVENT:
        event = event_in(record)
        row["message"] = msgspec.to_builtins(event.message)
        row["decisions"] = msgspec.to_builtins(event.decisions)
        row["commands"] = msgspec.to_builtins(event.commands)
        row["actions"] = msgspec.to_builtins(event.actions)
        row["refusals"] = msgspec.to_builtins(event.refusals)
        if event.learned:
            row["learned"] = msgspec.to_builtins(event.learned)
    elif record.type is RecordType.SNAPSHOT:
        snapshot = snapshot_in(record)
        row |= {"epoch": snapshot.epoch, "digest": snapshot.digest}
        row["state_bytes"] = len(snapshot.state)
    else:
        row |= msgspec.to_builtins(_about_itself(record))
    return row


def short_row(record: Record) -> dict[str, object]:
    """A record in one line, for a person."""
    row: dict[str, object] = {
        "seq": record.seq,
        "now_ns": record.now_ns,
        "record": record.type.name.lower(),
    }
    if record.type is RecordType.EVENT:
        event = event_in(record)
        came_of_it = [
            *(words(decision) for decision in event.decisions),
            *(words(action) for action in event.actions),
            *(words(refusal) for refusal in event.refusals),
            *(words(caused) for caused in event.commands),
            *(words(learned) for learned in event.learned),
        ]
        row["in"] = "start" if event.message is None else words(event.message)
        row["out"] = "; ".join(came_of_it)
    elif record.type is RecordType.SNAPSHOT:
        snapshot = snapshot_in(record)
        row["in"] = f"{len(snapshot.state)} bytes {snapshot.digest[:_DIGEST_DIGITS]}"
        row["out"] = ""
    else:
        row["in"] = words(_about_itself(record))
        row["out"] = ""
    return row


def words(item: msgspec.Struct) -> str:
    """A message as its name and the fields that are not at their defaults."""
    if isinstance(item, View):
        bid, ask = _price(item.bid_ticks), _price(item.ask_ticks)
        return f"View {item.book_id}: {item.bid_lots} at {bid} | {item.ask_lots} at {ask}"
    parts = [type(item).__name__]
    for field in msgspec.structs.fields(item):
        value = getattr(item, field.name)
        if field.default is msgspec.NODEFAULT or value != field.default:
            parts.append(f"{field.name}={_value(value)}")
    return " ".join(parts)


def _value(value: object) -> str:
    """A field's value: codes by name, records within records in brackets."""
    if isinstance(value, Enum):
        return value.name or str(value.value)
    if isinstance(value, msgspec.Struct):
        return f"({words(value)})"
    return _price(value) if isinstance(value, int) else str(value)


def _price(value: int) -> str:
    """A number; an absent price as a dash."""
    return "–" if value == NO_PRICE else str(value)


def _about_itself(record: Record) -> msgspec.Struct:
    """The payload of a record about the journal itself, apart from the state."""
    if record.type is RecordType.HEADER:
        return header_in(record)
    if record.type is RecordType.RESTART:
        return restart_in(record)
    return seal_in(record)
