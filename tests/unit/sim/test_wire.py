"""Wires: never overtake, draws belong to causes, and the impairment table does what it says."""

import pytest

from market.errors import InputError
from sim.clock import Clock
from sim.latency import Constant, LogNormal
from sim.streams import stream_key
from sim.wire import ARRIVES_NEVER, Impairment, ImpairmentKind, Wire

JITTERY = LogNormal(median_ns=1_000, sigma=1.5)


def wire_of(*impairments: Impairment, jitter: bool = False) -> tuple[Clock, Wire]:
    """A wire of 100 ns, or a jittery one, on a clock of its own."""
    clock = Clock(0, 1 << 50)
    latency = JITTERY if jitter else Constant(latency_ns=100)
    return clock, Wire(clock, latency.compile(), stream_key(7, "wire"), impairments)


def test_messages_arrive_in_the_order_in_which_they_left() -> None:
    clock, wire = wire_of(jitter=True)
    got: list[int] = []
    for number in range(500):
        wire.send(number, number, 0, got.append, number)

    clock.run()

    assert list(range(500)) == got


def test_leaving_one_message_out_moves_no_draw_of_another() -> None:
    _, wire = wire_of(jitter=True)
    alone = [wire.arrival_ns(10_000_000 * n, n, 0) for n in range(50)]
    _, other = wire_of(jitter=True)
    some = [other.arrival_ns(10_000_000 * n, n, 0) for n in range(0, 50, 7)]

    assert alone[::7] == some


def test_a_partition_loses_everything_that_departs_in_it() -> None:
    row = Impairment(kind=ImpairmentKind.PARTITION, from_ns=10, until_ns=20)
    clock, wire = wire_of(row)
    got: list[int] = []

    due = [wire.send(t, t, 0, got.append, t) for t in (9, 10, 19, 20)]
    clock.run()

    assert [109, ARRIVES_NEVER, ARRIVES_NEVER, 120] == due
    assert [9, 20] == got
    assert [2] == wire.lost


def test_loss_takes_its_share() -> None:
    row = Impairment(kind=ImpairmentKind.LOSS, from_ns=0, until_ns=1 << 40, amount=200_000)
    _, wire = wire_of(row)

    lost = sum(wire.arrival_ns(5, n, 0) == ARRIVES_NEVER for n in range(10_000))

    assert 1_850 < lost < 2_150


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": ImpairmentKind.LOSS, "from_ns": 0, "until_ns": 5, "amount": 1_000_001},
        {"kind": ImpairmentKind.LOSS, "from_ns": 5, "until_ns": 5},
        {"kind": ImpairmentKind.PARTITION, "from_ns": 0, "until_ns": 5, "amount": 1},
    ],
)
def test_a_wrong_impairment_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="allowed is"):
        Impairment(**fields)  # type: ignore[arg-type]


def test_a_repeated_message_arrives_twice_and_moves_no_other() -> None:
    row = Impairment(kind=ImpairmentKind.DUPLICATE, from_ns=0, until_ns=5_000, amount=300_000)
    clock, wire = wire_of(row, jitter=True)
    plain_clock, plain = wire_of(jitter=True)
    got: list[int] = []
    plain_got: list[int] = []
    for number in range(10_000):
        wire.send(number, number, 0, got.append, number)
        plain.send(number, number, 0, plain_got.append, number)

    clock.run()
    plain_clock.run()

    firsts = list(dict.fromkeys(got))
    assert firsts == plain_got == list(range(10_000))
    assert len(got) - len(firsts) == wire.lost[0]
    assert 1_300 < wire.lost[0] < 1_700
    assert max(number for number in got if got.count(number) == 2) < 5_000


def test_a_message_that_is_held_back_is_overtaken_by_as_many_as_it_says() -> None:
    row = Impairment(kind=ImpairmentKind.REORDER, from_ns=0, until_ns=10_000, amount=2)
    clock, wire = wire_of(row)
    got: list[int] = []
    for number in range(7):
        wire.send(10 * number, number, 0, got.append, number)

    clock.run_until(9_000)
    assert [1, 2, 0, 4, 5, 3] == got
    clock.run()

    assert [1, 2, 0, 4, 5, 3, 6] == got
    assert wire.lost == [3]


def test_what_is_held_back_arrives_after_the_stretch_in_any_case() -> None:
    row = Impairment(kind=ImpairmentKind.REORDER, from_ns=0, until_ns=10_000, amount=5)
    clock, wire = wire_of(row)
    got: list[tuple[int, int]] = []
    wire.send(0, 1, 0, lambda message: got.append((message, clock.now_ns)), 1)

    clock.run()

    assert [(1, 10_000)] == got
