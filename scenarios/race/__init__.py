"""The race against other systems on the same messages: `twin bench replay --against`.

`stream` makes the messages, `derive` those of coarser books, `loop` repeats a tape that is too short,
`plain` is the book that judges, `peers` says who races and installs them, `ours` is what our own
script drives, and `run` runs the rounds and compares. `drivers` is no package: it holds one script per
competitor, run as `python race_<name>.py stream.npz result.json` by the interpreter of that
competitor's environment, so a peer's script imports nothing of ours. A script turns the stream into
its competitor's own form, warms up on a part of it, drives all of it once against the clock, and once
more, untimed, writing the best prices down at the checkpoints.
"""
