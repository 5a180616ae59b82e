"""A ladder played line by line: what each line did, and the book after it, whose invariants are checked.

    venue xetra_like             the rules of a preset, or of a file; a plain book without it
    tick 100                     price units in a tick, of 10,000 in one of currency
    mode frozen                  how history answers; reactive by default
    close 100                    the last close, in ticks
    phase opening_call           a phase begins
    reference 100.5              the reference price; none takes it away
    band 95 105                  where trades may be; none for no bound
    away 197 202                 best prices of another venue, which pegs follow
    owner 7                      whose the next orders are; 0 is nobody's
    1: buy 200 @ 101             an order (`console.play.order`)
    cancel 2                     it is withdrawn
    replace 1 150 @ 101          it gets a quantity and a price; without one it keeps its own
    expire 1 day_over            the venue ends it; for time_over unless the line says
    history add 1 sell 100 @ 102 somebody else's order, by a handle
    history reduce 1 50          part of it is withdrawn
    history execute 1 50         it trades with somebody else
    history replace 1 80 @ 103   it changes; keep at the end keeps its place
    history delete 1             it goes
    history print buy 50 @ 100.5 a trade of something hidden, by its aggressor
    history cross 500 @ 100      an auction of history's
    history clear                all that is history's goes

The first four, and the first `away`, come before everything that touches the book.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from console.play.history import read_row
from console.play.order import read_order
from console.play.table import picture, report_row
from console.play.venue import TICK_UNITS, UNITS, Venue
from console.play.words import NUMBER, Words, quoted
from market.codes import Mode, Phase, Reason, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from market.messages import NO_PRICE
from scenarios.venue_preset import VenuePreset, load_preset
from sim.reference import Report

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER_ID_MAX: Final = 1_000_000_000
OWNER_MAX: Final = 1_000_000
PHASES: Final = {phase.name.lower(): phase for phase in Phase}
MODES: Final = {mode.name.lower(): mode for mode in Mode}
QUIET: Final = ("venue", "tick", "mode", "close", "owner")
"""Lines that change nothing in the book."""

REASONS: Final = {reason.name.lower(): reason for reason in Reason if reason}


class Step(NamedTuple):
    """One line and what came of it.

    Attributes:
        line: Its number in the file.
        text: As it is written.
        reports: What was said to the owners of orders.
        book: All that is in the book after it; None while there is no book.
    """

    line: int
    text: str
    reports: list[dict[str, Any]]
    book: dict[str, Any] | None


class Game:
    """The state of a ladder between two lines.

    Args:
        where: The ladder's file, for errors.
        preset: A venue's name or path; then no line may name one.

    Attributes:
        venue: The venue and its book, once a line has needed it.
    """

    def __init__(self, where: str, preset: str = "") -> None:
        self._file = where
        self._fixed = bool(preset)
        self._preset: VenuePreset | None = load_preset(preset)[0] if preset else None
        self._setup: dict[str, Any] = {}
        self._away: tuple[int | None, int | None] | None = None
        self.venue: Venue | None = None
        self._owner = 0
        self._used: set[int] = set()
        self._limit: int | None = None
        self._verbs: dict[str, Callable[[Words], list[Report]]] = {
            "venue": self._set_venue,
            "tick": self._set_tick,
            "mode": self._set_mode,
            "close": self._set_close,
            "owner": self._set_owner,
            "phase": self._phase,
            "reference": self._reference,
            "band": self._band,
            "away": self._follow,
            "cancel": self._cancel,
            "replace": self._replace,
            "expire": self._expire,
            "history": self._history,
        }

    def step(self, number: int, text: str) -> Step:
        """Play one line."""
        where = f"{self._file}:{number}"
        words = Words(text, where)
        self._limit = None
        try:
            reports = self._play(words)
        except InputError as error:
            # What the book says of a row, or a preset of itself, does not know the line.
            said = str(error)
            raise InputError(said if said.startswith(where) else f"{where}: {said}") from None
        if self.venue is not None:
            self.venue.book.check_invariants()
        rows = [report_row(report, self._limit) for report in reports]
        shown = None if text.split(maxsplit=1)[0] in QUIET else self.venue
        book = None if shown is None else picture(shown.book)
        return Step(number, text, rows, book)

    def _play(self, words: Words) -> list[Report]:
        first = words.next("a verb")
        if first.endswith(":"):
            return self._submit(first.removesuffix(":"), words)
        verb = self._verbs.get(first)
        if verb is None:
            words.fail(quoted(first), f"NUMBER: and an order, or one of {', '.join(self._verbs)}")
        return verb(words)

    # --- before there is a book -------------------------------------------------------------------

    def _set_venue(self, words: Words) -> list[Report]:
        self._too_late("venue", words)
        name = words.next("a venue")
        words.end()
        if self._fixed or self._preset is not None:
            words.fail("a second venue", "one a ladder")
        self._preset = load_preset(str(self._beside(name)))[0]
        return []

    def _beside(self, name: str) -> str | Path:
        """A venue's file is looked for in the ladder's folder."""
        return Path(self._file).parent / name if name.endswith(".toml") else name

    def _set_tick(self, words: Words) -> list[Report]:
        self._too_late("tick", words)
        self._setup["tick_units"] = words.number("price units in a tick", 1, UNITS)
        words.end()
        return []

    def _set_mode(self, words: Words) -> list[Report]:
        self._too_late("mode", words)
        self._setup["mode"] = words.choice(MODES)
        words.end()
        return []

    def _set_close(self, words: Words) -> list[Report]:
        self._too_late("close", words)
        self._setup["close_ticks"] = words.number("the last close in ticks", 1, PRICE_TICKS_MAX)
        words.end()
        return []

    def _set_owner(self, words: Words) -> list[Report]:
        self._owner = words.number("an owner", 0, OWNER_MAX)
        words.end()
        return []

    def _too_late(self, verb: str, words: Words) -> None:
        """Refuse to change what the book was made of."""
        if self.venue is not None:
            words.fail(f"{verb!r} after the book was used", "before that")

    def _at(self, words: Words) -> Venue:
        """The venue, which the first line that needs it makes."""
        words.end()
        if self.venue is None:
            preset = self._preset
            dark = preset is not None and preset.book.dark_pool
            if preset is not None and self._away is not None and not dark:
                words.fail(
                    f"away at venue {preset.name!r}, whose pegs follow its own book",
                    "a dark pool, or a ladder without a venue",
                )
            limits = preset and (preset.admission.price_limit_ppm or preset.guards.limit_ppm)
            if limits and "close_ticks" not in self._setup:
                words.fail("no close", "a line `close PRICE` before, around which prices lie")
            self.venue = Venue(preset, follows=bool(dark) or self._away is not None, **self._setup)
            if self._away is not None:
                self.venue.away(*self._away)
        return self.venue

    # --- what we do -------------------------------------------------------------------------------

    def _submit(self, name: str, words: Words) -> list[Report]:
        if not NUMBER.fullmatch(name) or not 1 <= int(name) <= ORDER_ID_MAX:
            words.fail(quoted(name), f"an order's number, 1 to {ORDER_ID_MAX}")
        order_id = int(name)
        if order_id in self._used:
            words.fail(f"order {order_id} again", "a number that was not used before")
        written = read_order(words)
        self._limit = written.limit_ticks
        venue = self._at(words)
        self._used.add(order_id)
        return venue.submit(order_id, written, self._owner)

    def _cancel(self, words: Words) -> list[Report]:
        order_id = self._order(words)
        return self._at(words).cancel(order_id)

    def _replace(self, words: Words) -> list[Report]:
        order_id = self._order(words)
        qty_lots = words.number("a quantity in lots", 0, 2 * QTY_LOTS_MAX)
        price = words.at_price()
        venue = self._at(words)
        self._limit = venue.limit_of(order_id) if price is None else price
        return venue.replace(order_id, NO_PRICE if self._limit is None else self._limit, qty_lots)

    def _order(self, words: Words) -> int:
        return words.number("an order's number", 1, ORDER_ID_MAX)

    # --- what the venue does ----------------------------------------------------------------------

    def _phase(self, words: Words) -> list[Report]:
        phase = words.choice(PHASES)
        return self._at(words).set_phase(phase)

    def _reference(self, words: Words) -> list[Report]:
        x2 = None if words.skip("none") else words.price_x2("a reference, or none")
        return self._at(words).book.set_reference(x2).reports

    def _band(self, words: Words) -> list[Report]:
        low = words.price_or_none("the lowest price")
        high = words.price_or_none("the highest price")
        if low is not None and high is not None and low > high:
            words.fail(f"a band from {low} to {high}", "the lower price first")
        return self._at(words).book.set_band(low, high).reports

    def _expire(self, words: Words) -> list[Report]:
        order_id = self._order(words)
        reason = words.choice(REASONS) if words else Reason.TIME_OVER
        return self._at(words).expire(order_id, reason)

    # --- what others do ---------------------------------------------------------------------------

    def _follow(self, words: Words) -> list[Report]:
        bid = words.price_or_none("the best bid")
        ask = words.price_or_none("the best ask")
        if self.venue is None:
            words.end()
            self._away = (bid, ask)
            return []
        if self.venue.other is None:
            words.fail("'away' after the book was used", "before that, or a dark pool")
        return self._at(words).away(bid, ask)

    def _history(self, words: Words) -> list[Report]:
        row = read_row(words, self._tick_units, self._side_of)
        return self._at(words).row(**row)

    @property
    def _tick_units(self) -> int:
        return int(self._setup.get("tick_units", TICK_UNITS))

    def _side_of(self, handle: int) -> Side:
        """The side of an order of history's; any for one that is not there, which the book refuses."""
        order = None
        if self.venue is not None:
            order = self.venue.book.state.history.get(handle)
        return Side.BUY if order is None else order.side
