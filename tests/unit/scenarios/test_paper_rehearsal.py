"""A rehearsal: what a session needs is compiled before its first frame."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys, time
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from scenarios.paper_rehearsal import rehearse
from scenarios.paper_session import read_session
from tests.paper_rig import entries, played
from tests.unit.console.test_paper_run import begun

def compiled():
    kept = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("sim."):
            for one in vars(module).values():
                if isinstance(one, Dispatcher):
                    kept[id(one)] = one
    return sum(len(one.signatures) for one in kept.values())

rehearse(*read_session(begun(Path(sys.argv[1]))))
before = compiled()
played(entries(1_500))
print(before, compiled())
"""


def test_nothing_is_compiled_behind_it(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    before, behind = map(int, found.stdout.split())
    assert before == behind > 5
