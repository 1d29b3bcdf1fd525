"""What stamps mean: the pure half of the measurement.

`sse` finds events in stamped reads, `timeline` turns their stamps into metrics, `tokens` brings
usage into one normal form. The same bytes at the same stamps always give the same figures.
"""
