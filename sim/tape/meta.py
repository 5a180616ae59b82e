"""What a tape says about itself, beside its rows.

Scales are per book, because a price unit finer than the tick and a lot of more than one piece are
properties of an instrument. Everything a reader needs to turn integers back into money is here.
"""

from typing import Final

import msgspec

from market.errors import InputError

FORMAT_VERSION: Final = 1
"""Rises when an older reader would misunderstand a newer tape."""

DEPTHS: Final = ("L3", "L2", "L1")
"""What a source shows of a book: every order, every level, or the best of each side."""


class TapeBook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument on one venue.

    Prices on the tape are integers of `1 / price_units_per_currency` of `currency`; displayed
    orders lie on multiples of `tick_units` of them. One lot is `lot_units` pieces of
    `1 / qty_units_per_piece` of the instrument. Handles lie in `[0, handle_count)`. `depth` is one
    of `DEPTHS`; a tape that does not say it is L3.
    """

    book_id: int
    symbol: str
    venue: str
    currency: str
    price_units_per_currency: int
    tick_units: int
    lot_units: int = 1
    qty_units_per_piece: int = 1
    handle_count: int
    depth: str = DEPTHS[0]


class TapeSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that the tape was made from."""

    name: str
    sha256: str


class TapeMeta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tape's metadata; `session_date` is the venue's local date, `YYYY-MM-DD`.

    `statistics` are the ingest's counters; they and `sources` are for the reader's eyes and not
    part of the digest.
    """

    format_version: int = FORMAT_VERSION
    books: tuple[TapeBook, ...]
    session_date: str
    sources: tuple[TapeSource, ...] = ()
    statistics: dict[str, int] = {}

    def book(self, book_id: int) -> TapeBook:
        """The book of that id."""
        for book in self.books:
            if book.book_id == book_id:
                return book
        allowed = ", ".join(str(book.book_id) for book in self.books)
        raise InputError(f"tape: found book_id {book_id}, allowed {allowed}")


def encode_meta(meta: TapeMeta) -> bytes:
    """Metadata as JSON, keys in the order of the fields."""
    return msgspec.json.encode(meta)


def decode_meta(text: bytes, where: str) -> TapeMeta:
    """Metadata from JSON.

    Args:
        text: What `encode_meta` wrote.
        where: File name for error messages.

    Raises:
        InputError: An unknown version, or fields that the version does not have.
    """
    try:
        version = msgspec.json.decode(text, type=_VersionOnly).format_version
        if version != FORMAT_VERSION:
            raise _other_version(version, where)
        meta = msgspec.json.decode(text, type=TapeMeta)
    except msgspec.DecodeError as error:
        raise InputError(f"{where}: found damaged tape metadata ({error})") from None
    _check(meta, where)
    return meta


def _other_version(version: int, where: str) -> InputError:
    """The error for a version that is not ours, with what to do about it."""
    text = f"{where}: found tape format version {version}, allowed {FORMAT_VERSION}"
    if 0 <= version < FORMAT_VERSION:
        return InputError(f"{text}; `twin migrate {where}` brings it up to date")
    return InputError(f"{text}; a newer market-twin may read it")


class _VersionOnly(msgspec.Struct, frozen=True):
    format_version: int


def _check(meta: TapeMeta, where: str) -> None:
    """Refuse metadata that no tape can have."""
    ids = [book.book_id for book in meta.books]
    # A feed in which nobody quotes or trades leaves a tape without a book: empty, and valid.
    if ids != sorted(set(ids)) or (ids and (ids[0] < 0 or ids[-1] > 0xFFFF)):
        raise InputError(
            f"{where}: found book ids {ids}, allowed distinct ones, rising, in 0..65535"
        )
    for book in meta.books:
        scales = (
            book.price_units_per_currency, book.tick_units, book.lot_units, book.qty_units_per_piece
        )  # fmt: skip
        if min(scales) < 1 or book.handle_count < 0:
            raise InputError(
                f"{where}: found a scale of {min(scales)} or a handle_count of "
                f"{book.handle_count} in book {book.book_id}, allowed scales from 1 and counts from 0"
            )
        if book.depth not in DEPTHS:
            raise InputError(
                f"{where}: found depth {book.depth!r} in book {book.book_id}, "
                f"allowed {', '.join(DEPTHS)}"
            )
