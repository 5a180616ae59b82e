"""What if it is real: where bytes meet disks, and later clocks, feeds and gateways.

`bridge.stores` keeps journals in files.
"""
