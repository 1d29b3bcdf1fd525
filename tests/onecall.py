"""One call of the runner to a server of the test's own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.actions import Resolved, Target
from contracts.inventory import AgentOffer, Inventory, Model, Provider
from contracts.samples import Call
from rawserver import Answer, Conversation, delta, serving
from runner_svc.call import Offers, call
from runner_svc.exchange import Cancellation

KEY = "canary-7f3a9b2c"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def called(
    base_url: str,
    *,
    environ: Mapping[str, str] | None = None,
    agent: bool = False,
    cancellation: Cancellation | None = None,
    display_name: str | None = None,
    key_env: str = "SIM_KEY",
    **model: Any,
) -> Call:
    target = Target(provider="agent", model="ada") if agent else Target(provider="sim", model="m")
    provider = Provider(
        base_url=base_url,
        display_name=display_name,
        api_key_env=key_env,
        models=(Model(id="m", **model),),
    )
    ada = AgentOffer(base_url=base_url, api_key_env="SIM_KEY")
    return await call(
        UUID(int=5),
        target,
        Resolved(
            kind="benchmark",
            text="Explain recursion",
            targets=(target,),
            max_tokens=64,
            temperature=0.5,
            timeout_seconds=30,
        ),
        Offers(
            Inventory(providers={"sim": provider}, agents={"ada": ada}),
            {"SIM_KEY": KEY} if environ is None else environ,
        ),
        cancellation or Cancellation(),
        lambda: NOON,
    )


async def answered(answer: Answer, **more: Any) -> Call:
    async with serving(answer) as server:
        return await called(server.url, **more)


async def fine(talk: Conversation) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    await talk.stream(delta("Hel"), delta("lo", "stop", usage=usage), "[DONE]")
