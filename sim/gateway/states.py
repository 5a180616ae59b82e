"""What a session is, and what becomes of it: the state table of both ends.

Model: a session that is not UP carries no orders. Whoever is told that it left UP takes every order on it for
unknown; whoever is told that it is UP again may ask.

What is not in the table changes nothing: a session that is down already cannot be cut.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class SessionState(IntEnum):
    """How a session stands; recorded, so values never change."""

    DOWN = 0
    LOGGING_ON = 1
    UP = 2
    SUSPECT = 3
    CLOSING = 4


class SessionEvent(IntEnum):
    """What happens to one."""

    OPEN = 1  # a logon leaves
    SYNCED = 2  # the other end has let it in, and everything that was missed has come
    HEARD = 3  # the other end lives
    QUIET = 4  # nothing was heard for a while: a test request leaves
    SILENT = 5  # nothing was heard for so long that nothing will be
    CUT = 6  # the connection is gone
    REFUSED = 7  # the other end knows of a higher epoch
    CLOSE = 8  # a logout leaves
    CLOSED = 9  # the other end has said goodbye


_S = SessionState
_E = SessionEvent

HOST_TABLE: Final[Mapping[tuple[SessionState, SessionEvent], SessionState]] = {
    (_S.DOWN, _E.OPEN): _S.LOGGING_ON,
    (_S.LOGGING_ON, _E.SYNCED): _S.UP,
    (_S.LOGGING_ON, _E.SILENT): _S.DOWN,
    (_S.LOGGING_ON, _E.CUT): _S.DOWN,
    (_S.LOGGING_ON, _E.REFUSED): _S.DOWN,
    (_S.LOGGING_ON, _E.CLOSE): _S.CLOSING,
    (_S.UP, _E.QUIET): _S.SUSPECT,
    (_S.UP, _E.SILENT): _S.DOWN,
    (_S.UP, _E.CUT): _S.DOWN,
    (_S.UP, _E.REFUSED): _S.DOWN,
    (_S.UP, _E.CLOSE): _S.CLOSING,
    (_S.UP, _E.CLOSED): _S.DOWN,
    (_S.SUSPECT, _E.HEARD): _S.UP,
    (_S.SUSPECT, _E.SILENT): _S.DOWN,
    (_S.SUSPECT, _E.CUT): _S.DOWN,
    (_S.SUSPECT, _E.REFUSED): _S.DOWN,
    (_S.SUSPECT, _E.CLOSE): _S.CLOSING,
    (_S.SUSPECT, _E.CLOSED): _S.DOWN,
    (_S.CLOSING, _E.CLOSED): _S.DOWN,
    (_S.CLOSING, _E.SILENT): _S.DOWN,
    (_S.CLOSING, _E.CUT): _S.DOWN,
    (_S.CLOSING, _E.REFUSED): _S.DOWN,
}
"""The host's end."""

EDGE_TABLE: Final[Mapping[tuple[SessionState, SessionEvent], SessionState]] = {
    (_S.DOWN, _E.OPEN): _S.UP,
    (_S.UP, _E.QUIET): _S.SUSPECT,
    (_S.SUSPECT, _E.HEARD): _S.UP,
    (_S.SUSPECT, _E.OPEN): _S.UP,
    (_S.UP, _E.SILENT): _S.DOWN,
    (_S.SUSPECT, _E.SILENT): _S.DOWN,
    (_S.UP, _E.CUT): _S.DOWN,
    (_S.SUSPECT, _E.CUT): _S.DOWN,
    (_S.UP, _E.CLOSED): _S.DOWN,
    (_S.SUSPECT, _E.CLOSED): _S.DOWN,
}
"""The venue's end, which takes commands while it is not DOWN: it has no reason to refuse what comes."""
