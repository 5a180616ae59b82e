"""What own orders have cost goes back into sizes and schedules, at boundaries and at no other time."""

import msgspec
import pytest

from desk.tca.loop import CostLoop, LoopConfig, LoopData
from market.decisions import PPM
from market.errors import InputError

S = 1_000_000_000
TOLD = LoopConfig(
    boundary_ns=60 * S,
    knots=(100, 200, 400),
    costs_ppm=(100, 200, 400),
    cost_ppm_max=300,
    prior_orders=2,
    stretch_ppm_max=3 * PPM,
)


def loop(data: LoopData | None = None) -> CostLoop:
    made = CostLoop(TOLD, data or LoopData(), 1)
    made.boundary(10 * S)
    return made


def buy(made: CostLoop, order_id: int, parent_id: int, lots: int, price_ticks: int) -> None:
    """An order of a parent that began at a mid of 10,000 ticks, filled whole at a price."""
    made.sent(order_id, parent_id, 20_000)
    made.ended(order_id, 0, 1, [(price_ticks, lots)])


def test_before_anything_is_seen_the_prior_stands() -> None:
    assert loop().piece_lots(0) == 300
    assert loop().slices(0, 3_000, 5) == 10
    assert loop().slices(0, 300, 5) == 5
    assert loop().slices(0, 1_000_000, 5) == 15
    assert loop().position_max(0, 5) == 4_500


def test_between_boundaries_nothing_changes() -> None:
    made = loop()
    for number in range(20):
        buy(made, number + 1, 1, 200, 10_020)
    assert made.piece_lots(0) == 300
    assert made.boundary(59 * S) == []


def test_a_boundary_says_what_was_believed_and_what_is() -> None:
    made = loop()
    for number in range(20):
        buy(made, number + 1, 1, 200, 10_010)  # ten ticks above the mid: 1,000 ppm
    (learned,) = made.boundary(61 * S)

    assert (learned.boundary_ns, learned.orders) == (60 * S, 20)
    assert learned.before_ppm == (100, 200, 400)
    # Twenty orders of a thousand and priors of 200 and 400 worth two each, which may not fall:
    # (20·1000 + 2·200 + 2·400) / 24.
    assert learned.after_ppm == (100, 883, 883)
    assert (learned.piece_before_lots, learned.piece_after_lots) == (300, 125)
    assert made.piece_lots(0) == 125
    assert made.boundary(119 * S) == []


def test_without_orders_it_comes_back_to_the_prior() -> None:
    made = loop()
    for number in range(20):
        buy(made, number + 1, 1, 200, 10_010)
    made.boundary(61 * S)
    pieces = []
    for minute in range(2, 12):
        made.boundary(minute * 60 * S)
        pieces.append(made.piece_lots(0))

    assert pieces == sorted(pieces)
    assert pieces[-1] >= 299


def test_what_earlier_pieces_moved_counts() -> None:
    made = loop()
    made.sent(1, 7, 20_000)
    made.ended(1, 0, 1, [(10_001, 100)])
    made.sent(2, 7, 20_020)  # the mid has moved ten ticks since the parent began
    made.ended(2, 0, 1, [(10_011, 100)])
    made.sent(3, 8, 20_020)
    made.ended(3, 0, -1, [(10_009, 100)])

    assert [cost_ppm for _, cost_ppm in made.data.books[0].seen] == [100, 1_100, 99]


def test_a_loop_made_anew_goes_on_as_the_old_one() -> None:
    one, other = loop(), loop()
    for number in range(50):
        buy(one, number + 1, number // 5, 50 * (number % 9) + 10, 10_000 + number % 13)
        raw = msgspec.msgpack.encode(other.data)
        other = CostLoop(TOLD, msgspec.msgpack.decode(raw, type=LoopData), 1)
        buy(other, number + 1, number // 5, 50 * (number % 9) + 10, 10_000 + number % 13)
        assert one.boundary(number * 9 * S) == other.boundary(number * 9 * S)
    assert msgspec.msgpack.encode(one.data) == msgspec.msgpack.encode(other.data)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"boundary_ns": 1}, "boundary_ns is 1"),
        ({"knots": (100, 100, 400)}, "rising ones"),
        ({"costs_ppm": (100, 50, 400)}, "ones that do not fall"),
        ({"cost_ppm_max": 0}, "cost_ppm_max is 0"),
        ({"stretch_ppm_max": 5}, "stretch_ppm_max is 5"),
    ],
)
def test_a_wrong_loop_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        msgspec.convert(msgspec.to_builtins(TOLD) | fields, LoopConfig)
