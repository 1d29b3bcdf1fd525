"""What the dispatcher is told: the shared sections, and its own."""

from pydantic import Field

from chassis import settings


class Dispatcher(settings.Section):
    """How leadership changes hands."""

    lease_ttl_seconds: float = Field(default=5.0, gt=0)
    keep_every_seconds: float = Field(default=1.5, gt=0)
    try_every_seconds: float = Field(default=0.5, gt=0)


class Settings(settings.Settings):
    dispatcher: Dispatcher = Dispatcher()
