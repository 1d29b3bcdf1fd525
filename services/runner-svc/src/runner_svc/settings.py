"""The runner's own section of config.yaml."""

from pydantic import Field

import chassis.settings
from chassis.settings import Section


class RunnerSettings(Section):
    """How many runs at once, and how soon a lost one is noticed.

    The lease is shorter than the ack wait: when a dead runner's delivery comes again, its lease has
    run out already.
    """

    slots: int = Field(default=50, ge=1)
    lease_seconds: float = Field(default=20.0, gt=0)
    beat_seconds: float = Field(default=8.0, gt=0)
    ack_wait_seconds: float = Field(default=30.0, gt=0)
    sweep_seconds: float = Field(default=60.0, gt=0)
    drain_seconds: float = Field(default=20.0, ge=0)


class Settings(chassis.settings.Settings):
    runner: RunnerSettings = RunnerSettings()
