"""A process of its own for a planted bug: nothing of the stack is imported before the bug is in.

    python -m chaos.worker --planted NAME

It plants the bug, imports the module that it stands in, and prints one JSON object on one line: what
was planted where, and the digest of the code as it now is, which tells it from a clean process.
"""
# tidy: unimported a process of its own runs it as a module

import argparse
import importlib
import json
import sys
from collections.abc import Sequence

from chaos.planting import plant
from market.errors import InputError

EXIT_INPUT = 2


def main(arguments: Sequence[str]) -> int:
    """Plant a bug, do what is asked, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m chaos.worker", description=__doc__)
    parser.add_argument("--planted", metavar="NAME", required=True, help="The bug, by its name.")
    given = parser.parse_args(arguments)
    try:
        mutant = plant(given.planted)
        importlib.import_module(mutant.module)
    except InputError as error:
        sys.stderr.write(f"chaos.worker: {error}\n")
        return EXIT_INPUT
    from scenarios.identity import code_digest

    told = {"planted": mutant.name, "module": mutant.module, "code_digest": code_digest()}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
