"""Small files that change as a whole: after a crash either the old one is there, or the new one.

Model: the new content goes to a neighbor, is made durable there, takes the name in one step, and
then the folder that holds the name is made durable too.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from market.errors import InputError

HEAD_SUFFIX: Final = ".head"


def head_path(path: Path) -> Path:
    """Where the head of a journal is kept: beside it, under its name with `.head` behind."""
    return path.with_name(path.name + HEAD_SUFFIX)


def read_head(path: Path) -> bytes | None:
    """The text kept beside a journal; None when there is none."""
    try:
        return head_path(path).read_bytes()
    except FileNotFoundError:
        return None


def replace_file(path: Path, content: bytes) -> None:
    """Give a file a new content, durably and in one step.

    Raises:
        InputError: The disk refused; the old content is still there.
    """
    neighbor = path.with_name(path.name + ".new")
    try:
        with neighbor.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        neighbor.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            neighbor.unlink(missing_ok=True)
        raise InputError(
            f"{path}: found {error.strerror or error} while replacing it, allowed is a disk that "
            "takes it; the old content stays"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
