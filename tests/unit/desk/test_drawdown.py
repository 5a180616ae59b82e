"""Drawdowns by hand, and that they are what a list of all marks says."""

from hypothesis import given
from hypothesis import strategies as st

from desk.state.drawdown import DrawdownData, day_drawdown, mark_equity, peak_drawdown, start_day


def begun(equity: int) -> DrawdownData:
    return DrawdownData(equity=equity, day_start=equity, day_peak=equity, peak=equity)


def test_worked_example_of_two_days() -> None:
    # Day 1: 1000 → 1200 → 900, day 2 begins at 900: → 950 → 940 → 1300.
    data = begun(1_000)
    seen = []
    for equity in (1_200, 900):
        mark_equity(data, equity)
        seen.append((day_drawdown(data), peak_drawdown(data)))
    start_day(data)
    seen.append((day_drawdown(data), peak_drawdown(data)))
    for equity in (950, 940, 1_300):
        mark_equity(data, equity)
        seen.append((day_drawdown(data), peak_drawdown(data)))

    assert seen == [(0, 0), (300, 300), (0, 300), (0, 250), (10, 260), (0, 0)]
    assert data == DrawdownData(equity=1_300, day_start=900, day_peak=1_300, peak=1_300)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**15), 10**15)), max_size=50))
def test_drawdowns_are_those_of_the_list_of_all_marks(steps: list[int | None]) -> None:
    data, marks, day = begun(0), [0], [0]
    for step in steps:
        if step is None:
            start_day(data)
            day = [marks[-1]]
            assert data.day_start == marks[-1]
        else:
            mark_equity(data, step)
            marks.append(step)
            day.append(step)
        assert peak_drawdown(data) == max(marks) - marks[-1] >= 0
        assert day_drawdown(data) == max(day) - day[-1] >= 0
