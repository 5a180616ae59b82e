"""Which books a strategy follows, checked once when it is made."""

from collections.abc import Sequence

from market.errors import InputError
from market.instruments import Instrument


def followed(
    name: str, books: Sequence[int], instruments: Sequence[Instrument], *, count: int = 0
) -> tuple[int, ...]:
    """The books of a strategy, in the order in which they were named.

    Args:
        name: The strategy's, for the error's text.
        books: Numbers of the books that it may say signals about.
        instruments: Of every book of the desk, by number.
        count: How many books it needs; 0 for one or more.

    Raises:
        InputError: There are too few or too many, one is named twice, or one does not exist.
    """
    if (count and len(books) != count) or not books:
        allowed = f"exactly {count}" if count else "one or more"
        raise InputError(f"{name}: found {len(books)} books, allowed is {allowed}")
    for place, book_id in enumerate(books):
        if not 0 <= book_id < len(instruments):
            raise InputError(
                f"{name}: found book {book_id}, allowed is 0 to {len(instruments) - 1}"
            )
        if book_id in books[:place]:
            raise InputError(f"{name}: found book {book_id} twice, allowed is once")
    return tuple(books)
