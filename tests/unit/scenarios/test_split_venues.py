"""One stock dealt to four venues with presets: their rules, and who trades past whose quotes."""

import json
from pathlib import Path

import numpy as np
import pytest

from sim.tape.read import open_tape
from sim.tape.split import load_shares, split_tape
from sim.tape.write import TapeWriter
from tests.several_books import SECOND_NS, START_NS, flow_tape, shown_in_run
from tests.split_venues import (
    PRESETS,
    SHARES,
    counted_in_run,
    counted_on_tape,
    run_venues,
    venue_scenario,
)

TEN_NS = START_NS + 10 * 3_600 * SECOND_NS
"""Ten in New York."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An invented tape of ten seconds, dealt to four venues."""
    made = tmp_path_factory.mktemp("split")
    whole = flow_tape(made / "whole.tape.parquet", "SIM", 5, 10, TEN_NS)
    (made / "v.toml").write_text(SHARES, encoding="utf-8")
    split_tape(whole, load_shares(made / "v.toml"), made / "split.tape.parquet")
    lagging(made / "split.tape.parquet", made / "late.tape.parquet")
    return made


def lagging(tape: Path, out: Path) -> None:
    """The tape with everything at BATS a quarter of a second late."""
    opened = open_tape(tape)
    rows = np.concatenate(list(opened.chunks()))
    rows["ts_ns"][rows["book_id"] == list(PRESETS).index("BATS")] += SECOND_NS // 4
    with TapeWriter(out) as writer:
        writer.append(rows[np.argsort(rows["ts_ns"], kind="stable")])
        writer.finish(opened.meta)


@pytest.mark.parametrize("phases", ["tape", "schedule"])
@pytest.mark.parametrize("name", ["split", "late"])
def test_frozen_venues_trade_past_each_other_as_often_as_a_plain_count_says(
    folder: Path, tmp_path: Path, name: str, phases: str
) -> None:
    tape = folder / f"{name}.tape.parquet"
    path = venue_scenario(tmp_path, symbol="SYN", mode="frozen", phases=phases)
    summary = run_venues(path, tape, tmp_path)
    found, wanted = counted_in_run(summary, "SYN USD"), counted_on_tape(open_tape(tape))
    assert list(summary.trade_throughs) == ["SYN USD"]
    assert found == {venue: wanted[venue] for venue in sorted(PRESETS)}
    assert sum(one.trades for one in found.values()) > 300
    # An aggressor of the whole book swept all venues at one instant; with a late one it cannot.
    throughs = sum(one.throughs for one in found.values())
    assert throughs == 0 if name == "split" else throughs > 10
    assert throughs < sum(one.trades for one in found.values())
    written = json.loads((Path(summary.folder) / "summary.json").read_text())
    assert set(written["trade_throughs"]["SYN USD"]) == set(PRESETS)


def test_a_buyer_who_heeds_one_venue_only_trades_past_the_others(
    folder: Path, tmp_path: Path
) -> None:
    tape = folder / "split.tape.parquet"
    hasty = (2_000, 8, "1ms")
    path = venue_scenario(tmp_path, symbol="SYN", mode="reactive", phases="tape", buyer=hasty)
    summary = run_venues(path, tape, tmp_path)
    found, frozen = counted_in_run(summary, "SYN USD"), counted_on_tape(open_tape(tape))
    assert summary.hosts[0].traded_lots > 1_000
    assert found["ARCX"].throughs > frozen["ARCX"].throughs
    passed = [one.passed_over for one in summary.trade_throughs["SYN USD"].values()]
    assert sum(passed) > 0


def test_presets_change_nothing_of_what_frozen_venues_show(folder: Path, tmp_path: Path) -> None:
    tape = folder / "split.tape.parquet"
    path = venue_scenario(tmp_path, symbol="SYN", mode="frozen", phases="tape")
    plain = tmp_path / "plain.toml"
    text = path.read_text(encoding="utf-8")
    host = text[text.index("[[hosts]]") :]
    plain.write_text(text[: text.index("phases")] + host, encoding="utf-8")
    assert shown_in_run(path, tape, 6)[:2] == shown_in_run(plain, tape, 6)[:2]
