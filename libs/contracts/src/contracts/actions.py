"""What a run does: as a user wrote it (Action), and as it was resolved for one run (Resolved)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from contracts.message import Message

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=500_000)]
Timeout: TypeAlias = Annotated[int, Field(ge=30, le=3600)]


class Benchmark(Message):
    """Each model answers one prompt and is measured."""

    kind: Literal["benchmark"] = "benchmark"
    prompt: Text
    models: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    max_tokens: Annotated[int, Field(ge=1, le=128_000)] = 512
    temperature: Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)] = 0.7
    timeout_seconds: Timeout | None = None


class Agent(Message):
    """A message to an agent of config.yaml."""

    kind: Literal["agent"] = "agent"
    agent_name: Annotated[str, Field(min_length=1, max_length=128)]
    message: Text
    timeout_seconds: Timeout | None = None


class Job(Message):
    """A named preset of config.yaml, with its directive, another one, or the user's own text."""

    kind: Literal["job"] = "job"
    job_key: Annotated[str, Field(min_length=1, max_length=128)]
    directive_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    custom_directive_text: Text | None = None
    timeout_seconds: Timeout | None = None


Action: TypeAlias = Annotated[Benchmark | Agent | Job, Field(discriminator="kind")]


class Target(Message):
    """One model of one provider, or one agent (`provider` is then `agent`, `model` its name)."""

    provider: str
    model: str
    display_name: str | None = None


class Resolved(Message):
    """The snapshot a run executes: later edits of schedule, job or directive do not change it."""

    kind: Literal["benchmark", "agent", "job"]
    text: str
    targets: tuple[Target, ...]
    max_tokens: int
    temperature: float
    timeout_seconds: int
    agent_name: str | None = None
    job_key: str | None = None
    directive_id: str | None = None
