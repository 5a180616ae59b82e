"""How much memory a process took at most, and what a process of its own says about that.

Peaks are those of the process's own image: `ru_maxrss` would also count what its parent held when it
started it, so that under a large test runner every child looks equally large.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

KIB_PER_MIB = 1_024


def peak_kib() -> int:
    """The most that this process has held at one time so far."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0])


class Mark:
    """The peak at the moment at which a given amount of the work was done."""

    def __init__(self, due: int) -> None:
        self._due = due
        self.peak_kib = 0

    def at(self, done: int) -> None:
        """Take note of the peak, the first time that enough is done."""
        if not self.peak_kib and done >= self._due:
            self.peak_kib = peak_kib()


def measured(root: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Run a module in a process of its own; what it prints, which is one line of JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result
