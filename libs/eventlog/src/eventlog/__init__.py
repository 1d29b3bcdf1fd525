"""The log and its delivery.

`store` says what a log promises; `postgres` and `memory` keep it. `execute` is the way a command
becomes events, `tail` the way events are read, in order, once. `relay` carries it to JetStream.
"""
