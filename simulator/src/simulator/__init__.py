"""A provider on this machine whose timing and faults are set by scripts.

A process of its own that imports nothing of the product, so it shares none of its mistakes. It
writes HTTP/1.1 bytes itself, since frameworks cannot cut, hold or split them.
"""
