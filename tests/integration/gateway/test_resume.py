"""Resuming: nothing missed, nothing twice, wherever the client was."""

import json

import pytest

from conftest import Database
from contracts.events import Event
from contracts.ids import user_stream
from gateways import Gate, User, gate, made, owned, running, settings
from listeners import listening


@pytest.mark.parametrize("ring_frames", [1, 10_000])
async def test_a_resumed_stream_has_nothing_of_others_either(
    database: Database, nats_url: str, ring_frames: int
) -> None:
    async with gate(database.dsn, nats_url, ring_frames=ring_frames) as gateway:
        ann, bob = [await gateway.user(f"{name}@example.org") for name in ("ann", "bob")]
        log_id = gateway.parts.site.hub.log_id
        await gateway.executions.whole_run(await made(bob))
        end = await gateway.executions.append(
            user_stream(ann.id), ann.id, *await facts(gateway, ann)
        )
        async with listening(gateway.address, ann, f"{log_id}:0") as ear:
            await ear.heard("sync")
            while ear.positions[-1:] != [end]:
                await ear.next()
            assert ear.positions == await owned(gateway, ann)


async def facts(gateway: Gate, user: User) -> list[Event]:
    (row, *_) = await gateway.parts.site.log.stream(user_stream(user.id))
    return [row.event]


@pytest.mark.feature("B30")
@pytest.mark.parametrize("ring_frames", [1, 3, 10_000])
async def test_a_client_that_comes_back_anywhere_misses_nothing_and_sees_nothing_twice(
    database: Database, nats_url: str, ring_frames: int
) -> None:
    async with gate(database.dsn, nats_url, ring_frames=ring_frames) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(ann)
        for _ in range(3):
            await gateway.executions.whole_run(id)
        positions, log_id = await owned(gateway, ann), gateway.parts.site.hub.log_id
        for seen in range(len(positions) + 1):
            after = positions[seen - 1] if seen else 0
            async with listening(gateway.address, ann, f"{log_id}:{after}") as ear:
                assert (await ear.next())["position"] == after
                run_id = await gateway.executions.tick(id)
                positions.append((await gateway.parts.site.log.head()).position)
                while ear.positions[-1:] != positions[-1:]:
                    await ear.next()
                assert ear.positions == positions[seen:], (seen, run_id)


@pytest.mark.feature("B30")
async def test_a_restart_of_the_gateway_is_bridged_by_the_token(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(ann)
        chosen = settings(database.dsn, nats_url)
        async with running(chosen) as (_, address), listening(address, ann) as ear:
            await ear.heard("sync")
            start = (await gateway.parts.site.log.head()).position
            await gateway.executions.whole_run(id)
            for _ in range(3):
                await ear.next()
            token = ear.token
        assert (await ear.closed()).rcvd is not None
        await gateway.executions.whole_run(id)
        async with running(chosen) as (_, address), listening(address, ann, token) as back:
            await back.heard("sync")
            end = await gateway.executions.tick(id)
            expected = await owned(gateway, ann, start)
            while len(back.events) < len(expected) - 3:
                await back.next()
            assert ear.positions[:3] + back.positions == expected, end


@pytest.mark.feature("B31")
async def test_a_token_that_leads_nowhere_gets_a_reset_with_its_reason(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url, resume_positions=3) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(ann)
        await gateway.executions.whole_run(id)
        log_id = gateway.parts.site.hub.log_id
        for token, reason in (
            ("nonsense", "malformed"),
            (f"00000000-0000-0000-0000-000000000000:{await gateway.settled()}", "other_log"),
            (f"{log_id}:1000", "beyond_head"),
            (f"{log_id}:1", "too_old"),
        ):
            head = await gateway.settled()
            async with listening(gateway.address, ann, token) as ear:
                reset, sync = await ear.next(), await ear.next()
                assert (reset["type"], reset["reason"]) == ("reset", reason)
                assert reset["resume"] == sync["resume"] == f"{log_id}:{head}"
                await gateway.executions.tick(id)
                assert (await ear.next())["position"] == head + 1


async def test_a_client_may_resume_by_its_first_message(gateway: Gate, ann: User) -> None:
    id = await made(ann)
    await gateway.executions.whole_run(id)
    await gateway.settled()
    positions, log_id = await owned(gateway, ann), gateway.parts.site.hub.log_id
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        await ear.socket.send(json.dumps({"type": "resume", "token": f"{log_id}:{positions[1]}"}))
        while ear.positions[-1:] != positions[-1:]:
            await ear.next()
        assert ear.positions == positions[2:]
        await ear.socket.send(json.dumps({"type": "resume", "token": f"{log_id}:0"}))
        assert (await ear.heard("reset"))["reason"] == "too_late"


async def test_a_client_that_does_not_read_is_closed_and_can_come_back(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url, slow_bytes=200_000) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(ann, prompt="x" * 300_000)
        async with listening(gateway.address, ann, max_queue=1) as ear:
            sync = await ear.next()
            start = sync["position"]
            hub = gateway.parts.site.hub
            while ann.id in hub._sockets:  # pyright: ignore[reportPrivateUsage]
                run_id = await gateway.executions.tick(id)
                await gateway.executions.request(id, run_id)
            closed = (await ear.closed()).rcvd
            assert closed is not None
            assert closed.code == 4009
            assert closed.reason.startswith("slow_consumer ")
        expected = await owned(gateway, ann, start)
        token = ear.token if ear.events else sync["resume"]
        async with listening(gateway.address, ann, token, max_size=None) as back:
            while len(ear.events) + len(back.events) < len(expected):
                await back.next()
            assert ear.positions + back.positions == expected
