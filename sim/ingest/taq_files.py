"""Finds consolidated quote and trade files, and reads symbol and day off their names."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from market.errors import InputError
from sim.ingest.session_date import date_in_name, midnight_ns
from sim.ingest.source import Source, fingerprint, is_zip, open_file, open_member, open_zip
from sim.tape.meta import TapeSource

_NAMES = (
    re.compile(r"\d{8}_(?P<symbol>[a-z0-9.+=-]+)_(?P<word>quote|trade)\w*\.csv(\.gz)?", re.I),
    re.compile(r"(?P<symbol>[a-z0-9.+=-]+)_\d{8}_(?P<word>quote|trade)\w*\.csv(\.gz)?", re.I),
)
_ALLOWED = "YYYYMMDD_ticker_{word}….csv or ticker_YYYYMMDD_{word}….csv"


class TaqSession(msgspec.Struct, frozen=True, kw_only=True):
    """Which instrument and day; `midnight_ns` is New York's, ns since the epoch (UTC)."""

    symbol: str
    date: str
    midnight_ns: int


class TaqFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Open streams of one session."""

    session: TaqSession
    quotes: Source
    trades: Source | None
    sources: tuple[TapeSource, ...]


@contextmanager
def open_taq(quotes: Path, trades: Path | None) -> Iterator[TaqFiles]:
    """Open a quote file and its trade file: zip with one csv inside, csv, or csv.gz.

    Raises:
        InputError: A file is not what it should be, or the two are of different sessions.
    """
    with ExitStack() as stack:
        quote_stream, session = _open(stack, quotes, "quote")
        trade_stream = None
        if trades is not None:
            trade_stream, other = _open(stack, trades, "trade")
            if other != session:
                raise InputError(
                    f"{trades.name}: found {other.symbol} on {other.date}, "
                    f"allowed {session.symbol} on {session.date}, the quote file's"
                )
        given = [path for path in (quotes, trades) if path is not None]
        yield TaqFiles(
            session=session,
            quotes=quote_stream,
            trades=trade_stream,
            sources=tuple(fingerprint(path) for path in given),
        )


def read_session(file_name: str, word: str) -> TaqSession:
    """Symbol and day of a file's name.

    Args:
        file_name: Of the csv, with or without folders.
        word: "quote" or "trade".

    Raises:
        InputError: A name without them, of the other kind, or a day that does not exist.
    """
    name = file_name.rpartition("/")[2]
    for pattern in _NAMES:
        found = pattern.fullmatch(name)
        date = date_in_name(name)
        if found is not None and found["word"].lower() == word and date is not None:
            return TaqSession(
                symbol=found["symbol"].upper(), date=date, midnight_ns=midnight_ns(date, name)
            )
    raise InputError(
        f"{name}: found a name without date, ticker and {word!r}, "
        f"allowed {_ALLOWED.format(word=word)}"
    )


def _open(stack: ExitStack, path: Path, word: str) -> tuple[Source, TaqSession]:
    """One file's stream and session."""
    if not is_zip(path):
        return stack.enter_context(open_file(path)), read_session(path.name, word)
    archive = stack.enter_context(open_zip(path))
    member = _only_csv(archive, path)
    session = read_session(member.filename, word)
    return stack.enter_context(open_member(archive, member)), session


def _only_csv(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
    if len(found) != 1:
        raise InputError(f"{path}: found {len(found)} csv files inside, allowed exactly one")
    return found[0]
