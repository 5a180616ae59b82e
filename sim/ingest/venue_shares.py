"""Which venue printed how much of a consolidated tape's volume."""

from pathlib import Path

import numpy as np

from market.codes import Kind
from market.errors import InputError
from sim.tape.read import open_tape

_CODES = 128


def venue_shares(tape: Path, *, exclude: str = "") -> dict[str, float]:
    """Share of the traded lots by venue letter, largest first; they add up to 1.

    Args:
        tape: A tape with `venue_code`.
        exclude: Letters to leave out, such as D: what trades off exchange can't be routed to.

    Raises:
        InputError: No such column, a code that is no letter, or no trade to share.
    """
    opened = open_tape(tape)
    if "venue_code" not in opened.side_columns:
        raise InputError(f"{tape}: found no column venue_code, allowed a tape with venues")
    lots = np.zeros(_CODES, np.int64)
    for rows, sides in opened.chunks_with_sides():
        trades = rows["kind"] == Kind.TRADE
        codes = sides["venue_code"][trades]
        if len(codes) and (codes.min() < 0 or codes.max() >= _CODES):
            raise InputError(f"{tape}: found venue_code {codes.max()}, allowed 0..{_CODES - 1}")
        np.add.at(lots, codes, rows["qty"][trades])
    for letter in exclude:
        lots[ord(letter) % _CODES] = 0
    total = int(lots.sum())
    if total == 0:
        raise InputError(f"{tape}: found no traded volume to share, allowed some")
    order = np.argsort(-lots, kind="stable")
    return {chr(code): int(lots[code]) / total for code in order.tolist() if lots[code] > 0}
