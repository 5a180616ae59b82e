"""Damaged copies of a file, the same on every day: cut off, with flipped bits, with moved pieces."""

import random
from collections.abc import Iterator

SORTS = ("truncated", "flipped", "shuffled")


def damaged(data: bytes, sort: str, copy_count: int, *, spare: int = 0) -> Iterator[bytes]:
    """Copies of `data`, whose first `spare` bytes stay as they are."""
    rng = random.Random(f"{sort} {len(data)}")
    for _ in range(copy_count):
        if sort == "truncated":
            yield data[: rng.randrange(spare, len(data))]
        elif sort == "flipped":
            copy = bytearray(data)
            for _ in range(rng.choice((1, 2, 8, 64))):
                copy[rng.randrange(spare, len(data))] ^= 1 << rng.randrange(8)
            yield bytes(copy)
        else:
            cuts = sorted(rng.sample(range(spare, len(data)), rng.choice((1, 2, 5))))
            pieces = [data[a:b] for a, b in zip([spare, *cuts], [*cuts, len(data)], strict=True)]
            rng.shuffle(pieces)
            yield data[:spare] + b"".join(pieces)


def shuffled_records(records: list[bytes], copy_count: int) -> Iterator[bytes]:
    """Files of whole records: some moved, some lost, some twice."""
    rng = random.Random(f"records {len(records)}")
    for _ in range(copy_count):
        copy = list(records)
        for _ in range(rng.choice((1, 3, 10))):
            record = copy.pop(rng.randrange(len(copy)))
            for _ in range(rng.choice((0, 1, 2))):
                copy.insert(rng.randrange(len(copy) + 1), record)
        yield b"".join(copy)
