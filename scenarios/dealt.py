"""`[split]`: a scenario that is written for several venues deals the tape of one book to them itself.

Model: what `twin tape split` does, done when a run begins. The dealt tape is kept as
`<runs>/tapes/<source>-<shares>.tape.parquet`, because whoever asks about the run later (`twin reconstruct`,
`twin tca --tape`) needs the tape that it replayed. Its digest is the run's, so shares and seed are part of
the run's identity. It is dealt anew for every run: what an older program wrote is never trusted.

A tape that has the venues already is replayed as it is.
"""

import os
from pathlib import Path
from typing import Final

from market.errors import InputError
from scenarios.split_section import SplitSection
from sim.tape.read import Tape, open_tape
from sim.tape.split import split_tape

TAPES: Final = "tapes"
"""Folder of dealt tapes, among the runs."""


def dealt_tape(tape: Tape, section: SplitSection, runs_dir: Path) -> Tape:
    """A tape whose books are at the scenario's venues.

    Args:
        tape: Of one L3 book, or dealt already.
        section: Which shares.
        runs_dir: Where runs are, and the dealt tape goes.

    Raises:
        InputError: The tape is of something else, or the folder cannot be written.
    """
    shares = section.dealt()
    if [book.venue for book in tape.meta.books] == list(shares.venues):
        return tape
    folder = runs_dir / TAPES
    out = folder / f"{tape.digest[:12]}-{section.name}.tape.parquet"
    work = folder / f".{out.name}-{os.getpid()}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot make the folder of dealt tapes ({error.strerror}); "
            "allowed is a folder that can be written"
        ) from None
    try:
        split_tape(tape.path, shares, work)
        work.replace(out)
    finally:
        work.unlink(missing_ok=True)
    return open_tape(out)
