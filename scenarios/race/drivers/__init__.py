"""One plain script per competitor, run as `python race_<name>.py stream.npz result.json`.

Each is run by the interpreter of its own virtual environment, so a peer's script imports nothing of
ours. It turns the stream into its competitor's own form, warms up on a part of it, drives the whole
of it once against the clock, and once more, untimed, writing the best prices down at the
checkpoints. What it found goes into the result: `wall_ns`, `events` (rows of its own form),
`peak_kib` (of the process after the timed drive), `tops`, `tops_of` ("local" or "venue": which of
its books it looked at), `fills` (own order, time at the venue, lots; null when it has none),
`carries` and `version`.
"""
