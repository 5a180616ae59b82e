"""A wish over three venues: who gets what, by price, fees, health and the gate, and what is written."""

from typing import Any

import pytest

from desk.router import FACTORS, RouterFactor
from desk.router.config import RouteConfig, RouteFees
from desk.router.data import RouterData
from desk.router.health import HealthConfig, HealthState
from desk.router.scores import Blocked
from desk.router.splits import SplitRule
from market.codes import Phase, Reason, ReportType
from market.decisions import PPM, Quotes, Route, Target
from market.errors import DeskError, InputError
from market.messages import Cancel, OrderCommand, Submit
from tests.desk_rig import MID, DeskRig, S, Said

FEES = (RouteFees(taker_ppb=300_000), RouteFees(taker_ppb=100_000), RouteFees(taker_ppb=200_000))


def rig_of(lots: int = 100, style: str = "immediate", **route: Any) -> DeskRig:
    """A desk that wants to be long, with a route over three books that nobody has shown yet."""
    said = Said()
    told: dict[str, Any] = {
        "books": (0, 1, 2),
        "fees": FEES,
        "health": HealthConfig(answers_min=1, memory=1, wait_ns=3 * S, probe_lots=2),
    }
    rig = DeskRig(
        [said],
        books=3,
        sizing={"lots_max": lots},
        execution={"style": style, "child_lots_max": 1_000},
        route=RouteConfig(**told | route),
    )
    rig.wants = said  # type: ignore[attr-defined]
    return rig


def show(
    rig: DeskRig, asks: tuple[int, int, int] = (1, 1, 1), lots: int = 40
) -> list[OrderCommand]:
    """All three books, the home last: the wish is said there and worked at once."""
    sent: list[OrderCommand] = []
    for book_id in (1, 2, 0):
        if book_id == 0:
            rig.wants.next = [Target(book_id=0, strength_ppm=PPM)]  # type: ignore[attr-defined]
        sent += rig.view(book_id, MID - 1, MID + asks[book_id], ask_lots=lots, bid_lots=lots)
    return sent


def got(sent: list[OrderCommand]) -> dict[int, int]:
    """Lots of new orders by book."""
    return {one.book_id: one.qty_lots for one in sent if isinstance(one, Submit)}


def settle(rig: DeskRig, sent: list[OrderCommand]) -> list[tuple[int, int]]:
    """Every order is taken in and filled, and so are those that follow: book and lots of each."""
    waiting, settled = list(sent), []
    while waiting:
        one = waiting.pop(0)
        assert isinstance(one, Submit)
        settled.append((one.book_id, one.qty_lots))
        number = one.order_id & (1 << 40) - 1
        waiting += rig.accept(number) + rig.fill(number, one.qty_lots, exec_id=number)
    return settled


def chosen(rig: DeskRig) -> Route:
    """The newest choice."""
    found = [one.route for one in rig.event.decisions if one.route is not None]
    assert len(found) == 1
    return found[0]


def data_of(rig: DeskRig) -> RouterData:
    found = rig.desk.data.router
    assert isinstance(found, RouterData)
    return found


def state_of(rig: DeskRig, book_id: int) -> HealthState:
    return data_of(rig).health[book_id].state


def test_at_one_price_lots_are_taken_where_it_costs_least() -> None:
    assert got(show(rig_of())) == {1: 40, 2: 40, 0: 20}


def test_a_better_price_outweighs_a_fee() -> None:
    # A tick is a basis point at this price, ten thousand ppb; the dearest book is 200,000 ppb dearer.
    assert got(show(rig_of(lots=30), asks=(1, 40, 40), lots=400)) == {0: 30}


def test_best_takes_by_displayed_price_and_then_in_the_order_of_books() -> None:
    assert got(show(rig_of(mode="best"))) == {0: 40, 1: 40, 2: 20}


def test_static_keeps_to_its_venue() -> None:
    assert got(show(rig_of(mode="static", static_book=2))) == {2: 40}


def test_what_a_limit_does_not_reach_is_not_taken() -> None:
    assert got(show(rig_of(), asks=(1, 2, 1), lots=30)) == {2: 30, 0: 30}


def test_a_choice_is_written_with_every_factor_of_every_venue() -> None:
    rig = rig_of()
    show(rig)

    route = chosen(rig)
    assert (route.mode, route.takes, route.total_lots) == ("scored", True, 100)
    assert [one.book_id for one in route.venues] == [1, 2, 0]
    assert [one.rank for one in route.venues] == [0, 1, 2]
    assert {len(one.facts) for one in route.venues} == {len(FACTORS)}
    fees = [factor.field for factor in RouterFactor].index("taker_fee_ppb")
    assert [one.facts[fees] for one in route.venues] == [100_000, 200_000, 300_000]
    for one in route.venues:
        assert one.score_micro == sum(part for _, part in one.parts)


def test_a_book_that_the_gate_vetoes_gets_nothing() -> None:
    rig = rig_of()
    rig.view(1, MID - 1, MID + 1, ask_lots=40, phase=Phase.HALT)
    rig.view(2, MID - 1, MID + 1, ask_lots=40)
    rig.wants.next = [Target(book_id=0, strength_ppm=PPM)]  # type: ignore[attr-defined]
    sent = rig.view(0, MID - 1, MID + 1, ask_lots=40)

    assert got(sent) == {2: 40, 0: 40}
    blocked = {one.book_id: one.blocked for one in chosen(rig).venues}
    assert blocked == {1: Blocked.NOT_CONTINUOUS, 2: Blocked.NO, 0: Blocked.NO}


def test_a_venue_that_refuses_gets_nothing_then_a_probe() -> None:
    rig = rig_of(lots=10_000)
    assert got(show(rig)) == {1: 40, 2: 40, 0: 40}
    sent = rig.report(ReportType.REJECTED, 1, reason=Reason.THROTTLED)
    assert state_of(rig, 1) is HealthState.SICK
    for number in (2, 3):
        sent += rig.accept(number)
        sent += rig.fill(number, 40, exec_id=number)
    sent += show(rig)
    assert {one.book_id for one in sent if isinstance(one, Submit)} == {0, 2}

    rig.now_ns += 4 * S
    assert got(show(rig))[1] == 2
    assert state_of(rig, 1) is HealthState.PROBING
    assert data_of(rig).health[1].probe_out


def test_what_a_taking_order_got_is_learned() -> None:
    rig = rig_of(lots=40)
    assert got(show(rig)) == {1: 40}
    rig.accept(1)
    rig.fill(1, 10)
    rig.report(ReportType.EXPIRED, 1, 30)

    venue = data_of(rig).venues[1]
    assert venue.take.hits_micro == 250_000
    assert venue.fade.hits_micro == 750_000
    assert rig.order_id(1) not in data_of(rig).notes


def test_what_rests_is_spread_and_counts_once_over_all_books() -> None:
    rig = rig_of(style="passive")
    sent = [one for one in show(rig) if isinstance(one, Submit)]

    assert sum(one.qty_lots for one in sent) == 100
    assert {one.price_ticks for one in sent} == {MID - 1}
    assert all(one.post_only for one in sent)


def test_a_strategy_with_a_route_may_not_speak_of_its_other_books() -> None:
    rig = rig_of()
    rig.wants.next = [Target(book_id=2, strength_ppm=PPM)]  # type: ignore[attr-defined]
    with pytest.raises(DeskError, match="or not the home of its route"):
        rig.view(0)


def test_a_strategy_that_quotes_may_not_have_a_route() -> None:
    rig = rig_of()
    rig.wants.next = [  # type: ignore[attr-defined]
        Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=1, ask_ticks=MID + 1, ask_lots=1)
    ]
    with pytest.raises(DeskError, match="strategy 's0' quotes, but has a route"):
        rig.view(0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"books": ()}, "allowed are some, each once"),
        ({"books": (0, 0)}, "allowed are some, each once"),
        ({"books": (0, 1), "mode": "static"}, "static with one of the books"),
        ({"books": (0, 1), "static_book": 1}, "every other mode without"),
        ({"books": (0, 1), "fees": (RouteFees(),)}, "one for each book"),
        ({"books": (0, 1), "reroute_ppm": 0}, "reroute_ppm is 0, allowed is 1"),
    ],
)
def test_a_wrong_route_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        RouteConfig(**fields)


def test_a_venue_whose_feed_goes_stale_is_left_alone_and_comes_back_in_steps() -> None:
    health = HealthConfig(stale_ns_max=2 * S, wait_ns=3 * S, probe_lots=2, probes_needed=2)
    rig = rig_of(lots=1_000, health=health)

    def want(lots: int) -> list[tuple[int, int]]:
        target = Target(book_id=0, strength_ppm=lots * PPM // 1_000)
        rig.wants.next = [target]  # type: ignore[attr-defined]
        rig.view(2, MID - 1, MID + 1, ask_lots=40)
        return settle(rig, rig.view(0, MID - 1, MID + 1, ask_lots=40))

    rig.view(1, MID - 1, MID + 1, ask_lots=40)
    assert 1 in {book_id for book_id, _ in want(100)}
    assert state_of(rig, 1) is HealthState.WELL

    rig.now_ns += 3 * S  # book 1 says nothing, the others do
    assert 1 not in {book_id for book_id, _ in want(200)}
    assert state_of(rig, 1) is HealthState.SICK

    rig.now_ns += 4 * S
    rig.view(1, MID - 1, MID + 1, ask_lots=40)
    shares = [lots for book_id, lots in want(1_000) if book_id == 1]
    assert shares[:6] == [2, 2, 5, 10, 20, 40]
    assert state_of(rig, 1) is HealthState.WELL


@pytest.mark.parametrize(("reroute_ppm", "moves"), [(500_000, True), (900_000, False)])
def test_what_rests_goes_elsewhere_once_it_has_stood_and_enough_of_it_should(
    reroute_ppm: int, moves: bool
) -> None:
    """All of it rests at home; then the other two, which had no market, open with the same prices."""
    equal = (RouteFees(), RouteFees(), RouteFees())
    split = SplitRule(way="spread", scale_ppb=10_000_000)
    rig = rig_of(style="passive", fees=equal, split=split, reroute_ppm=reroute_ppm)
    rig.wants.next = [Target(book_id=0, strength_ppm=PPM)]  # type: ignore[attr-defined]
    (first,) = rig.view(0)
    assert got([first]) == {0: 100}
    rig.accept(1)

    def look(after_ns: int) -> list[OrderCommand]:
        return [
            command for book_id in (1, 2, 0) for command in rig.view(book_id, after_ns=after_ns)
        ]

    assert look(S // 10) == []
    pulled = look(S)
    assert [type(one) for one in pulled] == ([Cancel] if moves else [])
    if moves:
        spread = got(rig.report(ReportType.CANCELLED, 1, 100))
        assert sorted(spread) == [0, 1, 2]
        assert sum(spread.values()) == 100
