"""Our lap: venue book, local book behind a wire, the own order's place in its queue.

It runs in a process of its own, as every competitor does, so that times and memory compare.
"""
# tidy: unimported the race runs it as a script

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from scenarios.race.ours import Lap, drive, look, warm_up


def peak_kib() -> int:
    """The process's largest memory; `ru_maxrss` would count its parent's from before the start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0])


def main(stream_path: str, result_path: str) -> None:
    """Drive the stream and write the result."""
    loaded = np.load(stream_path)
    stream = {name: loaded[name] for name in loaded.files}
    rows = stream["rows"]
    warm_up(stream)
    lap = Lap(stream, rows)
    began_ns = time.perf_counter_ns()  # tidy: this script is the stop-watch
    began_cpu_ns = time.process_time_ns()
    fills = drive(lap)
    cpu_ns = time.process_time_ns() - began_cpu_ns
    took_ns = time.perf_counter_ns() - began_ns  # tidy: this script is the stop-watch
    peak = peak_kib()
    result = {
        "wall_ns": took_ns,
        "cpu_ns": cpu_ns,
        "events": len(rows),
        "peak_kib": peak,
        "tops": look(Lap(stream, rows)),
        "tops_of": "local",
        "fills": fills,
        "carries": "venue book, local book, feed latency, queue position",
        "version": "this checkout",
    }
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
