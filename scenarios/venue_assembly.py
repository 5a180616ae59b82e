"""Putting the venues of a scenario together: rules, house, day and guards of each.

Model: `[[venues]]` names a venue of the run's books and a preset. Its books get the preset's rules, a
house around them, a day that the clock drives or the tape brings (`venue_phases`), and guards that watch
them. A venue that is not named stays as it is without a preset: plain price-time books, always open.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from market.codes import Kind, Phase, Side
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE, Accrual
from market.units import DURATION_NS
from scenarios.calendars import sessions, timetable
from scenarios.sections import FeesSection, Scenario
from scenarios.stack import name_of
from scenarios.venue_guards import guards_of
from scenarios.venue_plan import VenuePlan
from scenarios.venue_preset import load_preset
from scenarios.venue_rules import admission, book_rules, house_rules
from sim.accruals import Accruals, HeldBook
from sim.arena import LocalSpec
from sim.clock import Clock
from sim.costs import Fees, Tariff
from sim.front.crossings import Crossings
from sim.front.holdings import HoldingsRules
from sim.front.house import House
from sim.ingest.session_date import local_date
from sim.latency import Constant
from sim.schedule import Guards, PhaseDriver
from sim.schedule.indications import Indications
from sim.schedule.moments import day_number, day_text
from sim.schedule.resolve import Timetable
from sim.schedule.through_watch import Print, ThroughWatch
from sim.schedule.world_control import ACT_CAUSE, Told, VenueTap, WorldControl
from sim.streams import stream_key
from sim.venue import Venue
from sim.venue_rules.book_rules import BookRules
from sim.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_BREAK_NS = 15 * DURATION_NS["d"]
"""No exchange that we know is closed for longer."""


def plan_venues(scenario: Scenario, instruments: list[Instrument]) -> list[VenuePlan]:
    """The venues that a scenario names.

    Raises:
        InputError: A venue has no book, or a preset is wrong.
    """
    plans = []
    for section in scenario.venues:
        books = tuple(i for i, one in enumerate(instruments) if one.venue == section.name)
        if not books:
            names = ", ".join(dict.fromkeys(one.venue for one in instruments))
            raise InputError(f"venues: found {section.name!r}, allowed is {names}")
        preset, _ = load_preset(section.preset)
        closes = {
            book_id: section.closes[instruments[book_id].symbol]
            for book_id in books
            if instruments[book_id].symbol in section.closes
        }
        plans.append(VenuePlan(section, preset, books, closes))
    return plans


def rules_of(
    plans: list[VenuePlan], instruments: list[Instrument], seed: int
) -> dict[int, BookRules]:
    """The rules of every book that has some."""
    names = [name_of(one) for one in instruments]
    found = {}
    for plan in plans:
        for book_id in plan.books:
            followed = -1
            if plan.section.mid_reference:
                wanted = plan.section.mid_reference
                if wanted not in names:
                    raise InputError(
                        f"venues: {plan.section.name}: mid_reference: found {wanted!r}, "
                        f"allowed is {', '.join(names)}"
                    )
                followed = names.index(wanted)
            elif plan.preset.book.dark_pool:
                raise InputError(
                    f"venues: {plan.section.name}: found no mid_reference, allowed is a book: "
                    "a dark pool trades at another book's middle"
                )
            key = stream_key(seed, f"peaks/{names[book_id]}")
            found[book_id] = book_rules(plan.preset, peak_key=key, mid_reference=followed)
    return found


def tariffs_of(
    plans: list[VenuePlan], fees: FeesSection, instruments: list[Instrument]
) -> list[Tariff]:
    """What trading costs in each book: the price list of its preset, its venue's own rates, or the run's."""
    tariffs: list[Tariff] = []
    for one in instruments:
        rates = fees.venues.get(one.venue, fees)
        tariffs.append(Fees(maker_ppm=rates.maker_units_ppm, taker_ppm=rates.taker_units_ppm))
    for plan in plans:
        for book_id in plan.books:
            tariffs[book_id] = plan.preset.costs.fees
    return tariffs


def taps_of(plans: list[VenuePlan]) -> list[int]:
    """Books that their venue itself must watch, in order."""
    return sorted(book_id for plan in plans for book_id in plan.books)


def tap_spec(book_id: int) -> LocalSpec:
    """A local book at the venue."""
    return LocalSpec(book_id=book_id, latency=Constant(latency_ns=1).compile(), key=0)


class BookSurroundings:
    """What houses may know of a world's books."""

    def __init__(self, world: World) -> None:
        self._world = world

    def phase(self, book_id: int) -> Phase:
        """The phase of a book."""
        return self._world.phase(book_id)

    def reference_ticks(self, book_id: int) -> int:
        """The last price of a book, rounded down; NO_PRICE without one."""
        reference_x2 = self._world.reference_x2(book_id)
        return NO_PRICE if reference_x2 is None else reference_x2 >> 1

    def best(self, book_id: int) -> tuple[int, int]:
        """Best displayed bid and ask, NO_PRICE for an empty side."""
        bids = self._world.venue_depth(book_id, Side.BUY, 1)
        asks = self._world.venue_depth(book_id, Side.SELL, 1)
        return bids[0][0] if bids else NO_PRICE, asks[0][0] if asks else NO_PRICE


class RunningVenues:
    """The venues of a run, at work.

    Args:
        plans: The venues.
        instruments: By book.
        clock: Of the run.
        world: Its books.
        seed: Of every draw.
        first_tap: Number of the first local book and subscription that are taps, in their order.
        by_tape: Books whose phases the tape sets.
    """

    def __init__(
        self,
        plans: list[VenuePlan],
        instruments: list[Instrument],
        clock: Clock,
        world: World,
        seed: int,
        first_tap: int,
        by_tape: frozenset[int] = frozenset(),
    ) -> None:
        self.plans = plans
        self.houses: dict[int, House] = {}
        self.drivers: dict[int, PhaseDriver] = {}
        self.taps: list[VenueTap] = []
        self._instruments = instruments
        self._clock = clock
        self._world = world
        self._seed = seed
        self._first_tap = first_tap
        self._by_tape = by_tape
        self._crossings: dict[int, Crossings] = {}
        self.throughs = ThroughWatch(instruments, taps_of(plans), clock.at)
        self._says = 0
        self.accruals: Accruals | None = None
        self.tell: Callable[[Accrual], None] = _nobody
        self._tables = {plan.section.name: self._timetable(plan) for plan in plans}
        surroundings = BookSurroundings(world)
        for plan in plans:
            admissions = {
                book_id: admission(plan.preset, instruments[book_id], plan.closes.get(book_id))
                for book_id in plan.books
            }
            rules = house_rules(plan.preset, admissions, self._holdings(plan))
            crossings = Crossings((self._tables[plan.section.name],))
            self._crossings.update(dict.fromkeys(plan.books, crossings))
            house = House(rules, surroundings, crossings)
            self.houses.update(dict.fromkeys(plan.books, house))

    def attach(self, venue: Venue) -> None:
        """Let days and guards work on the venue's books."""
        for plan in self.plans:
            self._attach(plan, venue)
        venue.ledger.crossings = {book: self._crossings[book] for book in sorted(self._by_tape)}

        def pay(accrual: Accrual) -> None:
            venue.accrue(accrual)
            self.tell(accrual)

        self.accruals = Accruals(self._clock, self._world, self._held(), pay)
        taps = taps_of(self.plans)
        self.taps.sort(key=lambda tap: tap.subscription)
        assert len(self.taps) == len(taps)
        venue.after_command = self._look

    def start(self) -> None:
        """Put every book into its phase at the run's start."""
        for number, plan in enumerate(self.plans):
            for book_id, ticks in plan.closes.items():
                cause = ACT_CAUSE - (1 << 40) - (number << 16) - book_id
                self._world.set_reference(book_id, 2 * ticks, self._clock.start_ns, cause=cause)
        for driver in dict.fromkeys(self.drivers.values()):
            driver.start()
        for tap in self.taps:
            self._clock.at(self._clock.start_ns, tap.start)
        if self.accruals is not None:
            self.accruals.start()

    def _attach(self, plan: VenuePlan, venue: Venue) -> None:
        """Day and guards of one venue."""
        name = plan.section.name
        control = WorldControl(self._world, venue.ledger.calls.__setitem__)
        driver = PhaseDriver(
            self._clock,
            control,
            [self._tables[name]],
            plan.preset.interruptions,
            key=stream_key(self._seed, f"schedule/{name}"),
            answer=venue.answer,
            day_over=lambda book_id, now_ns: self._end_day(venue, plan, book_id, now_ns),
            by_tape=self._by_tape.intersection(plan.books),
        )
        driver.listeners.append(venue.acts)
        if plan.preset.book.indication_ns:
            driver.listeners.append(
                Indications(self._clock, self._indicate, plan.preset.book.indication_ns)
            )
        watched = guards_of(plan, self._instruments, self._clock.start_ns, self._clock.end_ns)
        guards = Guards(self._clock, driver, watched) if watched else None
        order = taps_of(self.plans)
        house = self.houses[plan.books[0]]
        for book_id in plan.books:
            self.drivers[book_id] = driver
            index = self._first_tap + order.index(book_id)
            self.taps.append(
                VenueTap(
                    self._clock,
                    self._world,
                    local=index,
                    subscription=index,
                    book_id=book_id,
                    tick_units=self._instruments[book_id].tick_units,
                    driver=driver,
                    guards=guards,
                    on_price=house.holdings.on_price,
                    on_told=self._on_told if self.throughs else None,
                    by_tape=book_id in self._by_tape,
                )
            )

    def _on_told(self, told: Told) -> None:
        """Let the trades of an instant be judged by what other venues showed."""
        words = told.words
        bid = words.bid_ticks if words.bid_lots else NO_PRICE
        ask = words.ask_ticks if words.ask_lots else NO_PRICE
        tick_units = self._instruments[told.book_id].tick_units
        prints = [
            Print(kind, price * (tick_units if kind == Kind.EXECUTE else 1), lots)
            for _, kind, _, _, price, lots, _, _ in told.messages
            if kind in (Kind.EXECUTE, Kind.TRADE, Kind.CROSS)
        ]
        phases = told.phase_before, Phase(words.phase)
        self.throughs.on_instant(told.book_id, (bid, ask), phases, prints, self._clock.now_ns)

    def _end_day(self, venue: Venue, plan: VenuePlan, book_id: int, now_ns: int) -> None:
        """A book's trading day is over."""
        venue.acts.end_day(book_id, now_ns)
        if self.accruals is not None:
            day = day_number(local_date(now_ns, plan.preset.schedule[0].zone))
            self.accruals.end_day(book_id, day)

    def _held(self) -> dict[int, HeldBook]:
        """Books whose positions cost something."""
        names = [name_of(one) for one in self._instruments]
        found = {}
        for plan in self.plans:
            index = plan.section.index
            if index and index not in names:
                raise InputError(
                    f"venues: {plan.section.name}: index: found {index!r}, "
                    f"allowed is {', '.join(names)}"
                )
            costs = plan.preset.costs
            for book_id in plan.books:
                found[book_id] = HeldBook(
                    instrument=self._instruments[book_id],
                    funding=costs.funding,
                    borrow=costs.borrow,
                    index_book=names.index(index) if index else -1,
                    nights=self._nights(plan) if costs.borrow.year_ppb else {},
                )
        return found

    def _nights(self, plan: VenuePlan) -> dict[int, int]:
        """Nights between each trading day of the run and the next one."""
        zone = plan.preset.schedule[0].zone
        first = local_date(self._clock.start_ns, zone)
        last = local_date(self._clock.end_ns + LONGEST_BREAK_NS, zone)
        days = [one.day for one in sessions(plan.preset.schedule, first, last)]
        return {
            day: int(
                (np.datetime64(day_text(after), "D") - np.datetime64(day_text(day), "D")).astype(
                    int
                )
            )
            for day, after in pairwise(days)
        }

    def _indicate(self, book_id: int) -> None:
        """Publish what a book's call would print."""
        self._says += 1
        cause = ACT_CAUSE - (1 << 50) - self._says
        self._world.indicate(book_id, self._clock.now_ns, cause=cause)

    def _look(self, book_id: int) -> None:
        """A command may have interrupted its book."""
        driver = self.drivers.get(book_id)
        if driver is not None and self._world.phase(book_id) is Phase.VOLATILITY_CALL:
            driver.interrupted(book_id)

    def _timetable(self, plan: VenuePlan) -> Timetable:
        clock = self._clock
        return timetable(plan.preset.schedule, clock.start_ns, clock.end_ns, plan.books)

    def _holdings(self, plan: VenuePlan) -> HoldingsRules:
        """What accounts of a venue may sell."""
        section, costs = plan.section, plan.preset.costs
        symbols = {self._instruments[book_id].symbol: book_id for book_id in plan.books}
        tick_units = {book_id: self._instruments[book_id].tick_units for book_id in plan.books}
        return HoldingsRules(
            settlement=costs.settlement,
            short_sale=costs.short_sale,
            locates={symbols[name]: lots for name, lots in section.locates.items()},
            opening_lots={symbols[name]: lots for name, lots in section.opening_lots.items()},
            closes_units={
                book_id: ticks * tick_units[book_id] for book_id, ticks in plan.closes.items()
            }
            if costs.short_sale.price_test != "none"
            else {},
            tick_units=tick_units,
        )


def _nobody(accrual: Accrual) -> None:
    """No host has been named yet."""
    raise AssertionError(f"an accrual for nobody: {accrual}")
