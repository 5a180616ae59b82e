"""The door between a monitor and a host: what a monitor says is bounded, and never brings risk back.

Model: a host obeys a monitor at most `words_max` times within `window_ns`, and only words that take risk
away; of the others it remembers how many there were. It also notices when the monitor that should give
signs of life has stopped to, or says too much: then it calls a person by itself, once for each.

A word of a person does not pass here: `desk.gate` asks for the name of who brings risk back.
"""

from collections import deque
from typing import Final

import msgspec

from desk.oversight.codes import LEADS_TO, AlertCode, Severity
from market.errors import InputError
from market.messages import EVERY
from market.oversight import Alert, Instruct

S: Final = 1_000_000_000


class DoorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a host lets a monitor say.

    Attributes:
        words_max: Instructions that are obeyed within `window_ns`.
        silence_ns: How long the monitor may give no sign of life.
    """

    words_max: int = 5
    window_ns: int = 10 * S
    silence_ns: int = S

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name.removesuffix('_ns')} is {getattr(self, name)}, allowed is 1 or more"
                )


class Door:
    """What one host lets one monitor say.

    Attributes:
        refused: Words that were not obeyed.
        alerts: What it has said so far.
    """

    def __init__(self, config: DoorConfig, monitor: int, now_ns: int) -> None:
        self.refused = 0
        self.alerts = 0
        self._config = config
        self._monitor = monitor
        self._beat_ns = now_ns
        self._obeyed: deque[int] = deque(maxlen=config.words_max)
        self._said: set[AlertCode] = set()

    def beat(self, now_ns: int) -> None:
        """The monitor lives; a silence after this is another one."""
        self._beat_ns = now_ns

    def admits(self, word: Instruct, now_ns: int) -> tuple[bool, list[Alert]]:
        """Whether a word is obeyed, and what is to be said about it."""
        if word.action not in LEADS_TO:
            self.refused += 1
            return False, []
        full = len(self._obeyed) == self._config.words_max
        if full and now_ns - self._obeyed[0] < self._config.window_ns:
            self.refused += 1
            most = self._config.words_max
            return False, self._say(AlertCode.MONITOR_FLOODS, most + 1, most)
        self._obeyed.append(now_ns)
        return True, []

    def look(self, now_ns: int) -> list[Alert]:
        """Whether the monitor still lives; said once in a run."""
        silent_ns = now_ns - self._beat_ns
        if silent_ns <= self._config.silence_ns:
            return []
        return self._say(AlertCode.MONITOR_SILENT, silent_ns, self._config.silence_ns)

    def _say(self, code: AlertCode, found: int, allowed: int) -> list[Alert]:
        """Call a person, once for each code."""
        if code in self._said:
            return []
        self._said.add(code)
        self.alerts += 1
        return [
            Alert(
                alert_id=self.alerts,
                root_id=1,
                code=int(code),
                severity=int(Severity.PAGE),
                subject=self._monitor,
                found=found,
                allowed=allowed,
                book_id=EVERY,
                page=self.alerts == 1,
            )
        ]
