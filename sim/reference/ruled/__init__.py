"""Books with rules in plain Python: slow, obvious, the specification of `sim/kernels/ruled`.

The rules are those of docs/explanation/venue-rules.md. `terms` and `checks` say what is refused,
`place`, `arrive` and `candidates` who trades with whom, `calls` and `resume` what a phase changes,
`followup` what trades set off, `history` whom the tape meets, and `book` is what callers use.
"""

from sim.reference.ruled.book import RuledBook

__all__ = ["RuledBook"]
