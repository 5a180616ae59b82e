"""The verbs of `twin venue`: which presets there are, and what one says."""

from typing import Annotated

import typer

from console.options import Json, group, terminal_of

venue_app = group("Look at venues: the packaged presets, and your own.")


@venue_app.command("list")
def venue_list(as_json: Json = False) -> None:
    """List the packaged presets."""
    from scenarios.venue_preset import load_preset, preset_names

    presets = [load_preset(name)[0] for name in preset_names()]
    terminal_of(as_json).rows(
        "", [{"preset": preset.name, "title": preset.title} for preset in presets]
    )


@venue_app.command("explain")
def venue_explain(
    preset: Annotated[str, typer.Argument(help="A preset's name, or a TOML file.")],
    day: Annotated[
        str, typer.Option("--day", help="A date (YYYY-MM-DD): its phases by the clock, its rules.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Say in plain words what a venue's rules are, section by section."""
    from console.venue_words import explain
    from scenarios.venue_preset import load_preset

    terminal_of(as_json).sections(explain(load_preset(preset)[0], day))
