"""Acknowledged fills: a file of lines, each a fill, that a killed process leaves whole.

Model: a fill is acknowledged once its line is here, which it is only after every entry that led to it is durable.
So whoever runs the entries again comes to every fill that is here, and `expect` holds him to it: the same
fills in the same order, each once.

Invariants: no id stands here twice; a last line that was cut short is cut off when the file is opened; one
process at a time has the file, and whoever comes second changes nothing of it.
"""

from pathlib import Path
from typing import Final, Self

import msgspec

from bridge.stores import FileWriter
from market.errors import InputError


class _When(msgspec.Struct):
    venue_ns: int


_Stamp: Final = msgspec.json.Decoder(_When)


class FillFile:
    """Owns the file; close it, or use `with`.

    Args:
        path: Where it is, or shall be.

    Attributes:
        written: Fills in the file.

    Raises:
        InputError: It cannot be opened, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        kept, whole = b"", 0
        try:
            if path.exists():
                kept = path.read_bytes()
                whole = kept.rfind(b"\n") + 1
                self._file = FileWriter.resume(path, whole, size=len(kept))
            else:
                self._file = FileWriter.create(path)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; allowed is a file to write") from None
        self._kept = kept[:whole].splitlines()
        self.written = len(self._kept)
        self._seen = 0

    @property
    def waiting(self) -> int:
        """Fills that are not acknowledged yet."""
        return len(self._waiting)

    def add(self, line: bytes) -> None:
        """A fill has happened; one that an earlier process acknowledged must be the same.

        Raises:
            InputError: It is another one.
        """
        number, self._seen = self._seen, self._seen + 1
        if number >= len(self._kept):
            self._file.append(line + b"\n")
            self._waiting.append(line)
            return
        if line != self._kept[number]:
            raise InputError(
                f"{self._path}: fill {number + 1}: found {line.decode()}, allowed is the one that was "
                f"acknowledged, {self._kept[number].decode()}: the program is another one"
            )

    def missing(self) -> int:
        """Acknowledged fills that nobody has come to again."""
        return max(len(self._kept) - self._seen, 0)

    def newest_ns(self) -> int:
        """When the newest fill that an earlier process acknowledged happened; 0 for none.

        Raises:
            InputError: It is no fill.
        """
        try:
            return _Stamp.decode(self._kept[-1]).venue_ns if self._kept else 0
        except msgspec.MsgspecError as error:
            raise InputError(f"{self._path}: last line: found no fill ({error})") from None

    def acknowledge(self) -> list[bytes]:
        """Write what waits, durably; the fills that this acknowledges.

        Raises:
            InputError: The disk refuses; they go on waiting.
        """
        self._file.sync()
        done, self._waiting = self._waiting, []
        self.written += len(done)
        return done

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
