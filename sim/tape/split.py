"""One book's real orders dealt to several venues: real flow, synthetic fragmentation.

Model: every order of an L3 tape, whole with all its messages, goes to a venue drawn by share; so
does every print. The outcome is one merged tape with a book for each venue, whose levels add up to
the original's at every moment. What the split cannot know: how the flow would have reacted to the
fragmentation, so an aggressor that swept several orders now sweeps several venues at one instant.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, RowFlag
from market.errors import InputError
from market.units import parse_duration
from sim.kernels import status
from sim.kernels import tape_split as k
from sim.rows import Rows, bad_row
from sim.streams import stream_key
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.read import Tape, open_tape
from sim.tape.toxic import Marks, Toxic, tilted, toxic_births
from sim.tape.write import TapeWriter

CHUNK_ROWS: Final = 65_536
VENUES_MAX: Final = 64
MILLION: Final = 1_000_000
_ALLOWED: Final = "`seed = 7`, a table [venues] of shares that add up to 1, and perhaps a [toxic]"

Sides = Mapping[str, np.ndarray]


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Which venues there are, with their exact shares of the orders, and the seed of the draws.

    With `toxic` orders that should not have rested go to one venue more often; all shares are kept.
    """

    venues: dict[str, Fraction]
    seed: int
    toxic: Toxic | None = None


def load_shares(path: Path) -> Shares:
    """Shares from a TOML file: `seed`, and `[venues]` with a share for each name.

    Raises:
        InputError: The file is not as it must be, or the shares do not add up to 1.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Fraction)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; allowed is a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path}: not TOML: {error}") from None
    return shares_of(table, f"{path}: ")


def shares_of(table: Mapping[str, object], at: str = "") -> Shares:
    """Shares from a table: `seed`, `venues` and perhaps `toxic`, its numbers exact.

    Args:
        table: As it is written; shares are integers or fractions.
        at: What errors begin with.

    Raises:
        InputError: The table is not as it must be.
    """
    venues, seed = table.get("venues"), table.get("seed", 0)
    unknown = [key for key in table if key not in ("venues", "seed", "toxic")]
    if unknown or not isinstance(venues, dict) or type(seed) is not int:
        raise InputError(f"{at}found {', '.join(table) or 'nothing'}, allowed {_ALLOWED}")
    for name, share in venues.items():
        if type(share) not in (int, Fraction) or not 0 < share <= 1:
            raise InputError(f"{at}venues.{name}: found {share}, allowed a share above 0, to 1")
    if not 1 <= len(venues) <= VENUES_MAX:
        raise InputError(f"{at}found {len(venues)} venues, allowed 1..{VENUES_MAX}")
    total = sum(venues.values(), Fraction(0))
    if total != 1:
        raise InputError(f"{at}found shares that add up to {float(total)}, allowed 1")
    return Shares(
        venues={name: Fraction(share) for name, share in venues.items()},
        seed=seed,
        toxic=_toxic(table["toxic"], at, venues) if "toxic" in table else None,
    )


def _toxic(table: object, at: str, venues: Mapping[str, object]) -> Toxic:
    """The table [toxic]: `venue`, `tilt` as a share, `horizon` as a duration."""
    allowed = "`venue`, a `tilt` above 0, to 1, and a `horizon`"
    if not isinstance(table, dict) or set(table) != {"venue", "tilt", "horizon"}:
        raise InputError(f"{at}toxic: found {table!r:.80}, allowed {allowed}")
    venue, tilt, horizon = table["venue"], table["tilt"], table["horizon"]
    if venue not in venues:
        raise InputError(f"{at}toxic.venue: found {venue!r}, allowed {', '.join(venues)}")
    if type(tilt) not in (int, Fraction) or not isinstance(horizon, str):
        raise InputError(f"{at}toxic: found {table!r:.80}, allowed {allowed}")
    horizon_ns = parse_duration(horizon, f"{at}toxic.horizon")
    try:
        return Toxic(venue=venue, tilt_ppm=int(Fraction(tilt) * MILLION), horizon_ns=horizon_ns)
    except InputError as error:
        raise InputError(f"{at}{error}") from None


def save_shares(volume: Mapping[str, float], path: Path, *, seed: int = 0) -> Shares:
    """Write the file that `load_shares` reads, each share in whole millionths.

    What rounding leaves over goes to those who lost most by it, so that the sum is exactly 1. A
    venue that gets not even a millionth is left out.

    Args:
        volume: How much each venue has of anything, largest first.
        path: Where the file goes.
        seed: Of the draws.

    Raises:
        InputError: There are too many venues, or the file cannot be written.
    """
    if not 1 <= len(volume) <= VENUES_MAX:
        raise InputError(f"{path}: found {len(volume)} venues to write, allowed 1..{VENUES_MAX}")
    total = sum(map(Fraction, volume.values()))
    exact = {name: Fraction(part) / total * MILLION for name, part in volume.items()}
    whole = {name: int(share) for name, share in exact.items()}
    left_over = MILLION - sum(whole.values())
    for name in sorted(exact, key=lambda name: whole[name] - exact[name])[:left_over]:
        whole[name] += 1
    kept = {name: millionths for name, millionths in whole.items() if millionths}
    lines = [f"seed = {seed}", "", "[venues]"]
    for name, millionths in kept.items():
        number = "1.0" if millionths == MILLION else f"0.{millionths:06d}"
        lines.append(f"{json.dumps(name)} = {number}")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; allowed is a file to write") from None
    venues = {name: Fraction(millionths, MILLION) for name, millionths in kept.items()}
    return Shares(venues=venues, seed=seed)


def split_tape(
    tape: Path,
    shares: Shares,
    out: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> TapeMeta:
    """Deal a tape's orders to venues and write the merged tape of all of them.

    Args:
        tape: Of one L3 book.
        shares: Venues, shares and seed.
        out: Where the merged tape goes; book ids are in the order of the venues.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape is not of one L3 book, or a row contradicts the rows before it.
    """
    opened = open_tape(tape)
    if out.exists() and out.samefile(tape):
        raise InputError(f"{out}: found the tape itself to write to, allowed another place")
    if len(opened.meta.books) != 1 or opened.meta.books[0].depth != "L3":
        found = ", ".join(f"{book.symbol} ({book.depth})" for book in opened.meta.books)
        raise InputError(f"{tape}: found {found}, allowed a tape of one L3 book")
    marks = None
    if shares.toxic is not None:
        marks = toxic_births(opened, shares.toxic.horizon_ns)
    dealer = _Dealer(opened.meta.books[0], shares, marks)
    with TapeWriter(out, opened.side_columns) as writer:
        done = 0
        for rows, sides in _whole_messages(opened):
            writer.append(*dealer.deal(rows, sides, done))
            done += len(rows)
            if progress is not None:
                progress(done, opened.row_count)
        meta = msgspec.structs.replace(
            opened.meta,
            books=dealer.books(),
            statistics=opened.meta.statistics | {"rows": writer.row_count} | dealer.counts(),
        )
        writer.finish(meta)
    return meta


class _Dealer:
    """Which order is where."""

    def __init__(self, book: TapeBook, shares: Shares, marks: Marks | None) -> None:
        self._book = book
        self._names = list(shares.venues)
        self._marks = marks
        plain, marked = dict(shares.venues), dict(shares.venues)
        if shares.toxic is not None and marks is not None:
            plain, marked = tilted(shares.venues, shares.toxic, marks)
        self._shares = np.array([_cumulative(plain), _cumulative(marked)], np.int64)
        self._order_key = stream_key(shares.seed, f"split/orders/{book.symbol}")
        self._print_key = stream_key(shares.seed, f"split/prints/{book.symbol}")
        self._dealt = np.zeros((book.handle_count, k.D_WIDTH), np.int64)
        self._free = np.zeros((len(self._names), book.handle_count), np.int64)
        self._used = np.zeros((len(self._names), 2), np.int64)
        self._orders = np.zeros((2, len(self._names)), np.int64)
        self._state = np.zeros(k.G_SIZE, np.int64)
        self._state[k.G_TS] = -1

    def books(self) -> tuple[TapeBook, ...]:
        """One book for each venue, with as many handles as it came to need."""
        return tuple(
            msgspec.structs.replace(
                self._book, book_id=number, venue=name, handle_count=int(self._used[number, 0])
            )
            for number, name in enumerate(self._names)
        )

    def counts(self) -> dict[str, int]:
        """Orders that each venue was dealt; of a split with a toxic venue, also how many were marked."""
        kinds = ("orders", "marked")[: 1 if self._marks is None else 2]
        return {
            f"{kind}_{name}": int(count)
            for kind, counts in zip(kinds, self._orders, strict=False)
            for name, count in zip(self._names, counts, strict=True)
        }

    def _count(self, dealt: Rows, marked: npt.NDArray[np.int64]) -> None:
        """Count the orders that are born in rows at their venues."""
        kind, venue = dealt["kind"], dealt["book_id"]
        born = (kind == Kind.ADD) | ((kind == Kind.REVEAL) & (dealt["qty"] > 0))
        for at, kept in enumerate((born, born & (marked > 0))):
            self._orders[at] += np.bincount(venue[kept], minlength=len(self._names))

    def _marked(self, first_row: int, count: int) -> npt.NDArray[np.int64]:
        """Marks of a piece of the tape."""
        if self._marks is None:
            return np.zeros(count, np.int64)
        return self._marks.rows[first_row : first_row + count]

    def deal(self, rows: Rows, sides: Sides, first_row: int) -> tuple[Rows, dict[str, np.ndarray]]:
        """The rows of whole source messages, at their venues.

        Raises:
            BadRow: When a row contradicts the rows before it.
        """
        for_all = int(np.isin(rows["kind"], (Kind.PHASE, Kind.CLEAR)).sum())
        out = np.zeros((len(rows) + for_all * (len(self._names) - 1), k.Q_WIDTH), np.int64)
        marked = self._marked(first_row, len(rows))
        reason = k.deal(
            rows, self._order_key, self._print_key, self._shares, marked,
            self._dealt, self._free, self._used, self._state, out,
        )  # fmt: skip
        if reason != status.DONE:
            at = int(self._state[k.G_BAD_AT])
            raise bad_row(rows[at], reason, first_row + at)
        out = out[: int(self._state[k.G_OUT])]
        last = (rows["side_flags"] & RowFlag.LAST) != 0
        message = (np.cumsum(last) - last)[out[:, k.Q_ROW]]
        # A source message becomes one message at each venue that it touches, its rows together.
        order = np.lexsort((out[:, k.Q_VENUE], rows["ts_ns"][out[:, k.Q_ROW]], message))
        out, message = out[order], message[order]
        result = rows[out[:, k.Q_ROW]]
        result["book_id"] = out[:, k.Q_VENUE]
        result["handle"] = out[:, k.Q_HANDLE]
        self._count(result, marked[out[:, k.Q_ROW]])
        part = message * len(self._names) + out[:, k.Q_VENUE]
        ends = len(part) - 1 - np.unique(part[::-1], return_index=True)[1]
        ended = np.zeros(len(part), np.bool_)
        ended[ends] = message[ends] < int(last.sum())
        flags = result["side_flags"] & np.uint8(0xFF ^ int(RowFlag.LAST))
        result["side_flags"] = flags | np.where(ended, np.uint8(RowFlag.LAST), np.uint8(0))
        return result, {name: column[out[:, k.Q_ROW]] for name, column in sides.items()}


def _cumulative(shares: Mapping[str, Fraction]) -> list[int]:
    """Running sums in units of a draw; the last is exactly one."""
    running, found = Fraction(0), []
    for share in shares.values():
        running += share
        found.append(int(running * k.DRAW_ONE))
    return found


def _whole_messages(tape: Tape) -> Iterator[tuple[Rows, Sides]]:
    """The tape in pieces that end with a source message; what never ends comes last."""
    waiting: tuple[Rows, Sides] | None = None
    for given_rows, given_sides in tape.chunks_with_sides(rows=CHUNK_ROWS):
        rows, sides = given_rows, given_sides
        if waiting is not None:
            before, columns = waiting
            rows = np.concatenate((before, rows))
            sides = {name: np.concatenate((columns[name], sides[name])) for name in sides}
        ends = np.flatnonzero(rows["side_flags"] & RowFlag.LAST)
        cut = int(ends[-1]) + 1 if len(ends) else 0
        if cut:
            yield rows[:cut], {name: column[:cut] for name, column in sides.items()}
        waiting = rows[cut:], {name: column[cut:] for name, column in sides.items()}
    if waiting is not None and len(waiting[0]):
        yield waiting
