"""A call says what it would print: the auction's own answer, to hosts behind their wires."""

from market.codes import Mode, OrderType, Phase, Side, TimeInForce, Trigger
from market.messages import NO_PRICE
from sim.arena import BookSpec, LocalSpec
from sim.clock import Clock
from sim.latency import Constant
from sim.schedule.indications import Indications
from sim.venue_rules.book_rules import BookRules
from sim.world import ViewWords, World

LATENCY_NS = 5


def world(mode: Mode = Mode.REACTIVE) -> World:
    return World(
        mode=mode,
        books=[BookSpec(tick_units=100, rules=BookRules())],
        locals_=[LocalSpec(book_id=0, latency=Constant(latency_ns=LATENCY_NS).compile(), key=0)],
        start_ns=0,
    )


def rest(books: World, order_id: int, side: Side, price: int, lots: int) -> None:
    books.submit_terms(
        0, 10, order_id, owner=order_id, side=side, order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC, post=0, price_ticks=price, qty_lots=lots, cause=-order_id,
    )  # fmt: skip


def indication(words: ViewWords) -> tuple[int, int, int]:
    return words.indicative_ticks, words.indicative_lots, words.imbalance_lots


def test_hosts_hear_what_a_call_would_print_and_forget_it_with_the_phase() -> None:
    books = world()
    books.advance(10)
    books.command_phase(0, Phase.OPENING_CALL, 10, cause=-100)
    rest(books, 1, Side.BUY, 102, 300)
    rest(books, 2, Side.SELL, 99, 200)
    rest(books, 3, Side.SELL, 101, 50)
    books.advance(10 + LATENCY_NS)
    books.arm(0, Trigger.INDICATION, 10 + LATENCY_NS)
    before = books.state(0)
    books.indicate(0, 10 + LATENCY_NS, cause=-101)

    assert books.state(0) == before
    assert indication(books.view(0)) == (NO_PRICE, 0, 0)
    (woken,) = books.advance(40)
    assert woken.ts_ns == 10 + 2 * LATENCY_NS
    assert woken.qty_lots == Trigger.INDICATION
    assert indication(books.view(0)) == (102, 250, 50)
    books.command_phase(0, Phase.CONTINUOUS, 40, cause=-102)
    books.advance(60)
    view = books.view(0)
    assert indication(view) == (NO_PRICE, 0, 0)
    # What was indicated is what printed.
    assert (view.trade_units, view.trade_lots) == (102 * 100, 250)


def test_without_a_print_there_is_no_price() -> None:
    for mode, price in ((Mode.REACTIVE, 98), (Mode.FROZEN, 102)):
        books = world(mode)
        books.advance(10)
        books.command_phase(0, Phase.CLOSING_CALL, 10, cause=-100)
        rest(books, 1, Side.BUY, price, 300)
        rest(books, 2, Side.SELL, 99, 200)
        books.indicate(0, 10, cause=-101)
        books.advance(40)

        assert indication(books.view(0)) == (NO_PRICE, 0, 0), mode


def test_a_call_is_heard_at_every_interval_until_it_ends() -> None:
    clock = Clock(0, 1_000)
    said: list[tuple[int, int]] = []
    sayer = Indications(clock, lambda book_id: said.append((book_id, clock.now_ns)), 10)
    clock.at(5, lambda _: sayer.on_phase(0, Phase.OPENING_CALL, clock.now_ns), None)
    clock.at(38, lambda _: sayer.on_phase(0, Phase.CONTINUOUS, clock.now_ns), None)
    clock.at(40, lambda _: sayer.on_phase(0, Phase.VOLATILITY_CALL, clock.now_ns), None)
    clock.at(55, lambda _: sayer.on_phase(0, Phase.CLOSED, clock.now_ns), None)
    clock.run()

    assert said == [(0, 15), (0, 25), (0, 35), (0, 50)]
