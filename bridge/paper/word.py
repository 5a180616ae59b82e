"""What a person says to the desks of a paper session, as it is kept."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

WORD_BYTES_MAX: Final = 4_096


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says.

    Attributes:
        action: As an operator's (`market.codes.OperatorAction`), by name.
        authority: Who says it.
        host: To which host; to every one with a desk by default.
        strategy: Which strategy of its desk is paused or resumed; every one by default.
        limits_ppm: With SET_LIMITS: every limit becomes so many millionths of what the scenario says.
        why: For who looks at it later.
    """

    action: str
    authority: str
    host: str = ""
    strategy: str = ""
    limits_ppm: int | UnsetType = UNSET
    why: str = ""
