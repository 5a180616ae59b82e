"""A zip that cannot be read is refused by name, whatever its members are compressed with and by whoever reads it."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from market.errors import InputError
from sim.ingest.source import open_member, open_zip
from sim.truth import TruthFile

ROWS = b"1,2,3,4\n" * 5_000
METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
CENTRAL = b"PK\x01\x02"


def by_ingest(path: Path) -> int:
    with open_zip(path) as archive, open_member(archive, archive.infolist()[0]) as source:
        return sum(map(len, iter(lambda: source.read(1_000), b"")))


def by_truth(path: Path) -> int:
    return sum(8 * len(block) for block in TruthFile(path).blocks())


Reader = Callable[[Path], int]
READERS = pytest.mark.parametrize("read", [by_ingest, by_truth])


def archive(path: Path, method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("x_orderbook_1.csv", ROWS)
    return bytearray(path.read_bytes())


@READERS
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_is_read_and_its_damage_is_refused(
    tmp_path: Path, read: Reader, method: int
) -> None:
    path = tmp_path / "a.zip"
    data = archive(path, method)
    assert read(path) == len(ROWS)
    for at in (60, 70, 80):
        data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip.*: found .*, allowed"):
        read(path)


@READERS
@pytest.mark.parametrize(
    ("at", "in_central", "value", "says"),
    [(6, 8, 1, "is encrypted"), (8, 10, 97, "compression method is not supported")],
    ids=["encrypted", "unknown method"],
)
def test_what_zipfile_will_not_open_is_refused(
    tmp_path: Path, read: Reader, at: int, in_central: int, value: int, says: str
) -> None:
    path = tmp_path / "a.zip"
    data = archive(path)
    data[at : at + 2] = struct.pack("<H", value)
    central = data.rindex(CENTRAL) + in_central
    data[central : central + 2] = struct.pack("<H", value)
    path.write_bytes(data)
    with pytest.raises(InputError, match=rf"a\.zip.*: found .*{says}.*, allowed"):
        read(path)
