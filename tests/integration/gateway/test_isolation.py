"""Nothing of another user's can be seen or touched, and nothing at all without a token."""

from typing import Any, Final
from uuid import UUID

import pytest

from gateways import BENCHMARK, Gate, User

OPEN: Final = {"/api/auth/register", "/api/auth/login", "/api/token"}
OF_ONE: Final = ("{schedule_id}", "{run_id}")


def routes(gateway: Gate) -> list[tuple[str, str]]:
    """Every verb and path under /api."""
    paths: dict[str, Any] = gateway.parts.app.openapi()["paths"]
    return [
        (verb.upper(), path)
        for path, verbs in paths.items()
        for verb in verbs
        if path.startswith("/api/")
    ]


async def test_every_route_needs_a_valid_token(gateway: Gate, ann: User) -> None:
    guarded = [(verb, path) for verb, path in routes(gateway) if path not in OPEN]
    assert len(guarded) >= 20
    forged = f"{ann.token[:-6]}AAAAAA"
    for verb, path in guarded:
        for token, detail in ((None, "Not authenticated"), (forged, "Invalid token")):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            response = await gateway.client.request(verb, path, headers=headers, content=b"{no")
            assert response.status_code == 401, (verb, path)
            assert response.json()["detail"] == detail
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.feature("D1")
async def test_every_route_hides_what_is_another_users(gateway: Gate, ann: User, bob: User) -> None:
    schedule = await ann.send("POST", "/api/schedules", BENCHMARK, 201)
    id = UUID(schedule["id"])
    run_id = await gateway.executions.whole_run(id)
    await gateway.settled()
    before = await ann.get(f"/api/schedules/{id}")
    of_one = [each for each in routes(gateway) if any(part in each[1] for part in OF_ONE)]
    assert len(of_one) >= 14
    for verb, path in of_one:
        address = path.format(schedule_id=id, run_id=run_id)
        body = {"name": "mine now"} if verb in ("PUT", "PATCH") else None
        problem = await bob.send(verb, address, body, 404)
        assert problem["detail"] in ("Schedule not found", "Run not found"), (verb, path)
    for path in ("/api/schedules", "/api/runs", "/api/history", "/api/activities/timeline"):
        assert (await bob.get(path))["count"] == 0
    assert (await bob.get("/api/runs", schedule_id=schedule["id"]))["count"] == 0
    assert await ann.get(f"/api/schedules/{id}") == before
    rows = await gateway.parts.site.log.page(0)
    assert [row.type for row in rows if row.owner == bob.id] == ["UserRegistered"]


@pytest.mark.feature("D16")
async def test_a_user_id_in_the_body_does_not_count(ann: User, bob: User) -> None:
    made = await bob.send("POST", "/api/schedules", {**BENCHMARK, "user_id": ann.id}, 201)
    assert made["owner"] == bob.id
