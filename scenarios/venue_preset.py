"""A venue as one TOML file: its day, its books, whom it lets in, what it charges, what stops it.

Model: a file has a table for each part, written with the names of the part's own struct; what is not
said is a rule that the venue does not have. `scenarios/venues/*.toml` are the packaged ones; a user's
own is named by its path. `venue_rules` turns a preset into what a run needs.

Nothing is guessed: an unknown key is an error that says what is allowed.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from market.codes import OrderType, TimeInForce
from market.errors import InputError
from market.refusals import OrderTerm
from scenarios.calendars import read_schedules
from scenarios.venue_costs import read_costs
from scenarios.venue_sections import (
    AcceptSection,
    AdmissionSection,
    BookSection,
    GuardSection,
    ProtectionSection,
    QuoteSection,
    ThrottleSection,
)
from scenarios.written import Place, Reader, choice_of, list_of, read_struct, table_of
from sim.costs import FeeSchedule, VenueCosts
from sim.costs.rate import Rate
from sim.front import POLICIES
from sim.schedule.library import SCHEDULES, schedule_named
from sim.schedule.rules import RULES, InterruptionRules
from sim.schedule.schedule import Schedule

FORMAT_VERSION: Final = 1
"""Rises when an older reader would misunderstand a newer preset."""

FREE: Final = VenueCosts(fees=FeeSchedule(maker=(Rate(),), taker=(Rate(),)))


class VenuePreset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A venue.

    Attributes:
        format_version: Of the file.
        name: Of the preset.
        title: One line for people.
        about: What a trader must know that no figure says.
        not_simulated: What the real venue does and this one does not.
        sources: Where its rules are from.
        schedule: Versions of its trading day.
        interruptions: How it interrupts its day.
        book: How its books match.
        admission: Whom it lets in.
        costs: What trading and holding cost.
        throttles: Its limits on messages.
        disconnect: What the loss of a session takes away: a name of `sim.front.POLICIES`.
        quotes: What a set of quotes does to those before it.
        protection: Limits of a group of quotes.
        guards: What stops trading.
    """

    format_version: int
    name: str
    title: str
    about: tuple[str, ...] = ()
    not_simulated: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    schedule: tuple[Schedule, ...] = SCHEDULES["always_open"]
    interruptions: InterruptionRules = InterruptionRules()
    book: BookSection = BookSection()
    admission: AdmissionSection = AdmissionSection()
    costs: VenueCosts = FREE
    throttles: tuple[ThrottleSection, ...] = ()
    disconnect: str = "none"
    quotes: QuoteSection = QuoteSection()
    protection: ProtectionSection | None = None
    guards: GuardSection = GuardSection()

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise InputError(
                f"format_version: found {self.format_version}, allowed is {FORMAT_VERSION}"
            )
        if self.disconnect not in POLICIES:
            raise InputError(
                f"disconnect: found {self.disconnect!r}, allowed is {', '.join(POLICIES)}"
            )


def preset_names() -> list[str]:
    """The packaged presets, by name."""
    return sorted(
        path.name.removesuffix(".toml")
        for path in _library().iterdir()
        if path.name.endswith(".toml")
    )


def load_preset(name_or_path: str) -> tuple[VenuePreset, str]:
    """A packaged preset by its name, or a user's own by its path; with its text.

    Raises:
        InputError: There is none, or it is wrong: where, what was found, what is allowed.
    """
    if name_or_path in preset_names():
        text = (_library() / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return parse_preset(text, f"{name_or_path}.toml"), text
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise InputError(
            f"venue: found {name_or_path[:60]!r}, allowed is a TOML file or one of "
            f"{', '.join(preset_names())}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), allowed is a TOML file") from None
    return parse_preset(text, str(path)), text


def parse_preset(text: str, where: str) -> VenuePreset:
    """A preset from its text.

    Args:
        text: TOML.
        where: Path of the file, for errors.

    Raises:
        InputError: In one line: where, what was found, what is allowed.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML: {error}") from None
    readers: dict[str, Reader] = {
        "schedule": _schedule,
        "interruptions": _interruptions,
        "costs": read_costs,
        "admission": _admission,
        "protection": lambda value, at: read_struct(value, at, ProtectionSection),
    }
    return read_struct(table, Place(where), VenuePreset, readers)


def _library() -> resources.abc.Traversable:
    """The folder of packaged presets."""
    return resources.files("scenarios") / "venues"


def _schedule(value: object, where: Place) -> object:
    """A known venue's day by name, or versions of one's own."""
    if isinstance(value, str):
        try:
            return schedule_named(value)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return read_schedules(list_of(value, where), where)


def _interruptions(value: object, where: Place) -> object:
    """Known rules by name, or one's own."""
    if isinstance(value, str):
        return choice_of(value, where, RULES)
    return read_struct(value, where, InterruptionRules)


def _admission(value: object, where: Place) -> object:
    """The rule sheet; what a venue takes of types, lives and terms is lists of names, or `all`.

    A phase takes of each what is taken at all, unless it says less.
    """
    whole = table_of(value, where).get("accepted")

    def accepted(written: object, at: Place) -> object:
        table = dict(table_of(written, at))
        for key, every in (("types", OrderType), ("tifs", TimeInForce), ("terms", OrderTerm)):
            if table.get(key) == "all":
                table[key] = [str(one.name).lower() for one in every]
        return read_struct(table, at, AcceptSection)

    def phases(written: object, at: Place) -> object:
        # What is accepted at all has been read before, so it is a table.
        usual = table_of({} if whole is None else whole, at)
        return {
            key: accepted({**usual, **table_of(one, at.at(key))}, at.at(key))
            for key, one in table_of(written, at).items()
        }

    return read_struct(value, where, AdmissionSection, {"accepted": accepted, "phases": phases})
