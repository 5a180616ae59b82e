"""The monitor that assumed the primary line's timing: one that must fail, kept to show why.

Model: it believes that what its own line shows is what is true now, and that it shows it in good time. So
each message of its own that is older than the usual, and each reading of a host that already knows
more, is an alarm: one call and one instruction for each message, without memory, grouping or bound.
When its line is late and the hosts have moved to another, everything that it hears is an alarm.
"""

from collections.abc import Sequence

from desk.oversight.codes import AlertCode, Severity
from desk.oversight.config import OversightConfig
from desk.oversight.monitor import CHECK
from market.codes import OperatorAction
from market.messages import EVERY, Inbound, SetTimer, TimerFired, View
from market.oversight import Alert, Beat, Heard, Instruct, Said, Telemetry


class NaiveMonitor:
    """Alarms for each message.

    Args:
        config: Of which it uses `content_ns` and `check_ns`.
        hosts: Numbers of those that it watches.
    """

    def __init__(self, config: OversightConfig, hosts: Sequence[int]) -> None:
        self.alerts = 0
        self.instructs = 0
        self.checks = 0
        self._config = config
        self._hosts = list(hosts)
        self._late: dict[int, int] = {}

    def start(self, now_ns: int) -> Sequence[Said | SetTimer]:
        """Begin to watch."""
        return [SetTimer(timer_id=CHECK, due_ns=now_ns + self._config.check_ns)]

    def on(self, message: Inbound | Heard, now_ns: int) -> Sequence[Said | SetTimer]:
        """Take one message, and sound the alarm."""
        if isinstance(message, TimerFired):
            self.checks += 1
            timer = SetTimer(timer_id=CHECK, due_ns=now_ns + self._config.check_ns)
            return [Beat(number=self.checks), timer]
        said: list[Said | SetTimer] = []
        if isinstance(message, View):
            age_ns = now_ns - message.venue_ns if message.venue_ns else 0
            is_late = age_ns > self._config.content_ns
            self._late[message.book_id] = message.seq if is_late else -1
            if is_late:
                for host in self._hosts:
                    self._alarm(host, message.book_id, age_ns, said)
        elif isinstance(message, Telemetry):
            for book in message.books:
                late = self._late.get(book.book_id, -1)
                if 0 <= late < book.seq:
                    self._alarm(message.host, book.book_id, now_ns - book.venue_ns, said)
        return said

    def _alarm(self, host: int, book_id: int, off_ns: int, said: list[Said | SetTimer]) -> None:
        """Call, and stop the host."""
        self.alerts += 1
        self.instructs += 1
        said.append(
            Alert(
                alert_id=self.alerts,
                root_id=self.alerts,
                code=int(AlertCode.CONTENT_OLD),
                severity=int(Severity.PAGE),
                subject=host,
                book_id=book_id,
                found=off_ns,
                allowed=self._config.content_ns,
                page=True,
            )
        )
        action = OperatorAction.SAFE_MODE
        said.append(Instruct(host=host, action=action, cause=self.alerts, strategy=EVERY))
