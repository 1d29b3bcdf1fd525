"""PostgreSQL goes and comes back under a gateway."""

import asyncio

import httpx2
import pytest

from appending import Wire
from conftest import Database
from gateways import BENCHMARK, gate, made, owned, running, settings
from listeners import listening


@pytest.mark.feature("B84")
async def test_while_the_log_is_away_everything_is_503_and_afterwards_all_is_well(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url) as world, Wire(database.dsn).open() as wire:
        ann = await world.user("ann@example.org")
        id = await made(ann)
        async with (
            running(settings(wire.dsn, nats_url)) as (part, address),
            httpx2.AsyncClient(base_url=f"http://{address}", headers=ann.client.headers) as client,
            listening(address, ann) as ear,
        ):
            start = (await ear.heard("sync"))["position"]
            assert (await client.get("/api/schedules")).status_code == 200
            wire.dead = True
            wire.cut()
            for verb, path, body in (
                ("GET", "/api/schedules", None),
                ("PUT", f"/api/schedules/{id}", {"enabled": False}),
                ("POST", "/api/auth/login", {"email": ann.email, "password": "correct horse"}),
                ("POST", "/api/auth/register", {"email": "x@y.org", "password": "correct horse"}),
            ):
                refused = await client.request(verb, path, json=body)
                assert refused.status_code == 503, (verb, path)
                assert refused.json()["detail"] == "Temporarily unavailable, try again"
                assert int(refused.headers["retry-after"]) >= 1
            await world.executions.whole_run(id)
            wire.dead = False
            expected = await owned(world, ann, start)
            while len(ear.events) < len(expected):
                await ear.next()
            assert ear.positions == expected
            async with asyncio.timeout(10):
                await part.site.freshness.reach(expected[-1])
            seen = (await client.get(f"/api/schedules/{id}")).json()
            assert seen["last_run_status"] == "success"
            created = await client.post("/api/schedules", json={**BENCHMARK, "name": "after"})
            assert created.status_code == 201
