"""The race against other systems on the same messages: `twin bench replay --against`.

`stream` makes the messages, `plain` is the book that judges, `peers` says who races and installs
them, `drivers` holds one script per competitor, `ours` is what our own script drives, and `run` runs
the rounds and compares.
"""
