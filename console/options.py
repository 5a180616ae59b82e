"""What all verbs share: the options that most of them have, and the terminal they speak to."""

from typing import Annotated

import typer

from console import output

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log on standard error.")]
MaxBad = Annotated[
    int, typer.Option("--max-bad", min=0, help="Rows that may be refused before it stops.")
]


def group(help_text: str) -> typer.Typer:
    """A group of verbs with plain help, which is quick and the same at every width."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def terminal_of(as_json: bool, quiet: bool = False, verbose: bool = False) -> output.Output:
    """The terminal of one command."""
    level = output.QUIET if quiet else output.VERBOSE if verbose else output.NORMAL
    return output.Output(as_json=as_json, verbosity=level)
