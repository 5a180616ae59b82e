"""A venue's preset in plain words, section by section: what `twin venue explain` shows.

`sections` puts them in order, and each of the other files writes a few of them: `day`, `books`,
`orders`, `sizes`, `fees`, `holding`, `house` and `guards`; `amounts` writes figures.

Model: a section is a mapping of labels to a text, a list of texts, or a list of records, which is a table
of its own. The terminal and JSON have the same. Every field of a preset changes some text, which
`tests/unit/console/test_explain.py` holds them to.
"""

from console.venue_words.amounts import Section
from console.venue_words.sections import explain

__all__ = ["Section", "explain"]
