"""What the two ends of a session say to each other.

Every frame names the connection that it was said on (`of`, counted from 1 by the host's end), so that what
was on its way when a connection ended is not taken for something of the next one.
"""

from typing import NamedTuple

from market.messages import Report, VenueCommand


class Logon(NamedTuple):
    """The host asks to speak.

    Attributes:
        known: Number of the newest answer up to which it has every one.
        sent: Number of the newest command that it has sent; older ones that never came do not come any more.
    """

    of: int
    epoch: int
    known: int
    sent: int


class Welcome(NamedTuple):
    """The venue lets it; `last` is the number of the newest answer that there is."""

    of: int
    last: int


class Refused(NamedTuple):
    """The venue does not, or not any more: a higher epoch is in force."""

    of: int
    epoch: int


class Ask(NamedTuple):
    """A command."""

    of: int
    seq: int
    command: VenueCommand


class Said(NamedTuple):
    """An answer; one that is said again has the number that it had."""

    of: int
    seq: int
    report: Report


class Beat(NamedTuple):
    """I live, and `last` is the newest number that I have used: what is missing at the tail shows."""

    of: int
    last: int


class Test(NamedTuple):
    """Do you live? A beat is the answer."""

    of: int


class Again(NamedTuple):
    """Say everything from this number on again."""

    of: int
    from_seq: int


class Fill(NamedTuple):
    """Commands up to here that have not come do not come any more: they are too old to be sent again."""

    of: int
    until_seq: int


class Bye(NamedTuple):
    """I go; answered by the same."""

    of: int


class Gone(NamedTuple):
    """The connection was closed without a word, as an operating system tells it."""

    of: int


ToEdge = Logon | Ask | Beat | Test | Again | Fill | Bye | Gone
ToHost = Welcome | Refused | Said | Beat | Test | Again | Bye
