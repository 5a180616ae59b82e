"""One call for one cause: conditions in, alerts out, however many conditions there are.

Model: a *condition* is something that a check finds wrong now: a code, the host and the book that it is
about. Conditions that explain one another (`codes.ALERTS`) make one *incident*. An incident calls a
person once, when it begins or, where its cause may show a little later, when it has waited for that; at
most `children_max` of what joins it is said one by one, and the rest is counted. What has gone away and
comes back within `reopen_ns` belongs to its incident still. Anything else that shows when the root of an incident
has not been seen for LINGERS_NS is a cause of its own: what has passed explains nothing new, and hides nothing.

Invariants, for any stream of conditions:
1. An incident calls once at most, and says `children_max` further alerts at most.
2. Within any `pages_window_ns` there are at most `pages_max` calls; the last of them says STORM, and
   what begins while a storm lasts is counted, and said when it is over if it is still there.
3. At most `INCIDENTS_MAX` incidents are remembered, each with at most `MEMBERS_MAX` conditions.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from desk.oversight.codes import ALERTS, AlertCode, Severity
from desk.oversight.config import OversightConfig
from market.messages import EVERY
from market.oversight import NOBODY, Alert

INCIDENTS_MAX: Final = 64
MEMBERS_MAX: Final = 256

LINGERS_NS: Final = 5_000_000_000
"""For how long after an incident's root was seen last something new may still belong to it."""

Key = tuple[int, int, int]
"""Code, subject, book."""


class Condition(NamedTuple):
    """Something that a check finds wrong."""

    code: AlertCode
    found: int
    allowed: int
    subject: int = NOBODY
    book_id: int = EVERY

    @property
    def key(self) -> Key:
        """What it is, whatever its figures."""
        return int(self.code), self.subject, self.book_id


class Incident:
    """One cause and what has come of it.

    Attributes:
        root: The condition that names the cause.
        root_id: Id of the alert that said it, 0 while it waits.
        due_ns: When it calls, if no cause has shown until then.
        root_ns: When the root was there last.
        seen_ns: When one of its conditions was there last.
        children: Further alerts said.
    """

    __slots__ = (
        "children",
        "due_ns",
        "members",
        "paged",
        "root",
        "root_id",
        "root_ns",
        "seen_ns",
    )

    def __init__(self, root: Condition, now_ns: int, due_ns: int) -> None:
        self.root = root
        self.root_id = 0
        self.due_ns = due_ns
        self.root_ns = now_ns
        self.seen_ns = now_ns
        self.children = 0
        self.paged = False
        self.members: dict[Key, None] = {root.key: None}


class Pager:
    """Groups conditions, and calls.

    Attributes:
        pages: Calls so far.
        alerts: Alerts so far, calls included.
        folded: Conditions that were counted and not said.
    """

    def __init__(self, config: OversightConfig) -> None:
        self.pages = 0
        self.alerts = 0
        self.folded = 0
        self._config = config
        self._incidents: list[Incident] = []
        self._calls: deque[int] = deque()
        self._storm = False

    def apply(self, conditions: Sequence[Condition], now_ns: int) -> list[Alert]:
        """Take everything that is wrong now, and answer with what is to be said."""
        self._forget(now_ns)
        said: list[Alert] = []
        for condition in sorted(conditions, key=_causes_first):
            self._take(condition, now_ns, said)
        for incident in self._incidents:
            if not incident.root_id and incident.due_ns <= now_ns:
                self._open(incident, now_ns, said)
        return said

    def root_of(self, condition: Condition) -> int:
        """Id of the alert that names the cause of a condition; 0 while nothing has been said."""
        incident = self._holding(condition.key)
        return incident.root_id if incident is not None else 0

    # --- grouping -----------------------------------------------------------------------------------

    def _take(self, condition: Condition, now_ns: int, said: list[Alert]) -> None:
        """Put a condition where it belongs."""
        incident = self._holding(condition.key)
        if incident is not None:
            incident.seen_ns = now_ns
            if condition.key == incident.root.key:
                incident.root_ns = now_ns
            pages = ALERTS[condition.code].severity is Severity.PAGE
            if pages and incident.root_id and not incident.paged and self._may_call(now_ns, said):
                self._say(condition, incident.root_id, said, page=True)
                self._called(incident, now_ns, calls=True)
            return
        lately_ns = now_ns - LINGERS_NS
        related = [
            one
            for one in self._incidents
            if one.root_ns >= lately_ns and _related(one.root, condition)
        ]
        if related:
            # Who has been called about already stays the incident; others that wait are drawn in.
            home = next((one for one in related if one.root_id), related[0])
            self._join(home, condition, now_ns, said)
            for other in related:
                if other is not home and not other.root_id:
                    self._merge(home, other, now_ns, said)
            return
        if len(self._incidents) >= INCIDENTS_MAX:
            self.folded += 1
            return
        row = ALERTS[condition.code]
        waits_ns = self._config.hold_ns if row.waits else 0
        self._incidents.append(Incident(condition, now_ns, now_ns + waits_ns))

    def _join(self, home: Incident, condition: Condition, now_ns: int, said: list[Alert]) -> None:
        """A condition becomes part of an incident; a deeper cause becomes its root."""
        home.seen_ns = now_ns
        deeper = _explains(condition, home.root)
        if deeper:
            home.root_ns = now_ns
        if deeper and not home.root_id:
            before, home.root = home.root, condition
            waits = ALERTS[condition.code].waits
            home.due_ns = home.due_ns if waits else now_ns
            self._remember(home, condition)
            if not waits:
                self._open(home, now_ns, said)
                self._child(home, before, now_ns, said)
            return
        if deeper:
            home.root = condition
        self._remember(home, condition)
        if home.root_id:
            self._child(home, condition, now_ns, said)

    def _merge(self, home: Incident, other: Incident, now_ns: int, said: list[Alert]) -> None:
        """An incident that has said nothing yet becomes part of another."""
        self._incidents.remove(other)
        for key in other.members:
            if len(home.members) < MEMBERS_MAX:
                home.members[key] = None
        if home.root_id:
            self._child(home, other.root, now_ns, said)

    def _remember(self, incident: Incident, condition: Condition) -> None:
        if len(incident.members) < MEMBERS_MAX:
            incident.members[condition.key] = None
        else:
            self.folded += 1

    def _holding(self, key: Key) -> Incident | None:
        """The incident that a condition is part of already."""
        for incident in self._incidents:
            if key in incident.members:
                return incident
        return None

    def _forget(self, now_ns: int) -> None:
        """Let go of incidents whose conditions have been away long enough."""
        reopen_ns = self._config.reopen_ns
        self._incidents = [
            one
            for one in self._incidents
            if now_ns - one.seen_ns <= reopen_ns or (not one.root_id and one.due_ns > now_ns)
        ]
        window_ns = self._config.pages_window_ns
        while self._calls and now_ns - self._calls[0] >= window_ns:
            self._calls.popleft()
        if len(self._calls) < self._config.pages_max - 1:
            self._storm = False

    # --- saying -------------------------------------------------------------------------------------

    def _open(self, incident: Incident, now_ns: int, said: list[Alert]) -> None:
        """Say what an incident is, and call a person where it matters, is still so, and may be done."""
        root = incident.root
        calls = ALERTS[root.code].severity is Severity.PAGE and incident.seen_ns == now_ns
        if calls and not self._may_call(now_ns, said):
            return
        incident.root_id = self._say(root, 0, said, page=calls).alert_id
        incident.children += not calls
        self._called(incident, now_ns, calls=calls)

    def _child(
        self, incident: Incident, condition: Condition, now_ns: int, said: list[Alert]
    ) -> None:
        """Say one more thing of an incident, while it is not too much; it may be what calls."""
        if not incident.root_id:
            return
        calls = not incident.paged and ALERTS[condition.code].severity is Severity.PAGE
        calls = calls and self._may_call(now_ns, said)
        if not calls and incident.children >= self._config.children_max:
            self.folded += 1
            return
        incident.children += not calls
        self._say(condition, incident.root_id, said, page=calls)
        self._called(incident, now_ns, calls=calls)

    def _called(self, incident: Incident, now_ns: int, *, calls: bool) -> None:
        """Keep that a person was called."""
        if calls:
            incident.paged = True
            self._calls.append(now_ns)

    def _may_call(self, now_ns: int, said: list[Alert]) -> bool:
        """Whether one more call is allowed; the last that is allowed says that there is a storm."""
        most, found = self._config.pages_max, len(self._calls)
        if found < most - 1:
            return True
        self.folded += 1
        if not self._storm and found < most:
            self._storm = True
            self._calls.append(now_ns)
            self._say(Condition(AlertCode.STORM, found, most), 0, said, page=True)
        return False

    def _say(self, one: Condition, root_id: int, said: list[Alert], *, page: bool) -> Alert:
        self.alerts += 1
        self.pages += page
        alert = Alert(
            alert_id=self.alerts,
            root_id=root_id or self.alerts,
            code=int(one.code),
            severity=int(ALERTS[one.code].severity),
            subject=one.subject,
            book_id=one.book_id,
            found=one.found,
            allowed=one.allowed,
            page=page,
        )
        said.append(alert)
        return alert


def _causes_first(condition: Condition) -> tuple[int, Key]:
    """Conditions that explain more come before those that they explain."""
    return -len(ALERTS[condition.code].explains), condition.key


def _related(root: Condition, other: Condition) -> bool:
    """Whether a condition belongs to the incident of another."""
    if root.code == other.code:
        same_book = root.book_id == other.book_id != EVERY
        return root.subject == other.subject or same_book
    return _explains(root, other) or _explains(other, root)


def _explains(cause: Condition, effect: Condition) -> bool:
    """Whether one condition is the cause of another, by the table and by what they are about."""
    if effect.code not in ALERTS[cause.code].explains:
        return False
    if cause.subject == effect.subject != NOBODY:
        return True  # what is wrong with a host's line or machine is so for every book
    is_about_all = NOBODY in (cause.subject, effect.subject)
    return is_about_all and (
        cause.book_id == effect.book_id or EVERY in (cause.book_id, effect.book_id)
    )
