"""What a monitor is told before it starts: bounds of its checks, and of what it may say."""

from typing import Final

import msgspec

from market.errors import InputError

MS: Final = 1_000_000
S: Final = 1_000_000_000

PAGES_MAX: Final = 10
"""More calls in ten minutes than this nobody can follow."""

INSTRUCTS_MAX: Final = 20

MAY_BE_0: Final = (
    "latency_ns",
    "quiet_ns",
    "commands_per_s",
    "loss_micros",
    "gross_micros",
    "hold_ns",
    "reopen_ns",
    "children_max",
    "instructs_max",
)


class OversightConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds; a check whose bound is 0 is off where 0 is allowed.

    Attributes:
        check_ns: How often everything is looked at.
        silence_ns: How long a host may send no reading.
        stall_ns: How long one decision may be under way.
        latency_ns: How long a decision may take; 0 for any time.
        content_ns: How far a feed may lag behind what others know.
        quiet_ns: How long nobody may have news of a book; 0 for any time.
        unfit_ns: How long a host's picture of a book may be unfit.
        answer_ns: How long a command may go unanswered.
        unknown_ns: How long an order may be in doubt.
        rejects_per_s: Refusals of one host by its venues.
        commands_per_s: Commands of one host; 0 for any number.
        break_ns: How long desk and drop copy may differ.
        loss_micros: Loss since the day's highest equity; 0 for any.
        gross_micros: Gross exposure at its worst; 0 for any.
        journal_ns: How long a record may wait to become durable.
        clock_ns: How far a host's clock may seem to be off.
        hold_ns: How long an alert that may have a cause waits for it.
        reopen_ns: How long what has gone away still belongs to its incident when it comes back.
        pages_max: Calls of a person within `pages_window_ns`.
        children_max: Further alerts of one incident that are said one by one.
        instructs_max: Instructions to one host within `instructs_window_ns`.
        again_ns: How long an instruction is given time to work.
    """

    check_ns: int = 100 * MS
    silence_ns: int = S
    stall_ns: int = S
    latency_ns: int = 100 * MS
    content_ns: int = 250 * MS
    quiet_ns: int = 5 * S
    unfit_ns: int = 200 * MS
    answer_ns: int = S
    unknown_ns: int = S
    rejects_per_s: int = 20
    commands_per_s: int = 0
    break_ns: int = 300 * MS
    loss_micros: int = 0
    gross_micros: int = 0
    journal_ns: int = 500 * MS
    clock_ns: int = 20 * MS
    hold_ns: int = 300 * MS
    reopen_ns: int = 60 * S
    pages_max: int = 8
    pages_window_ns: int = 600 * S
    children_max: int = 5
    instructs_max: int = 4
    instructs_window_ns: int = 10 * S
    again_ns: int = 2 * S

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            least = 0 if name in MAY_BE_0 else 1
            if getattr(self, name) < least:
                raise InputError(
                    f"{name.removesuffix('_ns')} is {getattr(self, name)}, allowed is {least} or more"
                )
        for name, most in (
            ("pages_max", PAGES_MAX), ("children_max", 5), ("instructs_max", INSTRUCTS_MAX)
        ):  # fmt: skip
            if getattr(self, name) > most:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is up to {most}")
        if self.pages_max < 2:
            raise InputError(
                f"pages_max is {self.pages_max}, allowed is 2 or more: the last is kept for a storm"
            )
