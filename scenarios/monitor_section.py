"""`[[monitors]]`: who watches the hosts of a run, as strict structs."""

from typing import Final, Literal

import msgspec

from desk.oversight import LEADS_TO, AlertCode, DoorConfig, OversightConfig
from market.codes import OperatorAction
from market.errors import InputError
from scenarios.written import Place, Reader, choice_of, read_struct, table_of
from sim.latency import LatencyModel

MONITOR_WIRES: Final = ("compute", "feed", "readings", "words")

CODES: Final = {code.name.lower(): code for code in AlertCode}
WORDS: Final[dict[str, OperatorAction | None]] = {
    "nothing": None,
    **{action.name.lower(): action for action in LEADS_TO},
}


class MonitorSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One monitor, its machine and its wires.

    Attributes:
        name: Keys the draws of its wires and computations.
        compute: How long a decision takes.
        feed: Latency of its own market data.
        readings: Latency of hosts' readings, host to monitor, and of copies of reports.
        words: Latency of what it says, monitor to host.
        hosts: Those that it watches, each with `telemetry`; none named means every one that has it.
        books: Symbols (or `SYMBOL@VENUE`) that it follows itself; none named means every book.
        style: `grouped`, or `naive` for the one that must fail.
        alert_ns: How long it takes to give one alert out.
        inbox_max: Messages that fit into its machine; one more and it dies.
        bounds: Of its checks, and of what it may say.
        door: How much each host lets it say.
        says: Word that follows from an alert, by code, where it is not the usual one.
    """

    name: str
    compute: LatencyModel
    feed: LatencyModel
    readings: LatencyModel
    words: LatencyModel
    hosts: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    style: Literal["grouped", "naive"] = "grouped"
    alert_ns: int = 50_000_000
    inbox_max: int = 4_096
    bounds: OversightConfig = OversightConfig()
    door: DoorConfig = DoorConfig()
    says: dict[str, str] = {}

    def __post_init__(self) -> None:
        if self.alert_ns < 0:
            raise InputError(f"alert is {self.alert_ns} ns, allowed is 0 or more")
        if self.inbox_max < 1:
            raise InputError(f"inbox_max is {self.inbox_max}, allowed is 1 or more")

    def words_of(self) -> dict[AlertCode, OperatorAction | None]:
        """What follows from alerts, where it is not the usual."""
        return {CODES[code]: WORDS[word] for code, word in self.says.items()}


def read_monitor(value: object, where: Place, latency: Reader) -> MonitorSection:
    """One of `[[monitors]]`."""

    def says(written: object, at: Place) -> object:
        for code, word in table_of(written, at).items():
            choice_of(code, at, CODES)
            choice_of(word, at.at(code), WORDS)
        return written

    def style(written: object, at: Place) -> object:
        return choice_of(written, at, {"grouped": "grouped", "naive": "naive"})

    readers: dict[str, Reader] = {**dict.fromkeys(MONITOR_WIRES, latency), "says": says}
    return read_struct(value, where, MonitorSection, {**readers, "style": style})


def check_monitors(
    monitors: tuple[MonitorSection, ...], hosts: dict[str, bool], books: list[str]
) -> None:
    """Hold monitors to what a scenario has.

    Args:
        monitors: In order.
        hosts: By name, whether one sends readings.
        books: Symbols and names of books, empty where a tape brings them.

    Raises:
        InputError: A host or a book is not there, or a host sends nothing.
    """
    names = list(hosts)
    for index, monitor in enumerate(monitors):
        at = f"monitors[{index}]"
        if monitor.name in names:
            raise InputError(f"{at}.name: found {monitor.name!r} twice, allowed is once")
        names.append(monitor.name)
        sending = [name for name, sends in hosts.items() if sends]
        for name in monitor.hosts:
            if name not in sending:
                allowed = ", ".join(sending) or "none: no host has telemetry"
                raise InputError(f"{at}.hosts: found {name!r}, allowed is {allowed}")
        if not sending:
            raise InputError(
                f'{at}: found no host with telemetry = "100ms", allowed is one or more'
            )
        for symbol in monitor.books:
            if books and symbol not in books:
                raise InputError(f"{at}.books: found {symbol!r}, allowed is {', '.join(books)}")
