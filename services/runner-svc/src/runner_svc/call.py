"""One call to one target: what is needed to make it, the call, and the sample it gives.

Nothing a provider does is an error of ours: each call ends as a Call with one status. Keys are
looked up at the last moment and leave in no sample.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

from contracts.actions import Resolved, Target
from contracts.inventory import Inventory
from contracts.samples import Call, CallError
from measures.timeline import metrics
from runner_svc import redact
from runner_svc.exchange import Cancellation, Deadlines, exchange
from runner_svc.failure import Failure
from runner_svc.providers import agent, openai_chat
from runner_svc.providers.dialect import Dialect, Question, Reading
from runner_svc.run import named

Clock: TypeAlias = Callable[[], datetime]

READ_AT_ONCE: Final = 256 * 2**10
"""Larger answers are read in a thread, so that they delay no other call's stamps."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What may be called, and where the instance's keys are."""

    inventory: Inventory
    environ: Mapping[str, str]


class NotSent(Exception):
    """The configuration does not allow this call."""


async def call(
    call_id: UUID,
    target: Target,
    action: Resolved,
    offers: Offers,
    cancellation: Cancellation,
    clock: Clock,
) -> Call:
    """Make it once, and say how it went."""
    started = clock()
    try:
        dialect, question = _question(call_id, target, action, offers)
    except NotSent as wrong:
        return Call(
            call_id=call_id,
            target=target,
            status="skipped_config",
            started_at=started,
            error=CallError(message=_of(target, str(wrong))),
        )
    seen = await exchange(dialect.ask(question), Deadlines(action.timeout_seconds), cancellation)

    def sample() -> Call:
        return _sample(target, started, dialect.read(seen, clock()), question)

    return await asyncio.to_thread(sample) if seen.size > READ_AT_ONCE else sample()


def _sample(target: Target, started: datetime, reading: Reading, question: Question) -> Call:
    secrets = (question.key,) if question.key else ()
    failure = reading.failure
    return Call(
        call_id=question.call_id,
        target=target,
        status=reading.answered if failure is None else failure.status,
        started_at=started,
        metrics=metrics(reading.timeline, reading.tokens),
        tokens=reading.tokens,
        error=failure and _error(target, failure, secrets),
        finish_reason=_word(reading.finish_reason, secrets),
        response_model=_word(reading.response_model, secrets),
        response=None if reading.text is None else redact.answer(reading.text, secrets),
        tool_calls=tuple(
            each.model_copy(update={"tool": redact.word(each.tool, secrets)})
            for each in reading.tool_calls
        ),
        context_used=reading.context_used,
        context_max=reading.context_max,
    )


def _error(target: Target, failure: Failure, secrets: tuple[str, ...]) -> CallError:
    return CallError(
        message=_of(target, redact.message(failure.message, secrets)),
        code=_word(failure.code, secrets),
        http_status=failure.http_status,
        retry_after_s=failure.retry_after_s,
    )


def _of(target: Target, message: str) -> str:
    """Our own words stay as they are: only what a provider said is redacted."""
    return f"{named(target)}: {message}"[: redact.MESSAGE_LENGTH]


def _word(value: str | None, secrets: tuple[str, ...]) -> str | None:
    return None if value is None else redact.word(value, secrets)


def _question(
    call_id: UUID, target: Target, action: Resolved, offers: Offers
) -> tuple[Dialect, Question]:
    if target.provider == "agent":
        return agent, _to_agent(call_id, target, action, offers)
    return openai_chat, _to_model(call_id, target, action, offers)


def _to_agent(call_id: UUID, target: Target, action: Resolved, offers: Offers) -> Question:
    offer = offers.inventory.agents.get(target.model)
    if offer is None:
        raise NotSent("this agent is no longer configured")
    return Question(
        call_id=call_id,
        base_url=_address(offer.base_url),
        key=_key(offer.api_key_env, offer.display_name or target.model, offers),
        model=target.model,
        text=action.text,
        max_tokens=action.max_tokens,
        temperature=action.temperature,
    )


def _to_model(call_id: UUID, target: Target, action: Resolved, offers: Offers) -> Question:
    provider = offers.inventory.providers.get(target.provider)
    models = [] if provider is None else [m for m in provider.models if m.id == target.model]
    if provider is None or not models:
        raise NotSent("this model is no longer configured")
    model = models[0]
    return Question(
        call_id=call_id,
        base_url=_address(provider.base_url),
        key=_key(provider.api_key_env, provider.display_name or target.provider, offers),
        model=target.model,
        text=action.text,
        max_tokens=min(action.max_tokens, model.max_output_tokens or action.max_tokens),
        temperature=action.temperature,
        system=model.system_prompt,
        skip=model.skip_params,
    )


def _address(base_url: str) -> str:
    """`base_url`, if a request can go there. User and password in it would go out unseen."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise NotSent("its base_url is not a plain http(s) address")
    return base_url


def _key(variable: str | None, provider: str, offers: Offers) -> str | None:
    if variable is None:
        return None
    key = offers.environ.get(variable, "").strip()
    if not key:
        shown = redact.word(variable, ())  # some write the key itself where its name belongs
        raise NotSent(f"no API key for {provider}: {shown} is not set")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise NotSent(f"no usable API key for {provider}: {variable} holds characters no key has")
    return key
