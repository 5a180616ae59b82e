"""In which world: scenarios as text, and the one place that assembles a run from them.

`schema` reads a scenario (`sections` are its structs, `written` the rules of how they are written),
`library/` holds the packaged ones, `build` wires clock, world, venue and hosts, `run` plays them
and writes the run's folder, and `bench` measures how fast that machinery is.
"""

from scenarios.schema import (
    Scenario,
    library_names,
    load_scenario,
    parse_scenario,
    scenario_digest,
)

__all__ = ["Scenario", "library_names", "load_scenario", "parse_scenario", "scenario_digest"]
