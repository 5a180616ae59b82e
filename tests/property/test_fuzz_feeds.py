"""Damaged messages of every venue: no feed raises, and none says what its rules forbid.

Each example plays a pretended venue and spoils some of its messages: bytes changed, cut out, doubled,
or put elsewhere. `Rebuild` refuses a delta of a book in trouble; at the end the wire is sound again, and
so is the book.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.feeds import drive
from tests.unit.bridge.feeds.venues import VENUES, Venue, heal, play

DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["none", "byte", "cut", "double", "digit", "swap"]),
        st.integers(0, 10**6),
        st.integers(0, 255),
    ),
    max_size=25,
)


def spoiled(data: bytes, how: str, place: int, value: int) -> bytes:
    at = place % max(1, len(data))
    to = min(len(data), at + 1 + value % 40)
    if how == "byte":
        return data[:at] + bytes([value]) + data[at + 1 :]
    if how == "cut":
        return data[:at] + data[to:]
    if how == "double":
        return data[:to] + data[at:]
    if how == "swap":
        return data[to:] + data[:to]
    if how == "digit":
        digits = [i for i, byte in enumerate(data) if chr(byte).isdigit()]
        at = digits[place % len(digits)]
        return data[:at] + b"%d" % (value % 10) + data[at + 1 :]
    return data


def say(venue: Venue, step: int) -> tuple[str, bytes]:
    if step % 3 == 2:
        return venue.trade("buy" if step % 2 else "sell")
    return venue.changed(step % 2, (99_00 - step) if step % 2 == 0 else (101_00 + step), 1 + step)


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=30)
@given(damages=DAMAGES)
def test_damage_is_never_an_exception_and_passes(
    name: str, damages: list[tuple[str, int, int]]
) -> None:
    venue = VENUES[name]()
    session = play(venue)
    for step, (how, place, value) in enumerate(damages):
        channel, data = say(venue, step)
        session.tell(channel, spoiled(data, how, place, value))
        venue.heal(session)
    # A digit that was changed may have set a level that is not there, where nothing sums or numbers it:
    # a new connection is what every feed can be asked for.
    session.tell("link:down")
    venue.up(session)
    heal(session, venue)
    assert session.rebuild.books[0] == venue.book
    again = venue.feed()
    heard = [
        update
        for now_ns, channel, data in session.entries
        for update in drive(again, channel, data, now_ns).updates
    ]
    assert heard == session.updates
