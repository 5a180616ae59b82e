"""Schedules of known venues, each with the day from which it holds and where its times come from.

A venue is a tuple of versions by their first day; a run over the day of a change uses both. Days before
the first version are refused, since nobody has looked the times up. What is marked "from memory" has
no source that was read.

Limits: one schedule a venue, that of its main stocks: Xetra's of the DAX, London's of SETS, Hong Kong's
of stocks with a closing auction. Auctions on expiry days, which last longer, are not told apart; nor
are retail phases before and after Xetra's day.
"""

from typing import Final

from market.codes import Phase
from market.errors import InputError
from market.units import parse_duration
from sim.schedule.schedule import Schedule, Step

NEW_YORK: Final = "America/New_York"
HALF_MINUTE: Final = "30s"

Written = tuple[str, Phase] | tuple[str, Phase, str]
"""A step as moment, phase and, of a call, the length of its random end."""


def _steps(*steps: Written) -> tuple[Step, ...]:
    """Steps from their moment, phase and random end."""
    return tuple(
        Step(
            at=step[0],
            phase=step[1],
            random_end_ns=parse_duration(step[2]) if len(step) > 2 else 0,
        )
        for step in steps
    )


def _nasdaq(from_day: int, opens: str, source: str) -> Schedule:
    """Nasdaq: trading from early to late, with a cross at the open and one at the close."""
    return Schedule(
        name="xnas",
        calendar="XNAS",
        zone=NEW_YORK,
        from_day=from_day,
        steps=_steps(
            (opens, Phase.CONTINUOUS),
            ("open", Phase.OPENING_CALL),
            ("open", Phase.CONTINUOUS),
            ("close", Phase.CLOSING_CALL),
            ("close", Phase.CONTINUOUS),
            ("close+4h", Phase.CLOSED),
        ),
        source=source,
    )


def _nyse(from_day: int, opens: str, source: str) -> Schedule:
    """NYSE, its own listings: orders gather until the open, and trade until the closing auction."""
    return Schedule(
        name="xnys",
        calendar="XNYS",
        zone=NEW_YORK,
        from_day=from_day,
        steps=_steps(
            (opens, Phase.OPENING_CALL),
            ("open", Phase.CONTINUOUS),
            ("close", Phase.CLOSING_CALL),
            ("close", Phase.CLOSED),
        ),
        source=source,
    )


def _xetra(from_day: int, opens: str, call: str, at_last: str, source: str) -> Schedule:
    """Xetra, stocks of the DAX; `at_last` is when trade-at-close ends, empty before there was one."""
    ends = [("close+5m", Phase.TRADE_AT_LAST), (at_last, Phase.CLOSED)]
    return Schedule(
        name="xetr",
        calendar="XETR",
        zone="Europe/Berlin",
        from_day=from_day,
        steps=_steps(
            (opens, Phase.PRE_OPEN),
            (call, Phase.OPENING_CALL, HALF_MINUTE),
            ("open", Phase.CONTINUOUS),
            ("13:00", Phase.INTRADAY_CALL, HALF_MINUTE),
            ("13:02", Phase.CONTINUOUS),
            ("close", Phase.CLOSING_CALL, HALF_MINUTE),
            *(ends if at_last else [("close+5m", Phase.CLOSED)]),
        ),
        source=source,
    )


def _london(from_day: int, source: str, *midday: Written) -> Schedule:
    """London, SETS."""
    return Schedule(
        name="xlon",
        calendar="XLON",
        zone="Europe/London",
        from_day=from_day,
        steps=_steps(
            ("open-10m", Phase.OPENING_CALL, HALF_MINUTE),
            ("open", Phase.CONTINUOUS),
            *midday,
            ("close", Phase.CLOSING_CALL, HALF_MINUTE),
            ("close+5m", Phase.TRADE_AT_LAST),
            ("close+10m", Phase.CLOSED),
        ),
        source=source,
    )


def _tokyo(from_day: int, closing_call: str, source: str) -> Schedule:
    """Tokyo: two sessions, each begun and ended by an auction (itayose)."""
    return Schedule(
        name="xtks",
        calendar="XTKS",
        zone="Asia/Tokyo",
        from_day=from_day,
        steps=_steps(
            ("open-1h", Phase.OPENING_CALL),
            ("open", Phase.CONTINUOUS),
            ("break_start", Phase.INTRADAY_CALL),
            ("break_start", Phase.CLOSED),
            ("break_end-25m", Phase.OPENING_CALL),
            ("break_end", Phase.CONTINUOUS),
            (closing_call, Phase.CLOSING_CALL),
            ("close", Phase.CLOSED),
        ),
        source=source,
    )


def _hong_kong(from_day: int, source: str, *, random_open: str, closing: bool) -> Schedule:
    """Hong Kong: a call before the open, a lunch break, and since 2016 a call after the close."""
    ends = [("close", Phase.CLOSING_CALL, "2m"), ("close+8m", Phase.CLOSED)]
    opening: Written = ("open-30m", Phase.OPENING_CALL)
    return Schedule(
        name="xhkg",
        calendar="XHKG",
        zone="Asia/Hong_Kong",
        from_day=from_day,
        steps=_steps(
            (*opening, random_open) if random_open else opening,
            ("open-10m", Phase.CLOSED),
            ("open", Phase.CONTINUOUS),
            ("break_start", Phase.CLOSED),
            ("break_end", Phase.CONTINUOUS),
            *(ends if closing else [("close", Phase.CLOSED)]),
        ),
        source=source,
    )


def _china(name: str, from_day: int, source: str, *, closing: bool) -> Schedule:
    """The A-share boards: ten minutes of opening call, a long lunch, three minutes of closing call."""
    ends = [("close-3m", Phase.CLOSING_CALL)] if closing else []
    return Schedule(
        name=name,
        calendar="XSHG",
        zone="Asia/Shanghai",
        from_day=from_day,
        steps=_steps(
            ("open-15m", Phase.OPENING_CALL),
            ("open-5m", Phase.PRE_OPEN),
            ("open", Phase.CONTINUOUS),
            ("break_start", Phase.CLOSED),
            ("break_end", Phase.CONTINUOUS),
            *ends,
            ("close", Phase.CLOSED),
        ),
        source=source,
    )


ALWAYS_OPEN: Final = Schedule(
    name="always_open",
    zone="UTC",
    steps=_steps(("open", Phase.CONTINUOUS)),
    source="venues of crypto currencies",
)

SCHEDULES: Final[dict[str, tuple[Schedule, ...]]] = {
    "always_open": (ALWAYS_OPEN,),
    "xetr": (
        _xetra(20031103, "07:30", "open-10m", "", "closing at 17:30 since 3 November 2003 (press)"),
        _xetra(
            20201124,
            "07:30",
            "open-10m",
            "close+15m",
            "trade-at-close since 24 November 2020 (press); Xetra's page on trading hours",
        ),
        _xetra(
            20251201, "07:00", "open-5m", "close+10m", "Deutsche Börse circular 052/25, a, c and d"
        ),
    ),
    "xhkg": (
        _hong_kong(
            20120305, "brokers' pages; first day from memory", random_open="", closing=False
        ),
        _hong_kong(20160725, "brokers' pages; first day from memory", random_open="", closing=True),
        _hong_kong(
            20201019,
            "a broker's notice of the enhanced pre-opening session of 19 October 2020",
            random_open="2m",
            closing=True,
        ),
    ),
    "xlon": (
        _london(20110214, "LSE guide to the trading system (MIT201); lengths from memory"),
        _london(
            20160321,
            "LSE press release on the intra-day auction of 21 March 2016",
            ("12:00", Phase.INTRADAY_CALL, HALF_MINUTE),
            ("12:02", Phase.CONTINUOUS),
        ),
    ),
    "xnas": (
        _nasdaq(20050103, "open-150m", "trading from 7:00 since 1999 (press); crosses from memory"),
        _nasdaq(
            20130318, "open-330m", "Federal Register 78 No. 55, 2013-06479; first day as announced"
        ),
    ),
    "xnys": (
        _nyse(20120103, "open-2h", "NYSE sheet on its auctions, 2014: orders from 7:30"),
        _nyse(20190805, "open-3h", "NYSE trading information: orders from 6:30; day from memory"),
    ),
    "xshe": (
        _china(
            "xshe",
            20060701,
            "SZSE trading rules; the closing call's first day from memory",
            closing=True,
        ),
    ),
    "xshg": (
        _china("xshg", 20060701, "SSE trading rules; first day from memory", closing=False),
        _china("xshg", 20180820, "SSE notice: closing call from 20 August 2018", closing=True),
    ),
    "xtks": (
        _tokyo(20111121, "close", "TSE FAQ of 2 March 2012; first day from memory"),
        _tokyo(20241105, "close-5m", "press on the closing auction of 5 November 2024"),
    ),
}
"""Every known venue, by name; its versions by their first day."""


def schedule_named(name: str) -> tuple[Schedule, ...]:
    """The versions of a known venue's schedule.

    Raises:
        InputError: There is none of that name.
    """
    if name not in SCHEDULES:
        raise InputError(
            f"schedule: found {name[:40]!r}, allowed is {', '.join(sorted(SCHEDULES))}"
        )
    return SCHEDULES[name]
