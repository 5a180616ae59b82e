"""The command line as a process would have it: the code that it ends with, and what it printed."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import cli
from console.errors import guarded


def run_twin(*args: str | Path) -> tuple[int, str]:
    """Run `twin` with arguments; its exit code and its standard output."""
    words = [str(one) for one in args]
    said = StringIO()
    with redirect_stdout(said):
        code = guarded(lambda: cli.app(words, prog_name="twin"))
    return code, said.getvalue()
