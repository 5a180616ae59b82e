"""SQL over a run or a tape, answered by DuckDB.

A tape is the view `tape`. A run has the views `events`, `latencies` and `summary` (one row, the
fields of its summary.json). DuckDB sees nothing else: it runs in memory, gets the columns through
Arrow, and its access to files, networks, extensions and Python variables is shut before the query
is read. One SELECT (or SHOW, DESCRIBE, EXPLAIN) at a time, so nothing can be changed.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from market.errors import InputError

if TYPE_CHECKING:
    import duckdb

ROWS_MAX: Final = 1_000
RUN_TABLES: Final = ("events", "latencies")


class QueryResult(msgspec.Struct, frozen=True, kw_only=True):
    """Columns and rows of an answer; `more` says that rows beyond the limit were left out."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool


def query(path: Path, sql: str, *, limit: int = ROWS_MAX) -> QueryResult:
    """Ask a run's folder or a tape.

    Args:
        path: A run's folder, or a tape.
        sql: One SELECT over the views.
        limit: Most rows of the answer.

    Raises:
        InputError: DuckDB is not installed, there is nothing to ask, or the SQL is not one SELECT
            that DuckDB understands.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError(
            "query: found no DuckDB, allowed with it: pip install 'market-twin[query]'"
        ) from None
    with duckdb.connect(":memory:", config={"python_enable_replacements": False}) as connection:
        for name, relation in _views(path).items():
            connection.register(name, relation)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            _require_select(connection, sql)
            found = connection.execute(sql)
            columns = _distinct([str(item[0]) for item in found.description or ()])
            rows = found.fetchmany(limit + 1)
        except duckdb.Error as error:
            text = " ".join(str(error).split())
            raise InputError(f"query: found {text[:300]}, allowed SQL that DuckDB takes") from None
    plain = [[_plain(value) for value in row] for row in rows[:limit]]
    return QueryResult(columns=columns, rows=plain, more=len(rows) > limit)


def _require_select(connection: "duckdb.DuckDBPyConnection", sql: str) -> None:
    """Refuse everything but one statement that only reads."""
    names = [
        str(statement.type).rpartition(".")[2].upper()
        for statement in connection.extract_statements(sql)
    ]
    if len(names) != 1 or names[0] not in ("SELECT", "EXPLAIN"):
        raise InputError(f"query: found {', '.join(names) or 'nothing'}, allowed one SELECT")


def _views(path: Path) -> dict[str, Any]:
    """What there is to ask, by name."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    from sim.tape.read import open_tape

    if not path.is_dir():
        open_tape(path)
        return {"tape": ds.dataset(path, format="parquet")}
    views: dict[str, Any] = {}
    for name in RUN_TABLES:
        file = path / f"{name}.parquet"
        if file.is_file():
            try:
                views[name] = ds.dataset(file, format="parquet")
            except (pa.ArrowException, OSError) as error:
                raise InputError(f"{file}: found unreadable Parquet ({error})") from None
    summary = path / "summary.json"
    if "events" not in views or not summary.is_file():
        raise InputError(
            f"{path}: found no events.parquet and summary.json, allowed a run's folder"
        )
    try:
        fields = json.loads(summary.read_bytes())
    except ValueError as error:
        raise InputError(f"{summary}: found damaged JSON ({error})") from None
    views["summary"] = pa.Table.from_pylist([fields])
    return views


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, each its own: `a, a` becomes `a, a_2`."""
    result: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in result:
            number += 1
            candidate = f"{name}_{number}"
        result.append(candidate)
    return result


def _plain(value: object) -> object:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)
