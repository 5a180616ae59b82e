"""A run's identity covers whatever decides it, a user's own strategy too."""

import sys
from pathlib import Path

import pytest

from scenarios.identity import code_digest
from scenarios.schema import load_scenario
from scenarios.sections import strategies_of

MINE = """
import msgspec

class MineConfig(msgspec.Struct, frozen=True):
    lots: int = {lots}

class MineState(msgspec.Struct):
    seen: int = 0

class Mine:
    Config = MineConfig
    State = MineState

    def __init__(self, config, *, books, instruments):
        self.state = MineState()

    def on_view(self, view, facts):
        return ()
"""


def test_a_users_own_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another source is another digest; ours are counted as part of the project already."""
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "mine_of_this_test.py"
    path.write_text(MINE.format(lots=1), encoding="utf-8")
    try:
        first = code_digest(["mine_of_this_test:Mine"])
        assert first == code_digest(["mine_of_this_test:Mine"])
        path.write_text(MINE.format(lots=2), encoding="utf-8")
        assert code_digest(["mine_of_this_test:Mine"]) != first
    finally:
        sys.modules.pop("mine_of_this_test", None)
    assert code_digest(["momentum"]) == code_digest() != first


def test_a_scenario_names_its_strategies_once() -> None:
    """Those of all desks, in order; a scenario of bare participants has none."""
    assert strategies_of(load_scenario("calm")[0]) == ["market_maker", "mean_reversion"]
    assert strategies_of(load_scenario("first_light")[0]) == []
