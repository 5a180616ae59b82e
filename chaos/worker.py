"""A process of its own for a drill or a planted bug: nothing of the stack is imported before a bug is in.

    python -m chaos.worker [--planted NAME] [--drill NAME [--seed N] [--tape FILE] [--out DIR] [--no-twin]]

It plants the bug, if any, runs the drill, if any, and prints one JSON object on one line. Of a planted
bug it says `planted`, `module` and `code_digest`, which tells the process from a clean one; of a drill
`drill`, `verdict`, `violated` (ids of invariants), `reasons`, `run_id`, `digest`, `wall_s`, and `folder`,
where it kept what it ran. The exit code is the verdict's: 0 PASS, 1 FAIL, 3 VACUOUS; 2 for what it was
asked and cannot do.
"""
# tidy: unimported a process of its own runs it as a module

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from chaos.planting import plant
from market.errors import InputError

EXIT_GOOD = 0
EXIT_INPUT = 2


def main(arguments: Sequence[str]) -> int:
    """Plant a bug, do what is asked, and say what came of it."""
    given = _parser().parse_args(arguments)
    told: dict[str, object] = {}
    try:
        if given.planted is not None:
            mutant = plant(given.planted)
            importlib.import_module(mutant.module)
            told = {"planted": mutant.name, "module": mutant.module}
        code = _drill(given, told) if given.drill is not None else EXIT_GOOD
    except InputError as error:
        sys.stderr.write(f"chaos.worker: {error}\n")
        return EXIT_INPUT
    from scenarios.identity import code_digest

    told["code_digest"] = code_digest()
    sys.stdout.write(json.dumps(told) + "\n")
    return code


def _parser() -> argparse.ArgumentParser:
    """What can be asked."""
    parser = argparse.ArgumentParser(prog="python -m chaos.worker", description=__doc__)
    parser.add_argument("--planted", metavar="NAME", help="A planted bug, by its name.")
    parser.add_argument("--drill", metavar="NAME", help="A packaged drill's name, or a TOML file.")
    parser.add_argument("--seed", type=int, help="Of every draw; the drill's own by default.")
    parser.add_argument("--tape", type=Path, help="A tape to replay.")
    parser.add_argument("--out", type=Path, help="Folder that keeps what was run.")
    parser.add_argument("--no-twin", action="store_true", help="Do not run it without faults, too.")
    return parser


def _drill(given: argparse.Namespace, told: dict[str, object]) -> int:
    """Run a drill; its exit code."""
    from chaos.report import write_report
    from chaos.run import run_drill, write_drill

    drilled = run_drill(
        given.drill,
        seed=given.seed,
        tape=given.tape,
        wall_ns=time.perf_counter_ns,
        with_twin=not given.no_twin,
    )
    result = drilled.result
    folder = ""
    if given.out is not None:
        folder = str(write_drill(given.out, drilled))
        write_report(drilled, Path(folder), shared=True)
    told.update(
        drill=result.name,
        verdict=result.verdict.value,
        violated=[row.id for row in result.invariants if row.state == "violated"],
        reasons=result.reasons,
        run_id=result.run_id,
        digest=result.digest,
        wall_s=result.wall_s,
        folder=folder,
    )
    return result.verdict.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
