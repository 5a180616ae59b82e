"""Records on their way to a stand-by: a whole prefix at every moment, whatever the wire does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.clock import Clock
from sim.latency import Constant, LogNormal
from sim.pair.replication import MOST_AGAIN, Confirmed, Incoming, Outgoing, Shipment, ShippingStore
from sim.streams import stream_key
from sim.wire import Impairment, ImpairmentKind, Wire

PREFIX = b"head"
AGAIN_NS = 5_000
WIRE_NS = 100
END_NS = 1 << 40


class Medium:
    """Bytes, and how many of them a crash would leave."""

    def __init__(self) -> None:
        self.data = b""
        self.durable = 0

    def append(self, data: bytes) -> None:
        self.data += data

    def mark(self) -> int:
        return len(self.data)

    def sync_to(self, mark: int) -> None:
        self.durable = max(self.durable, mark)


class Copy:
    """A follower that takes whatever is given it."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    @property
    def count(self) -> int:
        return len(self.frames)

    @count.setter
    def count(self, _: int) -> None:
        raise AssertionError

    def apply(self, frame: bytes) -> None:
        self.frames.append(frame)


class Rig:
    """Both ends over a wire that may be impaired one way or both; the stand-by confirms what it takes."""

    def __init__(
        self, *there: Impairment, back: tuple[Impairment, ...] = (), jitter: bool = False
    ) -> None:
        self.clock = Clock(0, END_NS)
        block = (
            LogNormal(median_ns=WIRE_NS, sigma=1.5) if jitter else Constant(latency_ns=WIRE_NS)
        ).compile()
        self.there = Wire(self.clock, block, stream_key(1, "there"), there)
        self.back = Wire(self.clock, block.copy(), stream_key(1, "back"), back)
        self.copy = Copy()
        self.incoming = Incoming(self.copy)
        self.out = Outgoing(self.clock, self.there, self._take, again_ns=AGAIN_NS)
        self.medium = Medium()
        self.store = ShippingStore(self.medium, PREFIX)
        self.store.ship = self.out.ship
        self.store.append(PREFIX)
        self.frames: list[bytes] = []
        self.said = 0

    def _take(self, shipment: Shipment) -> None:
        self.incoming.take(shipment)
        self.whole()
        self.said += 1
        confirmed = Confirmed(self.incoming.taken)
        self.back.send(self.clock.now_ns, self.said, 0, self.out.confirm, confirmed)

    def record(self, count: int = 1) -> None:
        """So many records become durable at the primary."""
        for _ in range(count):
            frame = f"<{len(self.frames)}>".encode()
            self.frames.append(frame)
            self.store.append(frame)
        self.store.sync()

    def whole(self) -> None:
        """The copy is a prefix of what a crash of the primary would leave."""
        copied = PREFIX + b"".join(self.copy.frames)
        assert self.medium.data[: self.medium.durable].startswith(copied)

    def wait(self, span_ns: int) -> None:
        """Let time pass; the primary looks every thousand nanoseconds."""
        until_ns = self.clock.now_ns + span_ns
        while self.clock.now_ns < until_ns:
            self.clock.run_until(min(self.clock.now_ns + 1_000, until_ns))
            self.out.look()


# --- the store -----------------------------------------------------------------------------------------------


def test_nothing_is_shipped_that_a_crash_could_take_back() -> None:
    shipped: list[tuple[int, tuple[bytes, ...]]] = []
    store = ShippingStore(Medium(), PREFIX)
    store.ship = lambda first, frames: shipped.append((first, frames))
    store.append(PREFIX)
    store.append(b"one")
    one = store.mark()
    store.append(b"two")
    store.append(b"three")
    assert shipped == []

    store.sync_to(one - 1)
    assert shipped == []
    store.sync_to(one)
    store.sync_to(one)
    store.sync()

    assert shipped == [(0, (b"one",)), (1, (b"two", b"three"))]
    assert store.durable_count == 3


def test_a_store_that_nobody_listens_to_counts_all_the_same() -> None:
    store = ShippingStore(Medium(), PREFIX)
    store.append(PREFIX)
    store.sync()
    assert store.durable_count == 0
    store.append(b"one")
    store.sync()
    assert store.durable_count == 1


# --- both ends ------------------------------------------------------------------------------------------------


def test_what_is_shipped_arrives_and_is_confirmed() -> None:
    rig = Rig()
    rig.record(3)
    rig.record(2)
    rig.wait(2 * WIRE_NS + 1)

    assert rig.copy.frames == rig.frames
    assert (rig.out.count, rig.out.confirmed, rig.out.lag_max, rig.out.resent) == (5, 5, 5, 0)
    assert rig.incoming.out_of_order == 0


def test_what_the_wire_lost_is_sent_again_from_the_first_that_is_missing() -> None:
    rig = Rig(Impairment(kind=ImpairmentKind.PARTITION, from_ns=50, until_ns=3_000))
    rig.record()
    rig.wait(100)
    rig.record(2)
    rig.wait(3_900)
    rig.record()
    rig.wait(1_000)
    assert rig.copy.frames == rig.frames[:1]
    assert rig.incoming.out_of_order == 1

    rig.wait(AGAIN_NS)

    assert rig.copy.frames == rig.frames
    assert (rig.out.confirmed, rig.out.resent) == (4, 3)


def test_nothing_is_sent_again_before_its_time_and_not_at_every_look() -> None:
    rig = Rig(Impairment(kind=ImpairmentKind.PARTITION, from_ns=0, until_ns=END_NS))
    rig.record()
    rig.wait(AGAIN_NS - 1)
    assert rig.out.resent == 0
    rig.wait(1)
    assert rig.out.resent == 1
    rig.wait(AGAIN_NS - 1_000)
    assert rig.out.resent == 1


def test_a_long_partition_costs_so_many_frames_a_time_and_no_record() -> None:
    rig = Rig(Impairment(kind=ImpairmentKind.PARTITION, from_ns=0, until_ns=10_000))
    rig.record(3 * MOST_AGAIN + 1)
    rig.wait(3 * AGAIN_NS)
    assert len(rig.copy.frames) == MOST_AGAIN
    assert rig.out.resent == 2 * MOST_AGAIN

    rig.wait(4 * AGAIN_NS)

    assert rig.copy.frames == rig.frames


def test_when_confirmations_are_lost_what_is_known_is_left_alone() -> None:
    lost = Impairment(kind=ImpairmentKind.PARTITION, from_ns=0, until_ns=2 * AGAIN_NS)
    rig = Rig(back=(lost,))
    rig.record(2)
    rig.wait(4 * AGAIN_NS)

    assert rig.copy.frames == rig.frames
    assert rig.incoming.out_of_order == rig.out.resent > 0
    assert rig.out.confirmed == 2


def test_an_old_confirmation_takes_nothing_back() -> None:
    rig = Rig()
    rig.record(3)
    rig.wait(1_000)
    rig.out.confirm(Confirmed(1))
    rig.out.confirm(Confirmed(3))
    assert rig.out.confirmed == 3


def test_a_shipment_says_whether_something_of_it_was_new() -> None:
    incoming = Incoming(Copy())
    assert incoming.take(Shipment(0, (b"a", b"b")))
    assert not incoming.take(Shipment(0, (b"a", b"b")))
    assert not incoming.take(Shipment(3, (b"d",)))
    assert incoming.take(Shipment(1, (b"b", b"c")))
    assert (incoming.taken, incoming.out_of_order) == (3, 4)


KINDS = (
    ImpairmentKind.LOSS,
    ImpairmentKind.DUPLICATE,
    ImpairmentKind.PARTITION,
    ImpairmentKind.REORDER,
)
AMOUNTS = {ImpairmentKind.PARTITION: 0, ImpairmentKind.REORDER: 2}
ROWS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 40_000), st.integers(1, 20_000)), max_size=3
)


def impaired(rows: list[tuple[ImpairmentKind, int, int]]) -> tuple[Impairment, ...]:
    return tuple(
        Impairment(
            kind=kind, from_ns=from_ns, until_ns=from_ns + span, amount=AMOUNTS.get(kind, 500_000)
        )
        for kind, from_ns, span in rows
    )


@pytest.mark.parametrize("jitter", [False, True])
@settings(max_examples=60, deadline=None)
@given(
    there=ROWS,
    back=ROWS,
    records=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3_000)), max_size=25),
)
def test_the_copy_is_whole_at_every_moment_and_complete_once_wires_are_well(
    there: list[tuple[ImpairmentKind, int, int]],
    back: list[tuple[ImpairmentKind, int, int]],
    records: list[tuple[int, int]],
    *,
    jitter: bool,
) -> None:
    rig = Rig(*impaired(there), back=impaired(back), jitter=jitter)
    for count, pause_ns in records:
        rig.record(count)
        rig.wait(pause_ns)
        rig.whole()
    rig.wait(60_000 + 3 * AGAIN_NS)

    assert rig.copy.frames == rig.frames
    assert rig.out.confirmed == rig.out.count == len(rig.frames)
