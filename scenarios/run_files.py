"""The folder of a run: identity, events, summary, log and digest, never half-written.

A run writes into `<runs>/.<id>-<process>.partial` and takes its name when it is finished. A finished
run of the same identity is replaced: it holds the same digest. An interrupted run keeps what it has,
as `<id>-partial`, with its summary saying so.
"""

import logging
import os
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from market.errors import InputError
from scenarios.identity import RUN_FORMAT_VERSION, Identity, fingerprint
from scenarios.run_journal import JOURNAL_SUFFIX, RunWriter
from scenarios.telemetry import Percentiles, measure
from sim.recorder import EVENT_COLUMNS

EVENTS_FORMAT_VERSION: Final = 2
LOG: Final = logging.getLogger("twin.run")


class RunFolder:
    """Where one run is written; also the sink of its events."""

    def __init__(self, runs_dir: Path, identity: Identity, scenario_text: str) -> None:
        self.identity = identity
        self._runs_dir = runs_dir
        self._work = runs_dir / f".{identity.run_id}-{os.getpid()}.partial"
        try:
            self._work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{runs_dir}: cannot make a run's folder there ({error.strerror}); "
                "allowed is a folder that can be written"
            ) from None
        self._handler = logging.FileHandler(self._work / "run.log", mode="w", encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        logging.getLogger("twin").addHandler(self._handler)
        self._level_before = logging.getLogger("twin").level
        logging.getLogger("twin").setLevel(logging.DEBUG)
        (self._work / "scenario.toml").write_text(scenario_text, encoding="utf-8")
        (self._work / "run.toml").write_text(_run_toml(identity), encoding="utf-8")
        schema = pa.schema(
            [(name, pa.int64()) for name in EVENT_COLUMNS],
            metadata={"market_twin_events": str(EVENTS_FORMAT_VERSION)},
        )
        self._schema = schema
        self._writer = pq.ParquetWriter(self._work / "events.parquet", schema, compression="zstd")
        LOG.info("identity %s", msgspec.json.encode(identity).decode())

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        """Append recorded events."""
        columns = [pa.array(np.ascontiguousarray(rows[:, i])) for i in range(rows.shape[1])]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def journal(self, host: str) -> RunWriter:
        """Where the journal of a host goes."""
        return RunWriter(self.journal_path(host))

    def journal_path(self, host: str) -> Path:
        """File of the journal of a host, while the run is being written."""
        return self._work / f"{host}{JOURNAL_SUFFIX}"

    def latencies(self, hosts: list[str]) -> dict[str, dict[str, Percentiles]]:
        """Measure every latency of the events, all of which are written, into latencies.parquet."""
        self._writer.close()
        return measure(self._work / "events.parquet", self._work / "latencies.parquet", hosts)

    def finish(self, summary: dict[str, Any], *, complete: bool) -> Path:
        """Write the summary and give the folder its name; where it is."""
        LOG.info("digest %s", summary["digest"])
        self._close()
        name = self.identity.run_id if complete else f"{self.identity.run_id}-partial"
        target = self._runs_dir / name
        encoded = msgspec.json.encode({**summary, "folder": str(target)})
        text = msgspec.json.format(encoded, indent=2)
        (self._work / "summary.json").write_bytes(text + b"\n")
        (self._work / "digest").write_text(f"{summary['digest']}\n", encoding="utf-8")
        if target.exists():
            aside = self._runs_dir / f".{name}-{os.getpid()}.old"
            target.rename(aside)
            self._work.rename(target)
            shutil.rmtree(aside)
        else:
            self._work.rename(target)
        return target

    def discard(self) -> None:
        """Leave nothing behind: the run did not begin, or broke."""
        self._close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _close(self) -> None:
        self._writer.close()
        logger = logging.getLogger("twin")
        logger.removeHandler(self._handler)
        logger.setLevel(self._level_before)
        self._handler.close()


def _run_toml(identity: Identity) -> str:
    """The identity and the fingerprint as TOML; every value is a plain string or integer."""
    lines = [f"format_version = {RUN_FORMAT_VERSION}", "", "[identity]"]
    for name, value in msgspec.to_builtins(identity).items():
        lines.append(f"{name} = {value if isinstance(value, int) else _quoted(value)}")
    lines += ["", "[fingerprint]"]
    lines += [f"{name} = {_quoted(value)}" for name, value in fingerprint().items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return msgspec.json.encode(text).decode()
