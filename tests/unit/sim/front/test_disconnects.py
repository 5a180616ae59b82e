"""Cancel on disconnect: what each policy covers, grace, locks, and what is put off."""

from typing import Any

import pytest

from market.codes import OrderType, Phase, Reason, Side, TimeInForce
from market.errors import InputError
from market.refusals import Refusal
from sim.front import POLICIES, DisconnectPolicy, Disconnects, Ending, Spared, Standing

SECOND_NS = 1_000_000_000
OPEN = {0: Phase.CONTINUOUS, 1: Phase.CONTINUOUS}


def standing(order_id: int, tif: TimeInForce = TimeInForce.DAY, **other: Any) -> Standing:
    """An order of session 1 of owner 9."""
    given = {"book_id": 0, "session": 1, "owner": 9, "side": Side.BUY} | other
    return Standing(order_id=order_id, tif=tif, order_type=OrderType.LIMIT, **given)


KINDS = (
    standing(1),
    standing(2, TimeInForce.GTC),
    standing(3, TimeInForce.GTD),
    standing(4, TimeInForce.AT_CLOSE),
    standing(5, TimeInForce.GTC, is_quote=True),
    standing(6, session=2),
    standing(7, session=3, owner=8),
)


def anything(_: Standing) -> None:
    """A venue that lets every order go."""


def ids(endings: tuple[Ending, ...]) -> tuple[int, ...]:
    """Which orders end; all of them because their session was lost."""
    assert all(ending.reason is Reason.DISCONNECTED for ending in endings)
    return tuple(ending.order_id for ending in endings)


def lost(policy: DisconnectPolicy, phases: dict[int, Phase] = OPEN) -> Any:
    return Disconnects(policy).sweep(1, 9, KINDS, phases, anything)


@pytest.mark.parametrize(
    ("name", "ended"),
    [
        ("cme", (1, 4, 5)),
        ("cme_all", (1, 2, 3, 4, 5)),
        ("cfe_day", (1, 4, 5)),
        ("tsx", (1, 5)),
        ("jpx", (1, 2, 3, 4, 5)),
        ("lse", (1, 4, 5)),
        ("cboe_continuous", (1, 2, 3, 5)),
        ("cboe_all", (1, 2, 3, 4, 5)),
        ("eurex", (1, 4, 5)),
        ("deribit", (1, 2, 3, 4, 5)),
        ("quotes", (5,)),
    ],
)
def test_a_policy_covers_some_kinds_of_order(name: str, ended: tuple[int, ...]) -> None:
    assert ids(lost(POLICIES[name]).ended) == ended


def test_every_policy_says_who_says_so() -> None:
    assert all(policy.source for policy in POLICIES.values())


def test_what_is_spared_is_told_with_why() -> None:
    policy = DisconnectPolicy(orders=False, quotes=False)
    tsx = dict(lost(POLICIES["tsx"]).spared)

    assert dict(lost(policy).spared)[1] is Spared.ORDER
    assert dict(lost(policy).spared)[5] is Spared.QUOTE
    assert {tsx[2], tsx[3], tsx[4]} == {Spared.TIF}
    assert (tsx[6], tsx[7]) == (Spared.OTHER_SESSION, Spared.OTHER_SESSION)


def test_orders_in_a_phase_that_is_spared_stay() -> None:
    closed = {0: Phase.CLOSED, 1: Phase.CONTINUOUS}

    found = lost(POLICIES["cme_all"], closed)

    assert ids(found.ended) == ()
    assert dict(found.spared)[1] is Spared.PHASE


def test_an_owners_other_sessions_may_be_covered_but_never_anothers() -> None:
    policy = DisconnectPolicy(all_of_owner=True)
    nobodys = standing(8, session=2, owner=0)

    assert ids(lost(policy).ended) == (1, 2, 3, 4, 5, 6)
    alone = Disconnects(policy).sweep(1, 0, (nobodys,), OPEN, anything)
    assert ids(alone.ended) == ()


def test_orders_in_a_frozen_call_stay_and_say_so() -> None:
    frozen = Refusal(Reason.TOO_LATE, 3)

    def may_cancel(order: Standing) -> Refusal | None:
        return frozen if order.tif is TimeInForce.AT_CLOSE else None

    disconnects = Disconnects(POLICIES["cboe_all"])
    found = disconnects.sweep(1, 9, KINDS, OPEN, may_cancel)

    assert ids(found.ended) == (1, 2, 3, 5)
    assert dict(found.spared)[4] is Spared.REFUSED
    assert ids(disconnects.retry(anything)) == ()  # this venue does not come back for them


def test_what_is_put_off_goes_once_it_may_even_if_the_session_is_back() -> None:
    disconnects = Disconnects(POLICIES["jpx"])
    halted = Refusal(Reason.NOT_IN_PHASE, Phase.HALT)
    assert ids(disconnects.sweep(1, 9, KINDS[:3], OPEN, lambda _: halted).ended) == ()
    disconnects.up(1)
    disconnects.on_end(2)

    assert ids(disconnects.retry(lambda order: halted if order.order_id == 3 else None)) == (1,)
    assert ids(disconnects.retry(anything)) == (3,)
    assert ids(disconnects.retry(anything)) == ()


def test_a_session_that_is_back_within_the_grace_keeps_its_orders() -> None:
    disconnects = Disconnects(DisconnectPolicy(grace_ns=10))

    assert disconnects.down(1, 100) == 110
    assert disconnects.down(1, 105) == 110  # the first loss counts
    assert disconnects.down(2, 103) == 113
    assert disconnects.due(109) == ()
    disconnects.up(1)
    assert disconnects.next_ns() == 113
    assert disconnects.due(120) == (2,)
    assert disconnects.due(120) == ()
    assert disconnects.next_ns() is None


def test_sessions_fall_due_by_time_then_by_number() -> None:
    disconnects = Disconnects(DisconnectPolicy())
    for session, at_ns in ((3, 5), (1, 6), (2, 5)):
        disconnects.down(session, at_ns)

    assert disconnects.due(6) == (2, 3, 1)


@pytest.mark.parametrize(("name", "due_ns"), [("deribit", None), ("lse", 7)])
def test_a_goodbye_is_a_loss_where_the_policy_says_so(name: str, due_ns: int | None) -> None:
    assert Disconnects(POLICIES[name]).down(1, 7, logout=True) == due_ns
    assert Disconnects(POLICIES[name]).down(1, 7) == 7


def test_a_venue_may_leave_everything() -> None:
    disconnects = Disconnects(POLICIES["none"])

    assert disconnects.down(1, 7) is None
    assert disconnects.due(100) == ()


def test_a_session_stays_away_after_the_sweep_for_as_long_as_the_policy_says() -> None:
    disconnects = Disconnects(POLICIES["jpx"])
    disconnects.down(1, 0)
    assert disconnects.refusal(1, 0) is None

    assert disconnects.due(0) == (1,)
    disconnects.up(1)

    until_ns = 10 * SECOND_NS
    assert disconnects.refusal(1, until_ns - 1) == Refusal(Reason.DISCONNECTED, until_ns)
    assert disconnects.refusal(1, until_ns) is None
    assert disconnects.refusal(2, 1) is None


def test_a_policy_has_no_negative_times() -> None:
    with pytest.raises(InputError, match="grace_ns: found -1"):
        DisconnectPolicy(grace_ns=-1)
    with pytest.raises(InputError, match="lock_ns: found -1"):
        DisconnectPolicy(lock_ns=-1)
