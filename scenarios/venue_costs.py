"""Reading a venue's costs from the table that a preset file holds them in.

Names are those of the structs in `sim.costs`; durations are text, and everything else is a whole
number, a word or a truth.
"""

from scenarios.written import Place, read_struct
from sim.costs import VenueCosts


def read_costs(value: object, where: Place) -> VenueCosts:
    """A venue's costs.

    Args:
        value: The table.
        where: Where it is written.

    Raises:
        InputError: A key is unknown or missing, or a figure is not what it may be.
    """
    return read_struct(value, where, VenueCosts)
