"""How far was the simulation from what happened in a paper session, order by order, and why?

`evidence` runs a session again and keeps what happened; `assumed` is what somebody would have simulated instead, in
parts that can be taken from either side; `flow` sends the session's own orders through either; `orders` and
`distance` hold the two against each other; `attribute` says which part the distance comes of; `calibrate`
fits what can be fitted; `judge` does all of it, and `page` shows it.

Floats are allowed here: nothing decides anything in a run.
"""
