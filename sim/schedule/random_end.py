"""When a call ends at random: a draw from nothing but the book and the call."""

from sim.streams import draw, uniform_below


def end_delay_ns(
    key: int, book_id: int, call_number: int, window_ns: int, extension: int = 0
) -> int:
    """How long after its time a call ends, in [0, window_ns).

    Args:
        key: Stream key of random ends.
        book_id: Whose call.
        call_number: Of a scheduled call its number, of another the instant at which it began.
        window_ns: 0 for no random end.
        extension: 0 for the call itself, then 1 for its first extension.
    """
    if not window_ns:
        return 0
    bits = draw(key, book_id, call_number)
    return uniform_below(draw(bits, extension) if extension else bits, window_ns)
