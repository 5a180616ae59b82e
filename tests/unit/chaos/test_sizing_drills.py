"""Drills of sizing and execution pass because something holds, and not without it."""

from pathlib import Path
from time import perf_counter_ns

import pytest

import chaos.drills
from chaos.result import Verdict
from chaos.run import Drilled, run_drill
from desk.gate import VetoCode
from desk.limits import LimitCode
from market.codes import ReportType, Side
from sim.recorder import EventKind

FOLDER = Path(next(iter(chaos.drills.__path__)))


def run(name: str | Path) -> Drilled:
    return run_drill(name, wall_ns=perf_counter_ns, with_twin=False)


def changed(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A drill with some of its text replaced."""
    text = (FOLDER / f"{name}.toml").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "oversized_illiquid",
        "quote_stuffing_at_the_open",
        "buys_starved_of_cash",
        "correlations_jump_to_one",
    ],
)
def test_a_drill_passes(name: str) -> None:
    assert run(name).result.reasons == []


def test_without_caps_the_oversized_name_grows_past_what_is_allowed(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "oversized_illiquid",
        ("value_micros = 50_000_000_000", "value_micros = 50_000_000_000_000"),
        ("volume_ppm = 50_000\n", "volume_ppm = 1_000_000\n"),
        ("position_lots = 250\n", "position_lots = 25_000\n"),
        ("position_lots = 210\n", "position_lots = 21_000\n"),
        ("[expect]", "[limits]\nposition_lots = 320\n\n[expect]"),
    )

    drilled = run(path)

    assert drilled.result.verdict is Verdict.FAIL
    largest = max(abs(look.positions.get((0, 1), 0)) for look in drilled.played.history.looks[20:])
    assert largest > 600  # 15 % of the capital


def test_the_throttle_holds_orders_back_and_lets_cancels_through() -> None:
    drilled = run("quote_stuffing_at_the_open")

    [desk] = drilled.played.assembly.desks.values()
    assert desk.data.refusal_counts[LimitCode.RATE] > 100
    assert len(drilled.played.history.of(EventKind.CANCEL)) > 5


def test_without_a_correlation_limit_nothing_is_refused(tmp_path: Path) -> None:
    drilled = run(
        changed(
            tmp_path,
            "correlations_jump_to_one",
            ("correlation_ppm = 600_000", "correlation_ppm = 1_000_000"),
        )
    )

    assert drilled.result.verdict is Verdict.VACUOUS
    [desk] = drilled.played.assembly.desks.values()
    assert VetoCode.CORRELATION not in desk.data.veto_counts


def poorest(drilled: Drilled) -> int:
    """Least cash that a desk ever had beside what it began with, in 1/10,000 of a dollar."""
    cash, least = 0, 0
    for one in drilled.played.history.of(EventKind.ANSWER):
        if one.host == 0 and one.detail == ReportType.FILLED:
            sign = 1 if one.side == Side.SELL else -1
            cash += sign * one.price_ticks * 100 * one.qty_lots - one.fee
            least = min(least, cash)
    return least


def test_buys_spend_what_sells_have_brought_and_not_more(tmp_path: Path) -> None:
    had = 4_000 * 10_000
    change = ("cash_micros = 4_000_000_000", "cash_micros = 400_000_000_000")

    assert had + poorest(run("buys_starved_of_cash")) >= 0
    assert had + poorest(run(changed(tmp_path, "buys_starved_of_cash", change))) < 0
