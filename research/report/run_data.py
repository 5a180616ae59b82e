"""What the folder of a run holds, read once: identity, summary, events and latencies."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market.errors import InputError
from market.instruments import Instrument

Ints = npt.NDArray[np.int64]

NEW_COLUMNS: Final = ("half", "fee", "figure", "exec_id")
"""Columns that runs of events format 1 lack; they count as zero there."""


class RunData(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        folder: Where it lies.
        identity: `[identity]` of run.toml.
        fingerprint: `[fingerprint]` of run.toml.
        summary: summary.json.
        books: What was traded, by `book_id`.
        hosts: Their names, by number.
        events: Columns of events.parquet, int64 each.
        latencies_ns: By kind of latency.
    """

    folder: Path
    identity: dict[str, Any]
    fingerprint: dict[str, Any]
    summary: dict[str, Any]
    books: list[Instrument]
    hosts: list[str]
    events: dict[str, Ints]
    latencies_ns: dict[str, Ints]

    @property
    def run_id(self) -> str:
        """The run's name."""
        return str(self.summary["run_id"])


def load_run(folder: Path) -> RunData:
    """Read a run's folder.

    Raises:
        InputError: It is none, or something in it is damaged.
    """
    summary = _summary(folder)
    run = _toml(folder)
    try:
        books = msgspec.convert(summary["books"], list[Instrument])
    except KeyError:
        raise InputError(
            f"{folder / 'summary.json'}: found no 'books', allowed is a run of this version; "
            "run the scenario again"
        ) from None
    except msgspec.ValidationError as error:
        raise InputError(f"{folder / 'summary.json'}: books: {error}") from None
    return RunData(
        folder=folder,
        identity=run["identity"],
        fingerprint=run.get("fingerprint", {}),
        summary=summary,
        books=books,
        hosts=[host["name"] for host in summary["hosts"]],
        events=_events(folder / "events.parquet"),
        latencies_ns=_latencies(folder / "latencies.parquet"),
    )


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise InputError(f"{folder}: found no summary.json, allowed a run's folder") from None
    except ValueError as error:
        raise InputError(f"{path}: found damaged JSON ({error})") from None
    if not isinstance(found, dict) or "run_id" not in found:
        raise InputError(f"{path}: found no run_id, allowed is the summary of a run")
    return found


def _toml(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{folder / 'run.toml'}: found no readable TOML ({error})") from None


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: found unreadable Parquet ({error})") from None


def _events(path: Path) -> dict[str, Ints]:
    table = _table(path)
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    for name in NEW_COLUMNS:
        columns.setdefault(name, np.zeros(table.num_rows, dtype=np.int64))
    return columns


def _latencies(path: Path) -> dict[str, Ints]:
    if not path.is_file():
        return {}
    table = _table(path)
    kinds = np.asarray(table.column("kind").cast(pa.string()).to_pylist(), dtype=object)
    latency_ns = table.column("latency_ns").to_numpy()
    return {kind: latency_ns[kinds == kind] for kind in sorted(set(kinds.tolist()))}
