"""Finds LOBSTER's message and orderbook files, and reads the session off their names."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from market.errors import InputError
from sim.ingest.session_date import midnight_ns
from sim.ingest.source import Source, fingerprint, is_zip, open_file, open_member, open_zip
from sim.tape.meta import TapeSource

_NAME = re.compile(
    r"(?P<symbol>[A-Za-z0-9.+=-]+)_(?P<date>\d{4}-\d{2}-\d{2})_.*message.*\.csv(\.gz)?"
)
_NAME_ALLOWED = "TICKER_YYYY-MM-DD_START_END_message_LEVEL.csv"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Which instrument and day a message file covers; `midnight_ns` is since the epoch, UTC."""

    symbol: str
    date: str
    midnight_ns: int


class LobsterFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Open streams of one session."""

    session: Session
    message: Source
    orderbook: Source | None
    sources: tuple[TapeSource, ...]


@contextmanager
def open_lobster(message: Path, orderbook: Path | None) -> Iterator[LobsterFiles]:
    """Open the zip as distributed, or a message file with or without its orderbook file."""
    with ExitStack() as stack:
        if is_zip(message):
            if orderbook is not None:
                raise InputError(
                    f"{orderbook}: found an orderbook file beside a zip, "
                    "allowed a zip alone or a message file with an orderbook file"
                )
            archive = stack.enter_context(open_zip(message))
            member = _member(archive, message, "message")
            names = member.filename
            stream = stack.enter_context(open_member(archive, member))
            book_member = _member(archive, message, "orderbook")
            book: Source | None = stack.enter_context(open_member(archive, book_member))
            given = [message]
        else:
            names = message.name
            stream = stack.enter_context(open_file(message))
            book = None if orderbook is None else stack.enter_context(open_file(orderbook))
            given = [path for path in (message, orderbook) if path is not None]
        yield LobsterFiles(
            session=read_session(names),
            message=stream,
            orderbook=book,
            sources=tuple(fingerprint(path) for path in given),
        )


def read_session(file_name: str) -> Session:
    """Symbol and date from a message file's name, midnight from the exchange's time zone.

    Raises:
        InputError: A name that LOBSTER would not give, or a date that does not exist.
    """
    name = file_name.rpartition("/")[2]
    found = _NAME.fullmatch(name)
    if found is None:
        raise InputError(f"{name}: found a name without ticker and date, allowed {_NAME_ALLOWED}")
    date = found["date"]
    return Session(symbol=found["symbol"], date=date, midnight_ns=midnight_ns(date, name))


def _member(archive: zipfile.ZipFile, path: Path, word: str) -> zipfile.ZipInfo:
    """The one member of the archive that is the message or the orderbook file."""
    found = [
        info
        for info in archive.infolist()
        if info.filename.endswith(".csv") and f"_{word}_" in info.filename.rpartition("/")[2]
    ]
    if len(found) != 1:
        raise InputError(f"{path}: found {len(found)} {word} files inside, allowed exactly one")
    return found[0]
