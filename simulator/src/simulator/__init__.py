"""A provider simulator with programmable timing and faults."""
