"""What config.yaml offers: providers and their models, agents, jobs, directives.

Pure data and look-ups. Saving a schedule, admitting a run and listing the configuration ask the
same questions here, so they cannot disagree.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from contracts.actions import Action, Agent, Benchmark, Job, Resolved, Target
from contracts.message import Message

Dialect: TypeAlias = Literal["openai_chat"]


class Model(Message):
    id: Annotated[str, Field(min_length=1)]
    display_name: str | None = None
    context_window: int = 128_000
    max_output_tokens: int | None = None
    skip_params: tuple[str, ...] = ()
    system_prompt: str | None = None


class Provider(Message):
    dialect: Dialect = "openai_chat"
    base_url: str
    display_name: str | None = None
    api_key_env: str | None = None
    models: tuple[Model, ...] = ()


class AgentOffer(Message):
    base_url: str
    display_name: str | None = None
    owner: str | None = None
    shared_with: tuple[str, ...] | Literal["*"] = "*"
    timeout_seconds: int = 300
    api_key_env: str | None = None


class JobOffer(Message):
    """A preset, executed by exactly one of `agent` and `model`."""

    directive: str
    display_name: str | None = None
    agent: str | None = None
    model: str | None = None
    max_tokens: int = 512
    timeout_seconds: int = 300

    @model_validator(mode="after")
    def one_executor(self) -> "JobOffer":
        if (self.agent is None) == (self.model is None):
            raise ValueError("name exactly one of agent and model")
        return self


class Directive(Message):
    text: Annotated[str, Field(min_length=1)]
    display_name: str | None = None
    description: str | None = None


class Unresolvable(Exception):
    """Unknown {what}"""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.detail = field, detail


class Inventory(Message):
    """Everything a schedule may name. Raises ValueError when a reference leads nowhere."""

    providers: dict[str, Provider] = Field(default_factory=dict)
    agents: dict[str, AgentOffer] = Field(default_factory=dict)
    jobs: dict[str, JobOffer] = Field(default_factory=dict)
    directives: dict[str, Directive] = Field(default_factory=dict)

    @model_validator(mode="after")
    def references_lead_somewhere(self) -> "Inventory":
        for key, job in self.jobs.items():
            if job.directive not in self.directives:
                raise ValueError(f"jobs.{key}.directive: no directive {job.directive!r}")
            if job.agent is not None and job.agent not in self.agents:
                raise ValueError(f"jobs.{key}.agent: no agent {job.agent!r}")
            if job.model is not None and not self.named(job.model):
                raise ValueError(f"jobs.{key}.model: no model {job.model!r}")
        return self

    def named(self, model: str) -> tuple[Target, ...]:
        """What a model id names: bare, every provider that has it; `provider/id`, that one."""
        bare = [
            (p, m) for p, offer in self.providers.items() for m in offer.models if m.id == model
        ]
        full = [
            (p, m)
            for p, offer in self.providers.items()
            for m in offer.models
            if f"{p}/{m.id}" == model
        ]
        return tuple(
            Target(provider=p, model=m.id, display_name=m.display_name) for p, m in bare + full
        )

    def targets(self, models: tuple[str, ...]) -> tuple[Target, ...]:
        """Each model once, in the order given. Raises Unresolvable, naming the model."""
        found = dict[tuple[str, str], Target]()
        for model in models:
            named = self.named(model)
            if not named:
                raise Unresolvable("models", f"Unknown model {model}")
            if len({t.model for t in named}) > 1:
                ways = ", ".join(f"{t.provider}/{t.model}" for t in named)
                raise Unresolvable("models", f"Model {model} can be read in two ways: {ways}")
            found.update({(t.provider, t.model): t for t in named})
        return tuple(found.values())

    def resolve(self, action: Action) -> Resolved:
        """The snapshot to execute. Raises Unresolvable, naming the field and what is gone."""
        match action:
            case Benchmark():
                return Resolved(
                    kind="benchmark",
                    text=action.prompt,
                    targets=self.targets(action.models),
                    max_tokens=action.max_tokens,
                    temperature=action.temperature,
                    timeout_seconds=action.timeout_seconds or 120,
                )
            case Agent():
                return self._agent_run(action)
            case Job():
                return self._job_run(action)

    def _agent_run(self, action: Agent) -> Resolved:
        agent = self.agents.get(action.agent_name)
        if agent is None:
            raise Unresolvable("agent_name", "Agent not found")
        return Resolved(
            kind="agent",
            text=action.message,
            targets=(self._agent_target(action.agent_name),),
            max_tokens=512,
            temperature=0.7,
            timeout_seconds=action.timeout_seconds or agent.timeout_seconds,
            agent_name=action.agent_name,
        )

    def _job_run(self, action: Job) -> Resolved:
        job = self.jobs.get(action.job_key)
        if job is None:
            raise Unresolvable("job_key", "Unknown job key")
        if action.directive_id is not None and action.directive_id not in self.directives:
            raise Unresolvable("directive_id", "Directive not found")
        text = action.custom_directive_text if action.directive_id is None else None
        directive = self.directives[action.directive_id or job.directive]
        return Resolved(
            kind="job",
            text=text or directive.text,
            targets=(
                (self._agent_target(job.agent),)
                if job.agent is not None
                else self.targets((job.model or "",))
            ),
            max_tokens=job.max_tokens,
            temperature=0.7,
            timeout_seconds=action.timeout_seconds or job.timeout_seconds,
            agent_name=job.agent,
            job_key=action.job_key,
            directive_id=action.directive_id,
        )

    def _agent_target(self, name: str) -> Target:
        return Target(provider="agent", model=name, display_name=self.agents[name].display_name)
