"""Something to see on a first start: two schedules, one fired by hand and one by the clock within
the minute. Asked for over the API like anyone would, under keys, so that asking twice is once."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import httpx2

from chassis import clock
from tickmark.exits import Refusal

MODEL: Final = "simulator/sim:fast"
SOON_S: Final = 15
PATIENCE_S: Final = 60.0
PAUSE_S: Final = 0.5


async def show(url: str, email: str, password: str) -> str:
    """Make the demo schedules; what was made, in words. Raises Refusal with the API's answer."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as api:
        login = {"email": email, "password": password}
        user = await _asked(api, "/api/auth/login", "login", login)
        api.headers["Authorization"] = f"Bearer {user['access_token']}"
        often = await _asked(
            api,
            "/api/schedules",
            "often",
            _benchmark(
                "Demo: every 5 minutes",
                {
                    "interval_minutes": 5,
                },
            ),
        )
        at = clock.now() + timedelta(seconds=SOON_S)
        await _asked(
            api,
            "/api/schedules",
            "soon",
            _benchmark(
                "Demo: once, right after the start",
                {
                    "spec": {"type": "at", "at": at.isoformat()},
                },
            ),
        )
        await _asked(api, f"/api/schedules/{often['id']}/trigger", "trigger", {})
    return f"2 schedules; one runs now, one fires in {SOON_S} s"


def _benchmark(name: str, when: dict[str, Any]) -> dict[str, Any]:
    prompt = "Say in one sentence what a tick mark is."
    return {"name": name, "prompt": prompt, "models": [MODEL], "max_tokens": 64, **when}


async def _asked(
    api: httpx2.AsyncClient, path: str, key: str, body: dict[str, Any]
) -> dict[str, Any]:
    """The answer; while the services are not there yet, asked again under the same key."""
    headers, answer = {"Idempotency-Key": f"tickmark-demo-{key}"}, None
    deadline = _now() + PATIENCE_S
    while answer is None or (answer.status_code == 503 and _now() < deadline):
        await asyncio.sleep(PAUSE_S if answer else 0)
        answer = await api.post(path, json=body, headers=headers)
    if not answer.is_success:
        raise Refusal(f"{path} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()


def _now() -> float:
    return asyncio.get_running_loop().time()
