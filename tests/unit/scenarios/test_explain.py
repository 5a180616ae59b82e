"""Any order of a run is told from its journal alone: signal, permit, size, child, answers and fills."""

from pathlib import Path

import pytest

from desk.journal import Reader, RecordType, event_in
from market.decisions import PPM, Sized
from market.errors import InputError
from market.messages import Report, Submit
from scenarios.explain import Explanation, explain_order, size_in_words
from scenarios.run import run_scenario

FACTORS = """
[hosts.stack.strategies.sizing]
model = "factors"
lots_max = 300

[hosts.stack.strategies.sizing.factors]
base = "volatility_target"
regime = { volatile_ppm = 500_000 }
stops = { calm_ppm = 30_000, volatile_ppm = 10_000 }
capacity = { depth_ppm = 500_000 }
"""
PLAIN = 'sizing = { model = "volatility_target", lots_max = 300, contribution_ppm = 5_000 }\n'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour of the calm scenario, its second strategy sized by factors."""
    from scenarios.schema import load_scenario

    folder = tmp_path_factory.mktemp("runs")
    _, text, _ = load_scenario("calm")
    text = text.replace('duration = "1h"', 'duration = "15m"').replace(PLAIN, "")
    place = "[hosts.stack.strategies.params]\nmemory"
    assert place in text
    text = text.replace(place, FACTORS + "\n" + place)
    path = folder / "calm.toml"
    path.write_text(text, encoding="utf-8")
    summary = run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder,
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder)


@pytest.fixture(scope="module")
def told(run: Path) -> list[Explanation]:
    """Every order of the second strategy."""
    found = []
    for record in Reader((run / "desk.journal").read_bytes()):
        if record.type is RecordType.EVENT:
            for caused in event_in(record).commands:
                if isinstance(caused.command, Submit) and caused.cause.strategy == 1:
                    found.append(explain_order(run, caused.command.order_id))
    return found


def test_a_size_by_factors_is_told_line_by_line(told: list[Explanation]) -> None:
    sized = next(one for one in told if any("VOLATILITY_TARGET" in line for line in one.size))

    assert sized.signal.split(": ")[1].startswith("Target book_id=0 strength_ppm=")
    assert sized.permit.startswith("Permit permit_id=")
    assert sized.size[0].endswith(")")
    assert " lots EQUITY (equity " in sized.size[0]
    assert any(line.startswith("× ") and " STOP (regime " in line for line in sized.size)
    assert any(line.startswith("≤ 300 lots LOTS") for line in sized.size)
    assert sized.size[-1].startswith("= reach ")
    assert sized.child.startswith(f"Submit book_id=0 order_id={sized.order_id} side=")


def test_answers_and_fills_are_those_of_the_journal(run: Path, told: list[Explanation]) -> None:
    answers: dict[int, int] = {}
    for record in Reader((run / "desk.journal").read_bytes()):
        if record.type is RecordType.EVENT:
            message = event_in(record).message
            if isinstance(message, Report):
                answers[message.order_id] = answers.get(message.order_id, 0) + 1
    assert len(told) >= 3
    assert any(one.fills for one in told)
    for one in told:
        assert len(one.reports) + len(one.fills) == answers[one.order_id]


def test_a_journal_alone_is_enough(run: Path, told: list[Explanation], tmp_path: Path) -> None:
    alone = tmp_path / "alone.journal"
    alone.write_bytes((run / "desk.journal").read_bytes())

    assert explain_order(alone, told[0].order_id).size == told[0].size


def test_an_order_that_was_never_sent_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no order 7, allowed is one"):
        explain_order(run, 7)
    with pytest.raises(InputError, match="found no journal"):
        explain_order(tmp_path, 7)


def test_plain_sizes_and_quotes_are_told_too() -> None:
    plain = Sized(position_lots=-5, factors=(("full_lots", 10), ("strength", -500_000)))
    assert ["full_lots 10", "strength -500000", "= reach -5 lots"] == size_in_words(plain)

    quotes = Sized(bid_lots=5, ask_lots=7, factors=(("regime", 500_000), ("regime.regime", 3)))
    assert ["× 0.500000 REGIME (regime 3)", "= show 5 lots to buy, 7 to sell"] == size_in_words(
        quotes
    )


def test_a_size_that_costs_bounded_says_so_by_either_model() -> None:
    bound = ("cost_cap_lots", 300)
    plain = Sized(position_lots=-300, factors=(("full_lots", 900), ("strength", -500_000), bound))
    full = Sized(
        position_lots=300,
        factors=(("lots", 900 * PPM), ("strength", 500_000), ("cap_lots", 900), bound),
    )

    assert size_in_words(plain)[-2:] == [
        "≤ 300 lots by what they would cost  decides",
        "= reach -300 lots",
    ]
    told = size_in_words(full)
    assert told[-3:] == [
        "≤ 900 lots LOTS",
        "≤ 300 lots by what they would cost  decides",
        "= reach 300 lots",
    ]
    assert "= 450 lots" in told
