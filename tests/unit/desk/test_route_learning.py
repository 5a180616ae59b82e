"""What a desk's own orders meet at a venue is learned from its reports and views, by event time."""

import pytest

from desk.router.config import RouteConfig
from desk.router.data import RouterData
from desk.router.learning import VenueData
from market.codes import Reason, ReportType
from market.decisions import PPM, Flat, Target
from market.messages import Cancel, Submit
from tests.desk_rig import MID, DeskRig, S, Said

MS = 1_000_000


@pytest.fixture
def rig() -> DeskRig:
    """A passive desk with a route over one book; order 1, to buy 100 lots, is on its way."""
    said = Said()
    made = DeskRig(
        [said],
        books=1,
        sizing={"lots_max": 100},
        execution={"style": "passive", "child_lots_max": 1_000, "requote_ticks": 1_000},
        route=RouteConfig(books=(0,)),
        settings={"ack_timeout_ns": 2 * S},
    )
    said.next = [Target(book_id=0, strength_ppm=PPM)]
    (sent,) = made.view(0)
    assert isinstance(sent, Submit)
    made.wants = said  # type: ignore[attr-defined]
    return made


def data_of(rig: DeskRig) -> RouterData:
    found = rig.desk.data.router
    assert isinstance(found, RouterData)
    return found


def venue(rig: DeskRig) -> VenueData:
    return data_of(rig).venues[0]


def test_an_acknowledgement_tells_the_latency(rig: DeskRig) -> None:
    rig.now_ns += 3 * MS
    rig.accept(1)
    assert sum(venue(rig).ack.counts) > 0
    assert (venue(rig).reject.hits_micro, venue(rig).silent.hits_micro) == (0, 0)


def test_a_refusal_for_the_orders_own_sake_counts_but_makes_nobody_sick(rig: DeskRig) -> None:
    rig.report(ReportType.REJECTED, 1, reason=Reason.WOULD_CROSS)
    assert venue(rig).reject.hits_micro == PPM
    assert data_of(rig).health[0].bad_ppm == 0


def test_a_venue_that_does_not_answer_is_silent_once(rig: DeskRig) -> None:
    for _ in range(4):
        rig.beat()
    assert venue(rig).silent.hits_micro == PPM
    assert data_of(rig).health[0].bad_ppm > 0


def test_where_the_mid_goes_after_an_order_has_rested_a_second_is_its_leak(rig: DeskRig) -> None:
    rig.accept(1)
    rig.view(0, MID, MID + 2, after_ns=S // 2)
    assert venue(rig).leak.lots_milli == 0
    rig.view(0, MID, MID + 2, after_ns=S)
    assert venue(rig).leak.lots_milli == 100_000


def test_fills_at_rest_are_judged_by_the_mid_that_stood_at_each_horizon(rig: DeskRig) -> None:
    """A buy at 9,999: a mid of 10,000 until two seconds later, 10,005 until a minute has passed."""

    def means() -> list[int]:
        return [
            one.total_milli // one.lots_milli if one.lots_milli else 0
            for one in venue(rig).markouts.means
        ]

    rig.accept(1)
    rig.fill(1, 40)
    rig.view(0, after_ns=50 * MS)
    assert means() == [100_010, 0, 0, 0, 0]
    rig.view(0, MID + 4, MID + 6, after_ns=2 * S)
    assert means() == [100_010, 100_010, 100_010, 0, 0]
    rig.view(0, MID - 8, MID - 6, after_ns=70 * S)
    assert means() == [100_010, 100_010, 100_010, 600_060, 600_060]


def test_a_cancel_tells_its_latency_and_how_much_had_filled(rig: DeskRig) -> None:
    rig.accept(1)
    rig.fill(1, 25)
    rig.wants.next = [Flat(book_id=0)]  # type: ignore[attr-defined]
    (pull,) = rig.view(0, after_ns=5 * S)
    assert isinstance(pull, Cancel)
    rig.report(ReportType.CANCELLED, 1, 75)

    assert sum(venue(rig).cancel.counts) > 0
    assert venue(rig).fill.hits_micro == PPM // 4
    assert venue(rig).fill.misses_micro == 3 * PPM // 4
    assert venue(rig).late_cancel.hits_micro == 0
    assert 1 not in {order_id & 0xFF for order_id in data_of(rig).notes}


def test_a_cancel_that_comes_too_late_is_counted(rig: DeskRig) -> None:
    rig.accept(1)
    rig.wants.next = [Flat(book_id=0)]  # type: ignore[attr-defined]
    rig.view(0, after_ns=5 * S)
    rig.report(ReportType.CANCEL_REJECTED, 1, reason=Reason.UNKNOWN_ORDER)
    assert venue(rig).late_cancel.hits_micro == PPM
