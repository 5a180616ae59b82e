"""Our lap: venue book, local book behind a wire, the own order's place in its queue.

It runs in a process of its own, as every competitor does, so that times and memory compare.
"""
# tidy: unimported the race runs it as a script

import json
import resource
import sys
import time

import numpy as np

from scenarios.race.ours import Lap, drive, look, warm_up


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
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = {
        "wall_ns": took_ns,
        "cpu_ns": cpu_ns,
        "events": len(rows),
        "peak_kib": peak_kib,
        "tops": look(Lap(stream, rows)),
        "tops_of": "local",
        "fills": fills,
        "carries": "venue book, local book, feed latency, queue position",
        "version": "this checkout",
    }
    with open(result_path, "w", encoding="utf-8") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
