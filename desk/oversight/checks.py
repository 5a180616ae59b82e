"""What is held against what: readings of hosts against bounds, against the own feed and the drop copy.

Model: checks look at what was heard last; they are level-triggered and remember only since when
something has been so. A host's figures are never compared with figures of its own alone where somebody
else knows them too: content with the own feed, positions with the drop copy, the clock with the own.

A clock is judged by the shortest of the last `TRANSITS` ways that readings took: a way is at least as
long as the link, whatever waits on it, and never negative.

A position is right when it is what the copies added up to at some moment of the last `break_ns`: reports are
under way all the time, and a desk that trades without a pause is always behind by some of them.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from desk.oversight.codes import AlertCode
from desk.oversight.config import OversightConfig, S
from desk.oversight.frontier import Frontier
from desk.oversight.pager import Condition
from market.codes import Phase, ReportType
from market.decisions import PPM
from market.messages import EVERY, Report
from market.oversight import BookReading, Telemetry

TRANSITS: Final = 5
TRAIL_MAX: Final = 1_024
"""Positions of a book that are remembered for a desk that lags behind."""

AHEAD_NS: Final = 100_000_000
"""How long a desk may know of a fill before its copy has come."""

Checks = Iterator[Condition]


class Watched:
    """One host as its monitor knows it.

    Args:
        number: Of the host.
        now_ns: When it began to be watched.
    """

    def __init__(self, number: int, now_ns: int) -> None:
        self.number = number
        self.reading: Telemetry | None = None
        self.heard_ns = now_ns
        self.missing = 0
        self.copied: dict[int, int] = {}
        self.has_copy = False
        self._signed: dict[tuple[int, int], tuple[int, int]] = {}
        self._trail: dict[int, deque[tuple[int, int]]] = {}
        self._busts = 0
        self._rejects: deque[int] = deque(maxlen=1_024)
        self._transits: deque[int] = deque(maxlen=TRANSITS)
        self._sent: deque[tuple[int, int]] = deque(maxlen=64)
        self._since: dict[tuple[AlertCode, int], int] = {}
        self._odd: deque[tuple[int, int]] = deque(maxlen=64)
        self._held_back: deque[tuple[int, int]] = deque(maxlen=64)
        self._epoch = 0
        self._gap_ns = 0

    # --- what is heard ------------------------------------------------------------------------------

    def hear(self, reading: Telemetry, now_ns: int) -> None:
        """Take a reading; older than the last one it says nothing."""
        last = self.reading
        if last is not None and reading.number <= last.number:
            return
        missing = reading.number - (last.number if last is not None else 0) - 1
        if missing > 0 and last is not None:
            self.missing += missing
            self._gap_ns = now_ns
        if last is not None and reading.commands < last.commands:
            self._sent.clear()  # it has been started anew
        self.reading, self.heard_ns = reading, now_ns
        self._transits.append(now_ns - reading.clock_ns)
        self._sent.append((now_ns, reading.commands))
        self._odd.append((now_ns, reading.odd))
        self._held_back.append((now_ns, reading.held_back))
        self._epoch = self._epoch or reading.epoch

    def hear_copy(self, report: Report, side: int, now_ns: int) -> None:
        """Take a copy of a venue's report."""
        self.has_copy = True
        key = report.order_id, report.exec_id
        sign = 1 - 2 * side
        if report.type is ReportType.REJECTED:
            self._rejects.append(now_ns)
        elif report.type is ReportType.FILLED and key not in self._signed:
            self._book(key, report.book_id, sign * report.qty_lots, now_ns)
        elif report.type is ReportType.BUSTED and key in self._signed:
            self._busts += 1
            self._book(key, report.book_id, 0, now_ns)
        elif report.type is ReportType.CORRECTED and key in self._signed:
            self._busts += 1
            self._book(key, report.book_id, sign * report.qty_lots, now_ns)

    def _book(self, key: tuple[int, int], book_id: int, lots: int, now_ns: int) -> None:
        """A fill stands at so many lots now."""
        before = self._signed.get(key, (book_id, 0))[1]
        self._signed[key] = book_id, lots
        self.copied[book_id] = held = self.copied.get(book_id, 0) + lots - before
        trail = self._trail.setdefault(book_id, deque([(now_ns - 1, 0)], maxlen=TRAIL_MAX))
        trail.append((now_ns, held))

    # --- what is wrong ------------------------------------------------------------------------------

    def conditions(
        self, config: OversightConfig, books: dict[int, Frontier], now_ns: int
    ) -> list[Condition]:
        """All that is wrong with the host now."""
        silent_ns = now_ns - self.heard_ns
        if silent_ns > config.silence_ns:
            return [Condition(AlertCode.HOST_SILENT, silent_ns, config.silence_ns, self.number)]
        if self.reading is None:
            return []
        found = list(self._machine(self.reading, config, now_ns))
        found += self._feed(self.reading, config, books, now_ns)
        if self.reading.has_desk:
            found += self._orders(self.reading, config, now_ns)
            found += self._risk(self.reading, config, now_ns)
        return found

    def _machine(self, one: Telemetry, config: OversightConfig, now_ns: int) -> Checks:
        """Compute, clock, journal, and the readings themselves."""
        code, me = AlertCode, self.number
        if one.busy_ns > config.stall_ns:
            yield Condition(code.HOST_STALLED, one.busy_ns, config.stall_ns, me)
        if 0 < config.latency_ns < one.slowest_ns:
            yield Condition(code.HOST_SLOW, one.slowest_ns, config.latency_ns, me)
        off_ns = min(self._transits, key=abs) if len(self._transits) == TRANSITS else 0
        if not -config.clock_ns <= off_ns <= config.clock_ns:
            yield Condition(code.CLOCK_OFF, off_ns, config.clock_ns, me)
        if one.trouble:
            yield Condition(code.JOURNAL_TROUBLE, one.trouble, 0, me)
        if one.unsaved_ns > config.journal_ns:
            yield Condition(code.JOURNAL_BEHIND, one.unsaved_ns, config.journal_ns, me)
        if self.missing and now_ns - self._gap_ns <= S:
            yield Condition(code.TELEMETRY_GAP, self.missing, 0, me)
        if one.epoch > self._epoch:
            yield Condition(code.EPOCH_CHANGED, one.epoch, self._epoch, me)

    def _feed(
        self, one: Telemetry, config: OversightConfig, books: dict[int, Frontier], now_ns: int
    ) -> Checks:
        """Age of content, and gaps."""
        code, me = AlertCode, self.number
        for book in one.books:
            frontier = books.get(book.book_id)
            # What others have learned since the reading left does not make the host late.
            lag_ns = frontier.lag_ns(book.seq, self.heard_ns) if frontier is not None else 0
            if lag_ns > config.content_ns:
                yield Condition(code.CONTENT_OLD, lag_ns, config.content_ns, me, book.book_id)
            unfit_ns = self._lasting(code.BOOK_UNFIT, book.book_id, now_ns, holds=book.bad)
            if unfit_ns > config.unfit_ns:
                yield Condition(code.BOOK_UNFIT, unfit_ns, config.unfit_ns, me, book.book_id)
            if book.seq and book.phase == Phase.HALT:
                allowed = int(Phase.CONTINUOUS)
                yield Condition(code.TRADING_HALTED, book.phase, allowed, me, book.book_id)

    def _orders(self, one: Telemetry, config: OversightConfig, now_ns: int) -> Checks:
        """Sessions, answers, orders in doubt, and what the drop copy says."""
        code, me = AlertCode, self.number
        if one.down:
            yield Condition(code.SESSION_DOWN, one.down, 0, me)
        if one.unanswered_ns > config.answer_ns:
            yield Condition(code.ANSWERS_LATE, one.unanswered_ns, config.answer_ns, me)
        doubt_ns = self._lasting(code.ORDERS_UNKNOWN, EVERY, now_ns, holds=one.unknown > 0)
        if doubt_ns > config.unknown_ns:
            yield Condition(code.ORDERS_UNKNOWN, one.unknown, 0, me)
        odd = _within(self._odd, now_ns, S)
        if odd:
            yield Condition(code.REPORTS_ODD, odd, 0, me)
        rejects = sum(at_ns > now_ns - S for at_ns in self._rejects)
        if rejects > config.rejects_per_s:
            yield Condition(code.REJECTS, rejects, config.rejects_per_s, me)
        if self._busts:
            yield Condition(code.TRADE_BUSTED, self._busts, 0, me)
            self._busts = 0
        if self.has_copy:
            for book in one.books:
                yield from self._match(book, config, now_ns)

    def _match(self, book: BookReading, config: OversightConfig, now_ns: int) -> Checks:
        """What the desk believes to hold against what the drop copy adds up to, or did a moment ago."""
        recent = self._trail.get(book.book_id, deque())
        while len(recent) > 1 and recent[1][0] <= now_ns - config.break_ns:
            recent.popleft()
        held, lots = [lots for _, lots in recent], book.position_lots
        code, differs = AlertCode.POSITION_BREAK, lots - self.copied.get(book.book_id, 0)
        wrong = lots not in held if held else lots != 0
        lasts_ns = self._lasting(code, book.book_id, now_ns, holds=wrong)
        if lasts_ns > AHEAD_NS:
            yield Condition(code, abs(differs), 0, self.number, book.book_id)

    def _risk(self, one: Telemetry, config: OversightConfig, now_ns: int) -> Checks:
        """Rate, exposure, loss, and what the desk itself has found."""
        code, me = AlertCode, self.number
        sent = _within(self._sent, now_ns, S)
        if 0 < config.commands_per_s < sent:
            yield Condition(code.ORDER_RATE, sent, config.commands_per_s, me)
        if 0 < config.gross_micros < one.gross_micros:
            yield Condition(code.EXPOSURE, one.gross_micros, config.gross_micros, me)
        if 0 < config.loss_micros < one.loss_micros:
            yield Condition(code.LOSS, one.loss_micros, config.loss_micros, me)
        if one.limits_ppm != PPM:
            yield Condition(code.LIMITS_CHANGED, one.limits_ppm, PPM, me)
        held_back = _within(self._held_back, now_ns, S)
        if held_back:
            yield Condition(code.CEILING_REACHED, held_back, 0, me)
        if one.mode:
            yield Condition(code.MODE_RAISED, one.mode, 0, me)

    def _lasting(self, code: AlertCode, book_id: int, now_ns: int, *, holds: bool) -> int:
        """How long something has been so without a break, as far as readings tell; −1 if it is not."""
        key = code, book_id
        if not holds:
            self._since.pop(key, None)
            return -1
        return now_ns - self._since.setdefault(key, now_ns)


def _within(counts: deque[tuple[int, int]], now_ns: int, window_ns: int) -> int:
    """By how much a count has grown within a window that ends now."""
    inside = [count for at_ns, count in counts if at_ns > now_ns - window_ns]
    return inside[-1] - inside[0] if inside else 0
