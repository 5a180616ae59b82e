"""Mass quotes under random use: after a set exactly its legs rest; protection trips when it should."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Liquidity, Reason, Side
from market.messages import Cancel, QuoteLeg, Replace, Submit
from market.refusals import Refusal
from sim.front import ProtectionLimits, QuoteProtection, QuoteSets
from sim.front.quotes import QuoteCommand, QuoteFill

legs = st.lists(
    st.builds(
        lambda book, bid, spread, bid_lots, ask_lots: (book, bid, bid_lots, bid + spread, ask_lots),
        st.integers(0, 3),
        st.integers(90, 96),
        st.integers(1, 6),
        st.integers(0, 4),
        st.integers(0, 4),
    ),
    max_size=4,
    unique_by=lambda leg: leg[0],
)
quote_steps = st.lists(
    st.tuples(
        st.integers(0, 1),  # owner
        st.integers(0, 1),  # group
        legs,
        st.lists(st.integers(0, 200), max_size=6),  # which orders the venue takes no command about
        st.lists(st.integers(0, 40), max_size=5),  # which quotes fill afterwards, by one lot
    ),
    max_size=8,
)


class Books:
    """Books that only remember what rests, and fail on what no book would do."""

    def __init__(self) -> None:
        self.resting: dict[int, tuple[int, Side, int, int]] = {}
        self.used: set[int] = set()

    def run(self, command: QuoteCommand) -> None:
        if isinstance(command, Submit):
            assert command.order_id not in self.used
            assert command.terms is not None
            assert command.terms.quote
            self.used.add(command.order_id)
            self.resting[command.order_id] = (
                command.book_id,
                command.side,
                command.price_ticks,
                command.qty_lots,
            )
        elif isinstance(command, Cancel):
            del self.resting[command.order_id]
        else:
            book, side, price, open_lots = self.resting[command.order_id]
            assert price == command.price_ticks
            assert 0 < command.qty_lots < open_lots  # in place, so its priority stays
            self.resting[command.order_id] = (book, side, price, command.qty_lots)

    def crossed(self, ids: set[int]) -> bool:
        """Whether any of these orders could trade with another of them."""
        mine = [self.resting[n] for n in ids if n in self.resting]
        bids = [(book, price) for book, side, price, _ in mine if side is Side.BUY]
        asks = [(book, price) for book, side, price, _ in mine if side is Side.SELL]
        return any(a[0] == b[0] and b[1] >= a[1] for b in bids for a in asks)


@settings(max_examples=200)
@given(steps=quote_steps, all_or_nothing=st.booleans(), whole_set=st.booleans())
def test_after_a_set_exactly_its_legs_rest(
    steps: list[tuple[int, int, list[Any], list[int], list[int]]],
    *,
    all_or_nothing: bool,
    whole_set: bool,
) -> None:
    quotes = QuoteSets(all_or_nothing=all_or_nothing, whole_set=whole_set)
    books, next_id = Books(), 0
    belongs: dict[int, tuple[int, int]] = {}
    for owner, group, shape, not_taken, filled in steps:
        made = []
        for book, bid, bid_lots, ask, ask_lots in shape:
            made.append(QuoteLeg(book, bid, bid_lots, ask, ask_lots, next_id, next_id + 1))
            belongs |= {next_id: (owner, group), next_id + 1: (owner, group)}
            next_id += 2
        before = {n: books.resting[n] for n in quotes.resting(owner, group)}
        others = {n: r for n, r in books.resting.items() if belongs[n] != (owner, group)}

        def admit(command: QuoteCommand, ids: list[int] = not_taken) -> Refusal | None:
            return Refusal(Reason.TOO_LARGE, 1) if command.order_id in ids else None

        plan = quotes.plan(owner, group, tuple(made), admit)
        for command in plan.commands:
            books.run(command)
            assert not books.crossed({n for n, key in belongs.items() if key == (owner, group)})
        check_set(quotes, books, plan, (owner, group), made, before, whole_set=whole_set)
        for n, resting in others.items():
            assert books.resting[n] == resting
        for pick in filled:
            fill_one(quotes, books, belongs, pick)


def check_set(
    quotes: QuoteSets, books: Books, plan: Any, key: tuple[int, int], made: list[QuoteLeg],
    before: dict[int, Any], *, whole_set: bool,
) -> None:  # fmt: skip
    """What rests is the set, or the one before when it was refused."""
    resting = {n: books.resting[n] for n in quotes.resting(*key)}
    if plan.refusal is not None:
        assert not plan.commands
        assert resting == before
        return
    wanted = {
        (leg.book_id, side, price, lots)
        for leg in made
        for side, price, lots in (
            (Side.BUY, leg.bid_ticks, leg.bid_lots),
            (Side.SELL, leg.ask_ticks, leg.ask_lots),
        )
        if lots
    }
    named = {leg.book_id for leg in made}
    kept = {r for r in before.values() if r[0] not in named and not whole_set}
    left_out = set()
    for command, _ in plan.left_out:
        if isinstance(command, Submit):
            left_out.add((command.book_id, command.side))
        else:
            assert isinstance(command, Replace)
            left_out.add(before[command.order_id][:2])
    assert set(resting.values()) == {w for w in wanted if w[:2] not in left_out} | kept


def fill_one(
    quotes: QuoteSets, books: Books, belongs: dict[int, tuple[int, int]], pick: int
) -> None:
    """One lot of some quote that rests trades."""
    alive = sorted(books.resting)
    if not alive:
        return
    n = alive[pick % len(alive)]
    book, side, price, lots = books.resting[n]
    found = quotes.on_fill(n, 1)
    assert found is not None
    assert (found.owner, found.group) == belongs[n]
    assert found.quoted_lots - found.filled_lots == lots
    if lots == 1:
        del books.resting[n]
    else:
        books.resting[n] = (book, side, price, lots - 1)


fills = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 4), st.integers(0, 6), st.booleans()), max_size=40
)


@settings(max_examples=200)
@given(
    fills=fills,
    window_ns=st.integers(1, 20),
    volume_lots=st.integers(1, 12),
    trades=st.integers(1, 6),
    share=st.integers(1, 3),
)
def test_a_sliding_protection_trips_exactly_when_a_sum_over_its_window_is_reached(
    fills: list[tuple[int, int, int, bool]],
    window_ns: int,
    volume_lots: int,
    trades: int,
    share: int,
) -> None:
    limits = ProtectionLimits(
        window_ns=window_ns, volume_lots=volume_lots, trades=trades, share_ppm=share * 1_000_000
    )
    protection, now_ns = QuoteProtection(limits), 0
    seen: list[tuple[int, int, Fraction]] = []
    for gap_ns, lots, more, taker in fills:
        now_ns += gap_ns
        quoted = lots + more
        seen.append((now_ns, lots, Fraction(lots, quoted)))
        inside = [one for one in seen if one[0] > now_ns - window_ns]
        reached = (
            sum(one[1] for one in inside) >= volume_lots
            or len(inside) >= trades
            # Each of these fills is the first of its quote, and rounded down.
            or sum(int(one[2] * 1_000_000) for one in inside) >= share * 1_000_000
        )
        liquidity = Liquidity.TAKER if taker else Liquidity.MAKER
        tripped = protection.on_fill(QuoteFill(0, 0, lots, 0, quoted), liquidity, now_ns)
        assert (tripped is not None) == reached
        assert (protection.refusal(0, 0, now_ns) is not None) == reached
        if reached:
            protection.reset(0, 0, now_ns)
            seen.clear()
