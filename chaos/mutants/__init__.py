"""Planted bugs, as data: what a drill is worth is which of them it finds.

Each `*.toml` here holds the bugs of one part of the program. A bug is one short piece of source and
what stands there instead, the danger that it is, the invariants that must find it and the drills in
which they do. `chaos.planting` puts one into a fresh process; nothing here is imported by what runs.
"""

from chaos.mutants.zoo import Mutant, mutant_named, zoo

__all__ = ["Mutant", "mutant_named", "zoo"]
