"""SQL sees the given file and nothing else, and changes nothing."""

import builtins
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.errors import InputError
from scenarios.query import query
from sim.recorder import EVENT_COLUMNS
from tests.unit.sim.tapes import book, random_rows, write


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return write(tmp_path / "a.tape.parquet", random_rows(3, 400), (book(),))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    columns = {name: np.arange(10, dtype=np.int64) for name in EVENT_COLUMNS}
    pq.write_table(pa.table(columns), folder / "events.parquet")
    (folder / "summary.json").write_text(
        json.dumps({"fills": 3, "hosts": [{"name": "a", "fills": 3}]}), encoding="utf-8"
    )
    return folder


def test_a_tape_is_a_view_with_its_columns(tape: Path) -> None:
    rows = random_rows(3, 400)

    found = query(tape, "SELECT kind, count(*) AS n, sum(qty)::BIGINT AS lots FROM tape "
                        "GROUP BY kind ORDER BY kind")  # fmt: skip

    kinds = np.unique(rows["kind"]).tolist()
    assert found.columns == ["kind", "n", "lots"]
    assert found.rows == [
        [kind, int((rows["kind"] == kind).sum()), int(rows["qty"][rows["kind"] == kind].sum())]
        for kind in kinds
    ]
    assert not found.more


def test_a_run_has_events_and_a_summary(run: Path) -> None:
    assert query(run, "SELECT max(time_ns) FROM events").rows == [[9]]
    assert query(run, "SELECT fills, hosts[1].name FROM summary").rows == [[3, "a"]]
    assert query(run, "SELECT hosts FROM summary").rows == [[[{"name": "a", "fills": 3}]]]


def test_an_answer_is_cut_at_its_limit_and_says_so(tape: Path) -> None:
    found = query(tape, "FROM tape ORDER BY ts_ns", limit=7)

    assert len(found.rows) == 7
    assert found.more
    assert not query(tape, "SELECT 1 LIMIT 7", limit=7).more


def test_columns_of_one_name_are_told_apart_and_values_are_plain(tape: Path) -> None:
    found = query(
        tape, "SELECT 1 AS a, 2 AS a, 1.5::DECIMAL(3,1) AS b, DATE '2020-01-02' AS c, NULL"
    )

    assert found.columns[:4] == ["a", "a_2", "b", "c"]
    assert found.rows == [[1, 2, "1.5", "2020-01-02", None]]
    json.dumps(found.rows)


secret_table = pa.table({"found": [1]})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_parquet('{secret}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM secret_table",
        "COPY tape TO '{folder}/out.csv'",
        "ATTACH '{folder}/out.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW tape",
        "PRAGMA database_list; SELECT 1",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT nothing FROM tape",
        "",
    ],
)
def test_all_else_is_refused_in_one_line(tape: Path, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.parquet"
    pq.write_table(secret_table, secret)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(InputError) as caught:
        query(tape, sql.format(secret=secret, folder=tmp_path))

    assert str(caught.value).startswith("query: found ")
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_without_duckdb_the_extra_is_named(tape: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def without(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        if name == "duckdb":
            raise ImportError(name)
        return ordinary(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(InputError, match=r"pip install 'market-twin\[query\]'"):
        query(tape, "SELECT 1")


def test_what_is_neither_a_run_nor_a_tape_is_refused(tmp_path: Path, run: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        query(tmp_path / "none", "SELECT 1")
    with pytest.raises(InputError, match="allowed a run's folder"):
        query(tmp_path, "SELECT 1")
    (run / "summary.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="damaged JSON"):
        query(run, "SELECT 1")
