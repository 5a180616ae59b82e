"""A small world with several books, hosts and latencies, built fast or slow from the same numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from market.codes import Mode, OrderType, ReportType, Side, TimeInForce, Trigger
from market.instruments import Instrument
from market.messages import (
    NO_PRICE,
    Cancel,
    Command,
    Inbound,
    Query,
    Replace,
    Report,
    SetTimer,
    Submit,
    TimerFired,
    View,
)
from sim.arena import BookSpec, LocalSpec
from sim.clock import Clock
from sim.flow import FlowModel, record_flow
from sim.host import Host
from sim.host_view import Feed
from sim.latency import Constant, LogNormal
from sim.market import WorldMarket
from sim.recorder import Event, Recorder
from sim.reference.world import SlowWorld
from sim.session import Session
from sim.streams import draw, stream_key, uniform_below
from sim.venue import Fees, Venue
from sim.wire import Wire
from sim.world import World

TICK_UNITS = 100
ALL_TRIGGERS = Trigger.BBO | Trigger.TRADE


class Restless:
    """A participant that does a bit of everything, as draws on what it sees say."""

    def __init__(self, desk: int, key: int) -> None:
        self.desk = desk
        self.key = key
        self.sequence = 0
        self.live: list[tuple[int, int]] = []

    def start(self, now_ns: int) -> list[Command]:
        """Two timers."""
        return [SetTimer(timer_id=i, due_ns=now_ns + 3_000 * i + 7) for i in (1, 2)]

    def on(self, message: Inbound, now_ns: int) -> list[Command]:
        """Submit, replace, cancel or ask about something, or nothing."""
        if isinstance(message, Report):
            return self._on_report(message)
        if isinstance(message, TimerFired):
            return [SetTimer(timer_id=message.timer_id, due_ns=now_ns + 2_345)]
        return self._on_view(message)

    def _on_report(self, report: Report) -> list[Command]:
        entry = (report.book_id, report.order_id)
        if report.leaves_lots == 0 and report.type != ReportType.ACCEPTED and entry in self.live:
            self.live.remove(entry)
        return []

    def _on_view(self, view: View) -> list[Command]:
        bits = draw(self.key, view.seq, view.venue_ns)
        choice = uniform_below(bits, 10)
        if choice < 5 and view.two_sided:
            return [self._submit(view, bits)]
        if choice < 9 and self.live:
            book_id, order_id = self.live[bits % len(self.live)]
            if choice == 8:
                return [Query(book_id=book_id, order_id=order_id)]
            if choice == 5:
                return [Cancel(book_id=book_id, order_id=order_id)]
            price_ticks = (view.bid_ticks if view.bid_ticks != NO_PRICE else 100) + bits % 3 - 1
            qty_lots = 1 + bits % 40
            return [
                Replace(
                    book_id=book_id, order_id=order_id, price_ticks=price_ticks, qty_lots=qty_lots
                )
            ]
        return []

    def _submit(self, view: View, bits: int) -> Submit:
        self.sequence += 1
        order_id = self.desk << 40 | self.sequence
        self.live.append((view.book_id, order_id))
        side = Side(bits >> 7 & 1)
        touch = view.bid_ticks if side is Side.BUY else view.ask_ticks
        return Submit(
            book_id=view.book_id,
            order_id=order_id,
            side=side,
            price_ticks=touch + (bits >> 9) % 5 - 2,
            qty_lots=1 + (bits >> 13) % 60,
            order_type=OrderType((bits >> 20) % 8 == 0),
            tif=TimeInForce((bits >> 24) % 3),
            post_only=(bits >> 28) % 6 == 0,
        )


@dataclass
class Setup:
    """The numbers of one small world."""

    seed: int
    mode: Mode
    book_count: int = 2
    host_count: int = 3
    message_count: int = 400
    grid_ns: int = 40
    feed_ns: list[int] = field(default_factory=lambda: [1, 90, 350])
    order_ns: list[int] = field(default_factory=lambda: [5, 120, 60])
    compute_ns: list[int] = field(default_factory=lambda: [1, 40, 400])
    stale_ns: list[int] = field(default_factory=lambda: [0, 600, 0])
    bursty: bool = False

    def rows(self) -> npt.NDArray[np.void]:
        """The merged tape: every book's flow, with times on a coarse grid so that many collide."""
        pieces = []
        for book_id in range(self.book_count):
            model = FlowModel(
                limit_mean_ns=60,
                market_mean_ns=300,
                life_mean_ns=9_000,
                band_ticks=6,
                qty_mean_lots=20,
                seed_orders=40,
                anchor_ticks=1_000,
            )
            spec = model.compile(
                seed=self.seed * 10 + book_id, book_id=0, start_ns=1_000, end_ns=1 << 40
            )
            parts = record_flow(
                spec, tick_units=TICK_UNITS, slice_ns=5_000, message_count=self.message_count
            )
            piece = np.concatenate(list(parts))
            piece["book_id"] = book_id
            piece["ts_ns"] -= piece["ts_ns"] % self.grid_ns
            pieces.append(piece)
        merged = np.concatenate(pieces)
        return merged[np.argsort(merged["ts_ns"], kind="stable")]


@dataclass
class Rig:
    """One run of a setup."""

    setup: Setup
    slow: bool
    cuts: list[int] = field(default_factory=list)
    permute_key: int | None = None

    def run(self) -> "Rig":
        """Build, run to the end and keep what happened."""
        setup = self.setup
        rows = setup.rows()
        start_ns = int(rows[0]["ts_ns"])
        end_ns = int(rows[-1]["ts_ns"]) + 5_000
        self.clock = Clock(start_ns, end_ns, permute_key=self.permute_key)
        self.events: list[tuple[int, ...]] = []
        self.recorder = Recorder(self)
        world = self._world(rows)
        instruments = [
            Instrument(
                symbol=f"S{book}",
                venue="X",
                currency="USD",
                price_units_per_currency=10_000,
                tick_units=TICK_UNITS,
            )
            for book in range(setup.book_count)
        ]
        self.venue = Venue(world, instruments, Fees(maker_ppm=-20, taker_ppm=30))
        self.hosts = [self._host(number, world) for number in range(setup.host_count)]
        observers = [host.observe for host in self.hosts for _ in range(setup.book_count)]
        if isinstance(world, SlowWorld):
            world.answer = self.venue.answer
            world.observers = observers
        else:
            self.clock.market = WorldMarket(self.clock, world, self.venue, observers)
        for host in self.hosts:
            self.clock.at(start_ns, host.start)
        for cut_ns in sorted(self.cuts):
            if self.clock.now_ns < cut_ns < end_ns:
                self.clock.run_until(cut_ns)
        self.clock.run()
        self.recorder.flush()
        self.world = world
        self.digest = self.recorder.digest(
            *(str(world.state(book)) for book in range(setup.book_count))
        )
        return self

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        """Keep the recorder's events."""
        self.events.extend(Event(*row) for row in rows.tolist())

    def _latency(self, nanoseconds: int) -> npt.NDArray[np.int64]:
        if self.setup.bursty:
            return LogNormal(
                median_ns=nanoseconds,
                sigma=0.8,
                burst_probability=0.2,
                burst_every_ns=2_000,
                burst_factor=5.0,
            ).compile()
        return Constant(latency_ns=nanoseconds).compile()

    def _world(self, rows: npt.NDArray[np.void]) -> Any:
        setup = self.setup
        books = [
            BookSpec(
                tick_units=TICK_UNITS,
                handle_count=int(rows["handle"][rows["book_id"] == book].max()) + 1,
            )
            for book in range(setup.book_count)
        ]
        locals_ = [
            LocalSpec(
                book_id=book,
                latency=self._latency(setup.feed_ns[host % 3]),
                key=stream_key(setup.seed, f"feed/{host}/{book}"),
            )
            for host in range(setup.host_count)
            for book in range(setup.book_count)
        ]
        if self.slow:
            return SlowWorld(self.clock, mode=setup.mode, books=books, locals_=locals_, rows=rows)
        return World(
            mode=setup.mode,
            books=books,
            locals_=locals_,
            start_ns=self.clock.start_ns,
            rows=iter(np.array_split(rows, 7)),
        )

    def _host(self, number: int, world: Any) -> Host:
        setup = self.setup
        wires = [
            Wire(
                self.clock,
                self._latency(setup.order_ns[number % 3]),
                stream_key(setup.seed, f"{name}/{number}"),
            )
            for name in ("orders", "reports")
        ]
        session = Session(self.clock, self.recorder, host=number, orders=wires[0], reports=wires[1])
        feeds = [
            Feed(book, number * setup.book_count + book, number * setup.book_count + book)
            for book in range(setup.book_count)
        ]
        host = Host(
            self.clock,
            self.recorder,
            Restless(number + 1, stream_key(setup.seed, f"desk/{number}")),
            session,
            world,
            number=number,
            feeds=feeds,
            compute=self._latency(setup.compute_ns[number % 3]),
            key=stream_key(setup.seed, f"compute/{number}"),
            mode=setup.mode,
            triggers=ALL_TRIGGERS,
            stale_ns=setup.stale_ns[number % 3],
            depth_levels=2,
        )
        session.connect(
            lambda from_, command: self.venue.receive(from_, command, self.clock.now_ns),
            host.receive,
        )
        return host
