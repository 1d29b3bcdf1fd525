"""What an instance offers, without anything secret: for pickers and for the curious."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from contracts.events.system import Limits
from contracts.inventory import Inventory, Provider
from gateway.wire.schedule import Shape


class ModelOffer(Shape):
    id: str
    display_name: str | None
    context_window: int
    max_output_tokens: int | None


class ProviderOffer(Shape):
    """`has_key`: whether the instance holds one; null where none is needed."""

    provider_key: str
    display_name: str | None
    dialect: str
    base_url: str
    api_key_env: str | None
    has_key: bool | None
    models: tuple[ModelOffer, ...]


class AgentOffer(Shape):
    name: str
    display_name: str | None
    timeout_seconds: int


class JobOffer(Shape):
    key: str
    display_name: str | None
    directive: str
    agent: str | None
    model: str | None
    max_tokens: int
    timeout_seconds: int


class DirectiveOffer(Shape):
    id: str
    display_name: str | None
    description: str | None
    text: str


class Defaults(Shape):
    max_tokens: int = 512
    temperature: float = 0.7
    context_tiers: tuple[int, ...] = (0,)
    timezone: str = "UTC"


class Configuration(Shape):
    defaults: Defaults
    providers: dict[str, ProviderOffer]
    agents: dict[str, AgentOffer]
    jobs: dict[str, JobOffer]
    directives: dict[str, DirectiveOffer]
    prompt_templates: dict[str, Any]
    limits: dict[str, int]


def configuration(
    offer: Inventory, agents: Collection[str], limits: Limits, environment: Collection[str]
) -> Configuration:
    """The offer with only these agents. `environment` names the variables that are set."""
    return Configuration(
        defaults=Defaults(),
        providers={key: _provider(key, it, environment) for key, it in offer.providers.items()},
        agents={
            name: AgentOffer(
                name=name, display_name=it.display_name, timeout_seconds=it.timeout_seconds
            )
            for name, it in offer.agents.items()
            if name in agents
        },
        jobs={key: JobOffer(key=key, **it.model_dump()) for key, it in offer.jobs.items()},
        directives={
            key: DirectiveOffer(id=key, **it.model_dump()) for key, it in offer.directives.items()
        },
        prompt_templates={},
        limits=limits.model_dump(),
    )


def _provider(key: str, it: Provider, environment: Collection[str]) -> ProviderOffer:
    return ProviderOffer(
        provider_key=key,
        display_name=it.display_name,
        dialect=it.dialect,
        base_url=bare(it.base_url),
        api_key_env=it.api_key_env,
        has_key=it.api_key_env in environment if it.api_key_env else None,
        models=tuple(
            ModelOffer(
                id=model.id,
                display_name=model.display_name,
                context_window=model.context_window,
                max_output_tokens=model.max_output_tokens,
            )
            for model in it.models
        ),
    )


def bare(address: str) -> str:
    """The address without user, password, query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
