"""A fault plan in a file of its own: `[[faults]]` that are added to those of a scenario.

Model: a plan is text behind a scenario's text. What is run, kept in the run's folder and digested is the
whole of both, so a run with a plan is the run of the scenario that has these faults written in it.
"""

import tomllib
from pathlib import Path

from market.errors import InputError
from scenarios.fault_lines import read_faults
from scenarios.schema import parse_scenario
from scenarios.written import Place


def with_plan(text: str, where: str, plan: Path) -> str:
    """A scenario's text with the faults of a plan.

    Args:
        text: The scenario's.
        where: Path of its file.
        plan: Path of the plan.

    Raises:
        InputError: The plan is not there, has anything but `[[faults]]`, says something wrong, or does
            not fit the scenario.
    """
    try:
        added = plan.read_text(encoding="utf-8")
        table = tomllib.loads(added)
    except OSError as error:
        raise InputError(f"{plan}: {error.strerror or error}; allowed is a fault plan") from None
    except UnicodeDecodeError:
        raise InputError(f"{plan}: found no UTF-8 text, allowed is TOML") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{plan}: found no TOML: {error}") from None
    if list(table) != ["faults"]:
        names = ", ".join(repr(name) for name in table) or "nothing"
        raise InputError(f"{plan}: found {names}, allowed is [[faults]] alone")
    if not table["faults"]:
        raise InputError(f"{plan}: faults: found none, allowed is one or more")
    read_faults(table["faults"], Place(str(plan)).at("faults"))
    parse_scenario(text, where)
    whole = f"{text.rstrip()}\n\n{added}"
    own = tomllib.loads(text).get("faults", [])
    try:
        together = tomllib.loads(whole).get("faults", [])
    except tomllib.TOMLDecodeError:
        together = None
    if together != own + table["faults"]:
        raise InputError(
            f"{plan}: found faults as a list, here or in {where}, allowed are tables, [[faults]] each"
        )
    try:
        parse_scenario(whole, where)
    except InputError as error:
        raise InputError(f"{plan}: does not fit: {error}") from None
    return whole
