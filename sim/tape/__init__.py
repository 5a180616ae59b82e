"""The tape: recorded or generated market events as rows, on disk as Parquet.

`meta` says what a tape is, `write` makes one, `read` streams one, `digest` names its content.
`write` and `read` load pyarrow; import them when they are needed, not before.
"""
