"""The probes tell the truth over real HTTP."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator

import pytest

from chassis.health import Health, serve_health
from chassis.settings import Health as HealthSettings
from tickmark.embedded import free_port


@pytest.fixture
async def served() -> AsyncIterator[tuple[Health, str]]:
    health, port = Health("log", "bus"), free_port()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(serve_health(health, HealthSettings(port=port)))
        while not await asyncio.to_thread(_answers, port):
            assert not task.done()
        yield health, f"http://127.0.0.1:{port}"
        task.cancel()


def _answers(port: int) -> bool:
    try:
        return _get(f"http://127.0.0.1:{port}/livez")[0] == 200
    except urllib.error.URLError:
        return False


def _get(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def test_ready_is_every_part_having_reported_well(served: tuple[Health, str]) -> None:
    health, url = served
    assert await asyncio.to_thread(_get, url + "/readyz") == (
        503,
        {"ready": False, "parts": {"log": "starting", "bus": "starting"}},
    )
    health.well("log")
    health.well("bus")
    assert (await asyncio.to_thread(_get, url + "/readyz"))[0] == 200
    health.ill("bus", "disconnected")
    assert await asyncio.to_thread(_get, url + "/readyz") == (
        503,
        {"ready": False, "parts": {"log": "ok", "bus": "disconnected"}},
    )
    assert (await asyncio.to_thread(_get, url + "/livez"))[0] == 200
