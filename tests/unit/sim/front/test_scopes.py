"""Mass cancel: which orders one message takes away, and in which order."""

import pytest

from market.codes import Reason, Side
from market.errors import InputError
from market.refusals import Refusal
from sim.front import Ending, Scope, Standing, sweep

# Sessions 1 and 2 are of owner 9, session 3 is of owner 8, session 4 of nobody.
ORDERS = (
    Standing(30, 0, 1, 9, Side.BUY),
    Standing(11, 1, 1, 9, Side.SELL, is_quote=True),
    Standing(20, 0, 2, 9, Side.SELL),
    Standing(12, 1, 1, 9, Side.BUY),
    Standing(13, 1, 3, 8, Side.BUY),
    Standing(14, 0, 4, 0, Side.SELL),
)


def anything(_: Standing) -> None:
    """A venue that lets every order go."""


@pytest.mark.parametrize(
    ("scope", "ended"),
    [
        (Scope(session=1), (30, 11, 12)),
        (Scope(owner=9), (20, 30, 11, 12)),
        (Scope(session=1, book_id=1), (11, 12)),
        (Scope(owner=9, book_id=0), (20, 30)),
        (Scope(owner=9, side=Side.SELL), (20, 11)),
        (Scope(session=1, side=Side.BUY), (30, 12)),
        (Scope(session=1, quotes_only=True), (11,)),
        (Scope(session=4), (14,)),
        (Scope(session=5), ()),
    ],
)
def test_a_scope_ends_what_it_names_by_book_then_by_id(
    scope: Scope, ended: tuple[int, ...]
) -> None:
    found = sweep(scope, ORDERS, anything)

    assert tuple(ending.order_id for ending in found.ended) == ended
    assert sweep(scope, reversed(ORDERS), anything) == found


def test_an_ending_says_where_and_why() -> None:
    found = sweep(Scope(session=4), ORDERS, anything)

    assert found.ended == (Ending(14, 0, Reason.MASS_CANCEL),)


def test_what_may_not_go_stays_with_its_reason() -> None:
    late = Refusal(Reason.TOO_LATE, 5)

    found = sweep(Scope(session=1), ORDERS, lambda order: late if order.order_id == 11 else None)

    assert [ending.order_id for ending in found.ended] == [30, 12]
    assert found.kept == ((11, late),)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, "found session -1 and owner -1, allowed is one of the two"),
        ({"session": 1, "owner": 9}, "allowed is one of the two"),
        ({"owner": 0}, "owner 0, who is nobody"),
    ],
)
def test_a_scope_is_of_one_session_or_of_one_owner(made: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Scope(**made)
