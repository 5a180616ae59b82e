"""Every exception of the project, under one root.

    TwinError
    ├── InputError     a file, a scenario, a setting or a flag is wrong: the user can mend it
    │   └── BadRow     a tape row contradicts the tape before it
    ├── VenueError     the simulated venue broke its own rules
    └── DeskError      our own stack broke its own rules

Outcomes at a port (rejected, vetoed, stale) are data with a reason code, never exceptions.
SimPy rebuilds exceptions as ``type(e)(*e.args)``, so each must be constructible from its `args`
alone; a test holds them to that.
"""


class TwinError(Exception):
    """Root of all errors raised on purpose; its text is one line that a user can act on."""


class InputError(TwinError):
    """What a user gave is wrong: says what was found, what is allowed, and where."""


class BadRow(InputError):
    """A tape row that contradicts the rows before it; nothing of it was applied."""


class VenueError(TwinError):
    """The simulated venue broke one of its own rules: a defect of ours."""


class DeskError(TwinError):
    """Our trading stack broke one of its own rules: a defect of ours."""
