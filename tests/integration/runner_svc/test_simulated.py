"""Calls to the simulator, a process whose own clock stands in each chunk: are the figures true?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest

from contracts.actions import Resolved, Target
from contracts.inventory import AgentOffer, Inventory, Model, Provider
from contracts.samples import Call, CallStatus
from measures.sse import events
from runner_svc.call import Offers, call
from runner_svc.exchange import Asked, Cancellation, Deadlines, exchange

SCRIPTS: dict[str, dict[str, object]] = {
    "steady": {"ttft": 150, "gap": 10, "tokens": 40},
    "thinking": {"ttft": 100, "gap": 10, "tokens": 20, "reasoning_tokens": 10},
    "held": {"ttft": 0, "gap": 1, "tokens": 60, "faults": ["buffered"]},
    "cutting": {"ttft": 1, "gap": 1, "faults": ["cut_stream"], "events_before_fault": 11},
}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    command = [sys.executable, "-m", "simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline().split()[-1])}"
        for name, script in SCRIPTS.items():
            httpx2.post(f"{url}/_sim/scripts/{name}", json=script).raise_for_status()
        yield url
        process.terminate()


async def made(base_url: str, model: str) -> Call:
    agent = model == "ada"
    target = Target(provider="agent" if agent else "simulator", model=model)
    models = tuple(Model(id=f"sim:{name}") for name in SCRIPTS)
    return await call(
        UUID(int=1),
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
            Inventory(
                providers={"simulator": Provider(base_url=base_url, models=models)},
                agents={"ada": AgentOffer(base_url=f"{base_url}/agents/ada")},
            ),
            {},
        ),
        Cancellation(),
        lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )


async def test_the_pace_is_that_of_the_script(base_url: str) -> None:
    seen = await made(base_url, "sim:steady")
    assert (seen.status, seen.tokens.output, seen.metrics.why_null) == ("ok", 40, {})
    assert seen.metrics.ttft_ms is not None
    assert seen.metrics.tpot_ms is not None
    assert 150 <= seen.metrics.ttft_ms < 400
    assert 10 <= seen.metrics.tpot_ms < 25


async def test_stamps_keep_pace_with_the_clock_of_the_writer(base_url: str) -> None:
    """`perf_counter_ns` of one machine is one clock; the first request byte is zero."""
    body = json.dumps({"model": "sim:steady", "messages": []}).encode()
    asked = Asked(url=f"{base_url}/v1/chat/completions", headers={}, body=body)
    seen = await exchange(asked, Deadlines(30), Cancellation())
    chunks = [each for each in events(seen.reads) if each.data != "[DONE]"]
    late = [each.at_ns - json.loads(each.data)["sim_t"] for each in chunks]
    zero = min(late)
    assert len(chunks) == 42
    assert sorted(late)[len(late) // 2] - zero < 5_000_000


async def test_reasoning_comes_before_the_answer(base_url: str) -> None:
    metrics = (await made(base_url, "sim:thinking")).metrics
    assert metrics.ttft_ms is not None
    assert metrics.tto_ms is not None
    assert metrics.tto_ms - metrics.ttft_ms > 50


async def test_a_stream_held_back_on_the_way_has_no_pace(base_url: str) -> None:
    seen = await made(base_url, "sim:held")
    assert seen.status == "ok"
    assert seen.metrics.why_null == {"tpot_ms": "buffered", "speed": "buffered"}


@pytest.mark.parametrize(
    ("model", "status", "message"),
    [
        (
            "sim:cutting",
            "stream_cut",
            "simulator/sim:cutting: the stream broke off after 12 events",
        ),
        ("ada", "ok", None),
    ],
)
async def test_what_is_said_of_a_call(
    base_url: str, model: str, status: CallStatus, message: str | None
) -> None:
    seen = await made(base_url, model)
    assert (seen.status, seen.error and seen.error.message) == (status, message)


async def test_an_agents_tool_calls_and_context_are_kept(base_url: str) -> None:
    seen = await made(base_url, "ada")
    assert [(each.tool, each.success, each.duration_ms) for each in seen.tool_calls] == [
        ("search", True, 12)
    ]
    assert seen.context_max == 200_000
    assert seen.response
