"""What schedule-svc can be told: section `schedule`."""

from pydantic import Field

from chassis import settings


class ScheduleSection(settings.Section):
    """How far the clock looks ahead, how often it looks again, how much it appends at once."""

    horizon_seconds: float = Field(default=60, gt=2)
    reload_seconds: float = Field(default=20, gt=0)
    poll_ms: int = Field(default=500, ge=10)
    batch: int = Field(default=256, ge=1, le=256)


class Settings(settings.Settings):
    schedule: ScheduleSection = ScheduleSection()
