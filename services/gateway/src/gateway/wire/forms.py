"""What a client may send. Only shapes and bounds of single fields; `requests` makes sense of them.

Every field is optional here, so that one form serves creating and changing, and null means "not
given" where nothing can be cleared.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.actions import Action, Text, Timeout
from contracts.specs import Spec

LATER: Final = frozenset(
    {
        "policies",
        "tags",
        "metadata",
        "max_retries",
        "retry_delay_minutes",
        "task3_scope",
        "max_global",
        "max_per_job",
        "start_at",
        "end_at",
        "max_runs",
        "jitter",
    }
)
"""Fields of the wire form that this version refuses instead of dropping them in silence."""


def trimmed(name: str) -> str:
    """Without the white space around it. Raises ValueError for a blank one."""
    if not (name := name.strip()):
        raise ValueError("Must not be blank")
    if len(name) > 256:
        raise ValueError("At most 256 characters")
    return name


Name: TypeAlias = Annotated[str, AfterValidator(trimmed)]
ModelId: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Models: TypeAlias = Annotated[tuple[ModelId, ...], Field(min_length=1, max_length=100)]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]
Whole: TypeAlias = Annotated[int, Field(ge=1, le=5_256_000)]
CronText: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]


class Form(BaseModel):
    """A request body: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScheduleForm(Form):
    """A schedule as its user writes it: flat fields, or the canonical `action` and `spec`."""

    name: Name | None = None
    description: Annotated[str, Field(max_length=5000)] | None = None
    enabled: bool | None = None
    kind: Literal["benchmark", "agent", "job"] | None = None
    prompt: Text | None = None
    message: Text | None = None
    command_text: Text | None = None
    custom_directive_text: Text | None = None
    models: Models | None = None
    models_json: Models | None = None
    max_tokens: Annotated[int, Field(ge=1, le=128_000)] | None = None
    temperature: Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)] | None = None
    agent_name: Word | None = None
    agent_id: Word | None = None
    job_key: Word | None = None
    directive_id: Word | None = None
    timeout_seconds: Timeout | None = None
    schedule_type: Literal["interval", "cron", "one_shot"] | None = None
    interval_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    interval_minutes: Whole | None = None
    interval_value: Whole | None = None
    interval_unit: Literal["minutes", "hours", "days"] | None = None
    cron_expression: CronText | None = None
    cron_expr: CronText | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    action: Action | None = None
    spec: Spec | None = None
    user_id: str | None = Field(default=None, description="Ignored: the token names the owner")

    def given(self, *fields: str) -> list[str]:
        """Which of these fields hold a value."""
        return [field for field in fields if getattr(self, field) is not None]

    def cleared(self, field: str) -> bool:
        """Sent as null."""
        return field in self.model_fields_set and getattr(self, field) is None


class Credentials(Form):
    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1024)]
