"""Messages survive the trip through bytes, and bytes that are no message are refused."""

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codec import Message, decode, encode
from market.codes import SaleKind, Side
from market.errors import InputError
from market.messages import (
    Accrual,
    Cancel,
    Command,
    Inbound,
    LinkStatus,
    MassCancel,
    MassQuote,
    Operator,
    Query,
    QuoteLeg,
    Replace,
    Report,
    SetTimer,
    StoreStatus,
    Submit,
    Terms,
    TimerFired,
    View,
)
from market.succession import Adopted, Promoted

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
KINDS = (
    Submit, Cancel, Replace, Query, MassQuote, MassCancel, SetTimer,
    View, Report, TimerFired, LinkStatus, Operator, Accrual, StoreStatus, Promoted, Adopted,
)  # fmt: skip
PARTS = (QuoteLeg, Terms)


def field(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field: every int64, and whatever else the type allows."""
    if hint is int:
        return INT64
    if hint in PARTS:
        return struct_of(hint)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([field(each) for each in get_args(hint)])
    if get_origin(hint) is not tuple:
        return st.from_type(hint)
    inner = get_args(hint)
    if inner[-1] is Ellipsis:
        return st.lists(field(inner[0]), max_size=5).map(tuple)
    return st.tuples(*map(field, inner))


def struct_of(kind: type) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: field(hint) for name, hint in get_type_hints(kind).items()})


MESSAGES: st.SearchStrategy[Message] = st.one_of([struct_of(kind) for kind in KINDS])


def test_every_message_is_tried() -> None:
    assert set(KINDS) == set(get_args(Command)) | set(get_args(Inbound))


@given(MESSAGES)
def test_a_message_survives(message: Message) -> None:
    data = encode(message)
    again = decode(data)
    assert again == message
    assert type(again) is type(message)
    assert encode(again) == data


def test_bytes_are_pinned() -> None:
    order = Submit(book_id=1, order_id=2, side=Side.SELL, price_ticks=-3, qty_lots=400)
    fields = msgspec.msgpack.decode(encode(order))
    assert "Submit" in fields.values()
    assert list(fields)[1:4] == ["book_id", "order_id", "side"]
    assert encode(order).hex() == GOLDEN


def test_an_order_from_before_terms_and_marks_is_a_plain_long_one() -> None:
    order = Submit(book_id=1, order_id=2, side=Side.SELL, price_ticks=-3, qty_lots=400)
    assert decode(bytes.fromhex(OLDER)) == order
    assert order.terms is None
    assert order.sale is SaleKind.LONG


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\xff\xfe", encode(Cancel(book_id=1, order_id=2))[:-1]],
    ids=["empty", "number", "noise", "cut"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(
        InputError, match=rf"^record 7: found {len(data)} bytes that are no message"
    ):
        decode(data, "record 7")


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(InputError, match="no message"):
        decode(encode(Cancel(book_id=1, order_id=2)) + b"\x00")


def test_a_wrong_type_inside_is_refused() -> None:
    fields = msgspec.msgpack.decode(encode(Cancel(book_id=1, order_id=2)))
    with pytest.raises(InputError, match="order_id"):
        decode(msgspec.msgpack.encode({**fields, "order_id": "2"}))


# Journals hold these bytes: a change here makes every recorded journal unreadable.
OLDER = (
    "89a76d657373616765a65375626d6974a7626f6f6b5f696401a86f726465725f696402a47369646501ab70726963"
    "655f7469636b73fda87174795f6c6f7473cd0190aa6f726465725f7479706500a374696600a9706f73745f6f6e6c"
    "79c2"
)
# Two fields more, at the end: no terms, and the mark of a long sell.
# What an order leaves at its default is not written.
GOLDEN = "86" + OLDER[2 : OLDER.index("aa6f726465725f74797065")]
