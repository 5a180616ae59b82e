"""Books with rules, compiled (docs/explanation/venue-rules.md, "Books with rules").

Rules branch above the plain kernels: a row or command on a book with rules, or on one that such a
book follows, is handled here, with the queues, ladders and rings of the plain kernels below. A world
whose books have none never loads any of it.
"""
