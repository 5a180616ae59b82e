"""The page of a run says what the run's files say, and two runs are compared to the first event."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.codes import ReportType
from market.errors import InputError
from research.report import compare_runs, write_report
from research.report.page import BYTES_MAX, in_script, sections_of
from research.report.paths import fills_of, profit_of, thin
from research.report.run_data import Ints, RunData, load_run
from sim.recorder import EventKind
from tests.unit.research.report_runs import learned_run, routed_run, small_run

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("report"))


def test_the_last_point_of_profit_is_the_summary_to_the_cent(run: Path) -> None:
    data = load_run(run)
    told = float(data.summary["hosts"][0]["pnl"].split()[0])

    profit = profit_of(data, 0)
    assert data.summary["fills"] > 20
    # The summary marks at the venue's last mid, the page at the last one that the host saw.
    position = abs(data.summary["position_lots"])
    assert profit.profit[-1] == pytest.approx(told, abs=0.02 * position + 1e-6)


def test_fees_of_events_are_those_of_the_ledger(run: Path) -> None:
    data = load_run(run)
    fees = fills_of(data, 0, 0).fee.sum()

    assert fees == pytest.approx(float(data.summary["hosts"][0]["fees"].split()[0]), abs=1e-9)
    assert fees != 0.0


def test_a_bust_takes_its_fill_back_and_a_correction_replaces_it(run: Path) -> None:
    data = load_run(run)
    events = data.events
    filled = np.flatnonzero(
        (events["kind"] == EventKind.ANSWER) & (events["detail"] == ReportType.FILLED)
    )
    before = fills_of(data, 0, 0)
    told = {name: np.append(column, column[filled[:2]]) for name, column in events.items()}
    told["detail"][-2:] = (ReportType.BUSTED, ReportType.CORRECTED)
    told["qty_lots"][-1] += 7
    changed = fills_of(_with(data, told), 0, 0)

    assert len(changed.time_ns) == len(before.time_ns) - 1
    sign = 1 - 2 * int(events["side"][filled[1]])
    lost = before.signed_lots[0]
    assert changed.signed_lots.sum() == before.signed_lots.sum() - lost + 7 * sign


def _with(data: RunData, events: dict[str, Ints]) -> RunData:
    return msgspec.structs.replace(data, events=events)


def test_thinning_keeps_both_ends_and_every_extreme() -> None:
    values = np.sin(np.linspace(0, 60, 100_000))
    values[54_321] = 9.0
    kept = thin(values, 500)

    assert len(kept) <= 502
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    assert values[kept].max() == 9.0
    assert np.array_equal(thin(values[:100], 500), np.arange(100))


def test_the_page_is_one_file_without_a_second_source(run: Path, tmp_path: Path) -> None:
    facts = write_report(run, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")

    assert facts.bytes == len(text.encode("utf-8")) < BYTES_MAX
    assert text.count("plotly.js v") == 1
    assert not re.search(r'(src|href)="(?!data:)', text.replace(_library(text), ""))
    plots = sum(1 for part in sections_of(load_run(run)) for one in part.figures if one["data"])
    assert facts.plots == plots >= 5


def _library(text: str) -> str:
    start = text.index("<script>")
    return text[start : text.index("</script>", start)]


def test_what_a_run_says_cannot_become_markup(tmp_path: Path) -> None:
    title = "</script><script>alert(1)</script>"
    folder = small_run(tmp_path, name="nasty", title="Nasty")
    summary = json.loads((folder / "summary.json").read_text())
    summary["status"] = title
    summary["books"][0]["symbol"] = title
    (folder / "summary.json").write_text(json.dumps(summary))
    text_of = write_report(folder, tmp_path / "page.html")

    assert title not in (tmp_path / "page.html").read_text("utf-8")
    assert text_of.plots > 0
    assert "</" not in in_script({"a": title})


def test_equal_runs_compare_equal_and_seeds_differ_at_an_event(run: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    again = small_run(tmp_path / "again")
    other = small_run(tmp_path, seed=8)

    same = compare_runs(run, again)
    assert same.same
    assert same.first is None
    assert same.events_equal == len(load_run(run).events["time_ns"])
    found = compare_runs(run, other)
    assert not found.same
    assert found.identity == {"seed": (7, 8)}
    assert found.first is not None
    left, right = load_run(run).events, load_run(other).events
    index = found.first.index
    assert all(np.array_equal(left[name][:index], right[name][:index]) for name in left)
    assert any(left[name][index] != right[name][index] for name in left)


def test_a_shorter_run_differs_where_it_ends(run: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(run, cut)
    table = pq.read_table(run / "events.parquet")
    pq.write_table(table.slice(0, 100), cut / "events.parquet")
    found = compare_runs(run, cut)

    assert found.first is not None
    assert found.first.index == found.events_equal == 100
    assert found.first.right is None
    assert found.first.left is not None


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, run: Path) -> None:
    with pytest.raises(InputError, match=r"found no summary\.json, allowed a run's folder"):
        load_run(tmp_path)
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    (damaged / "events.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"events\.parquet: found unreadable Parquet"):
        load_run(damaged)
    with pytest.raises(InputError, match="cannot write there"):
        write_report(run, tmp_path / "no" / "folder" / "page.html")


def test_events_of_the_older_format_lack_fees_and_are_read(run: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(run, older)
    table = pq.read_table(run / "events.parquet")
    kept = [name for name in table.column_names if name not in ("half", "fee", "figure", "exec_id")]
    pq.write_table(pa.table({name: table.column(name) for name in kept}), older / "events.parquet")

    assert len(fills_of(load_run(older), 0, 0).time_ns) == load_run(run).summary["fills"]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return routed_run(tmp_path_factory.mktemp("routed"))


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learned_run(tmp_path_factory.mktemp("learned"))


@pytest.mark.parametrize("kind", ["run", "routed", "learned"])
def test_a_browser_draws_every_plot_without_an_error(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run = request.getfixturevalue(kind)
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if browser is None:
        reason = "no chromium: install it from the distribution's packages"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    facts = write_report(run, tmp_path / "page.html")
    assert facts.bytes < BYTES_MAX
    done = subprocess.run(
        [
            browser,
            *QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    body = re.search(r"<body[^>]*>", done.stdout)
    assert body is not None
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body[0]))
    assert "error" not in said, said
    assert int(said["plots"]) == int(said["drawn"]) == facts.plots
