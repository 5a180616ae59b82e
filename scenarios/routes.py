"""What trading costs where, as routers are told before a run.

It is taken from the scenario's own price lists: the first rate of each ladder, because nobody knows
beforehand which one will be reached.
"""

from desk.router.config import RouteFees
from market.instruments import Instrument
from scenarios.sections import Scenario
from scenarios.venue_assembly import plan_venues, tariffs_of
from sim.costs import FeeSchedule


def route_fees(scenario: Scenario, instruments: list[Instrument]) -> list[RouteFees]:
    """What trading at each book costs at the start, by book."""
    plans = plan_venues(scenario, instruments)
    found = []
    tariffs = tariffs_of(plans, scenario.fees, instruments)
    for one, tariff in zip(instruments, tariffs, strict=True):
        schedule = tariff if isinstance(tariff, FeeSchedule) else tariff.schedule
        maker, taker = schedule.maker[0], schedule.taker[0]
        found.append(
            RouteFees(
                taker_ppb=taker.notional_ppb,
                taker_lot_nanos=taker.lot_nanos,
                maker_rebate_ppb=-maker.notional_ppb,
                maker_rebate_lot_nanos=-maker.lot_nanos,
                tick_nanos=max(
                    one.tick_units
                    * one.lot_num
                    * 1_000_000_000
                    // (one.price_units_per_currency * one.lot_den),
                    1,
                ),
            )
        )
    return found
