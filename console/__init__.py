"""What a user sees: settings, progress, results and errors, so that `cli.py` holds verbs only.

The one room that may read the wall clock and the terminal; nothing that decides lives here.
"""
