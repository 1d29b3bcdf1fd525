"""What schedule-svc refuses, and how it says so: the docstring is what people read."""

from typing import ClassVar

from contracts.commands import FieldError


class Refusal(Exception):
    """Not done, and asking again the same way will not help."""

    status: ClassVar[int] = 409

    @property
    def detail(self) -> str:
        return str(self) or (self.__doc__ or "")

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return ()


class ScheduleNotFound(Refusal):
    """Schedule not found"""

    status = 404


class ScheduleExists(Refusal):
    """This schedule exists already"""


class NameTaken(Refusal):
    """A schedule with this name already exists"""


class TooManySchedules(Refusal):
    """Maximum number of schedules ({limit}) reached for this user"""

    def __init__(self, limit: int) -> None:
        super().__init__((self.__doc__ or "").format(limit=limit))


class WrongField(Refusal):
    """A field cannot be accepted; `field` is its canonical path, such as `spec.cron`."""

    status = 422

    def __init__(self, field: str, detail: str, why: str | None = None) -> None:
        super().__init__(detail)
        self.field, self.why = field, why or detail

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return (FieldError(field=self.field, message=self.why),)
