"""`twin paper` before it begins: what is refused, and that nothing is left of it then."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

import bridge.paper.listing
from bridge.paper.listing import Described, Listed, Terms
from tests.paper_rig import BTC, text_of
from tests.unit.console.twin import run_twin


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def describe(_venue: str, _url: str, symbols: Sequence[str]) -> Described:
        named = [structs.replace(BTC, symbol=one) for one in symbols]
        return Described([Listed(instrument=one, terms=Terms()) for one in named], (), (1_000,))

    monkeypatch.setattr(bridge.paper.listing, "describe", describe)
    monkeypatch.setenv("TWIN_RUNS", str(tmp_path / "runs"))
    path = tmp_path / "paper.toml"
    path.write_text(text_of())
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--for", "0s"), "--for: found '0s', allowed is above 0"),
        (("--start-ns", "5"), "--start-ns: found 5 without --source-stamps"),
        (("--source-stamps",), "--source-stamps: found no --start-ns"),
        (("--symbol", "ETHUSDT"), "found book 'BTCUSDT', allowed ETHUSDT@BINANCE"),
        (("--venue", "nobody"), "venue: found 'nobody'"),
    ],
)
def test_what_cannot_begin_is_refused_and_leaves_no_folder(
    scenario: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = scenario.parent / "session"
    code, _ = run_twin("paper", scenario, "--out", out, *arguments)
    assert (code, message in capsys.readouterr().err) == (2, True)
    assert not out.exists()


def test_a_session_that_goes_on_is_not_made_another(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scenario.parent / "session.json").write_text("{}")
    code, _ = run_twin("paper", scenario.parent, "--for", "8h", "--seed", "3")
    assert code == 2
    assert "found --for, --seed with a session's folder" in capsys.readouterr().err
