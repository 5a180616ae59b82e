"""How a command ends: one exit code for each kind of ending.

0    good
1    the thing checked does not hold
2    bad input or usage: one line says what was found, what is allowed, where
3    a defect of ours: a traceback worth reporting
130  interrupted; what was written so far is readable
"""

import sys
import traceback
from collections.abc import Callable
from typing import Final

from market.errors import InputError

EXIT_GOOD: Final = 0
EXIT_DOES_NOT_HOLD: Final = 1
EXIT_INPUT: Final = 2
EXIT_DEFECT: Final = 3
EXIT_INTERRUPTED: Final = 130


def guarded(run: Callable[[], object]) -> int:
    """Run a command and turn its ending into an exit code.

    Args:
        run: The command; typer ends it with `SystemExit`, our rooms with their own errors.

    Returns:
        The exit code, after the error, if any, was written to standard error.
    """
    try:
        run()
    except SystemExit as ending:
        code = _code_of(ending)
        if code == EXIT_INTERRUPTED:
            _say("interrupted; what was written so far is readable")
        return code
    except KeyboardInterrupt:
        _say("interrupted; what was written so far is readable")
        return EXIT_INTERRUPTED
    except InputError as error:
        _say(str(error))
        return EXIT_INPUT
    except OSError as error:
        if error.filename is None:
            traceback.print_exc()
            return EXIT_DEFECT
        # A path that the user named, or a folder that was to be written, is not as it must be.
        _say(f"{error.filename}: {error.strerror or error}")
        return EXIT_INPUT
    except Exception:  # noqa: BLE001  # the last frame: Python's own exit code 1 would mean "does not hold"
        traceback.print_exc()
        return EXIT_DEFECT
    return EXIT_GOOD


def _code_of(ending: SystemExit) -> int:
    """The number in a `SystemExit`, which may also carry nothing or a text."""
    if ending.code is None:
        return EXIT_GOOD
    if isinstance(ending.code, int):
        return ending.code
    _say(str(ending.code))
    return EXIT_INPUT


def _say(text: str) -> None:
    """Write one line to standard error, whatever line breaks the text carries."""
    print("twin: " + " ".join(text.split()), file=sys.stderr)
