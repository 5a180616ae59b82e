"""Disks that refuse, for recordings."""

from pathlib import Path

from bridge.stores import FileWriter
from market.errors import InputError


class Disk:
    """Makes files whose writes fail while `is_full`, and which can't be made while `no_new`."""

    def __init__(self) -> None:
        self.is_full = False
        self.no_new = False

    def create(self, path: Path) -> "DiskFile":
        if self.no_new:
            raise InputError(f"{path}: found no space")
        return DiskFile(self, FileWriter.create(path))


class DiskFile:
    def __init__(self, disk: Disk, file: FileWriter) -> None:
        self.disk = disk
        self.file = file

    def append(self, data: bytes) -> None:
        self.file.append(data)

    def sync(self) -> None:
        if self.disk.is_full:
            raise InputError("found no space left on the disk")
        self.file.sync()

    def close(self) -> None:
        self.file.close()
