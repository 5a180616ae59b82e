"""A ladder of commands played through a book: the language of its lines, and what they bring about.

`ladder` reads a file, `game` knows every line, `order` and `history` two kinds of them, `venue` the book with the rule sheet in front of
it; `table` says what is there after a line, as data, and `show` as text. docs/howto/play-a-book.md is
the manual.
"""
