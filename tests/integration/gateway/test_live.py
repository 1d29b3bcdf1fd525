"""The WebSocket over a real server: nothing missed, nothing twice, nothing of others."""

import asyncio
import json
from datetime import timedelta

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from chassis.clock import now
from conftest import Database
from contracts.ids import run_stream
from gateway.tokens import Tokens
from gateways import SECRET, Gate, User, gate, made, owned
from listeners import Listener, listening


@pytest.mark.feature("B32")
async def test_the_first_frame_says_what_is_going_on_and_where_the_stream_goes_on(
    gateway: Gate, ann: User
) -> None:
    id = await made(ann)
    ended = await gateway.executions.whole_run(id, "failed")
    run_id = await gateway.executions.tick(id)
    await gateway.executions.request(id, run_id)
    await gateway.executions.start(id, run_id)
    position = await gateway.settled()
    async with listening(gateway.address, ann) as ear:
        sync = await ear.next()
        assert sync["type"] == "sync"
        assert sync["position"] == position
        assert sync["resume"] == f"{gateway.parts.site.hub.log_id}:{position}"
        (active,), (recent,) = sync["active_jobs"], sync["recent_jobs"]
        assert (active["id"], active["status"]) == (str(run_id), "running")
        assert (active["job_type"], active["progress_pct"]) == ("scheduled_benchmark", 0)
        assert (recent["id"], recent["error_msg"]) == (
            str(ended),
            "[rate_limited] Too many requests",
        )
        end = await gateway.executions.finish(id, run_id)
        await ear.until(end)
        assert ear.positions == [end - 2, end - 1, end]


async def test_a_frame_holds_the_events_exact_bytes(gateway: Gate, ann: User) -> None:
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        await made(ann, name='Grüße "und" 🎯')
        raw = await ear.socket.recv()
        assert isinstance(raw, str)
        frame = json.loads(raw)
        (row,) = await gateway.parts.site.log.page(frame["position"] - 1, 1)
        assert raw.encode().endswith(b'"event":' + row.body + b"}")
        assert frame["logid"] == str((await gateway.parts.site.log.head()).log_id)
        assert (frame["version"], frame["recordedat"][-1]) == (1, "Z")
        assert frame["event"]["type"] == "ScheduleCreated"


async def test_no_event_of_another_user_arrives(gateway: Gate, ann: User, bob: User) -> None:
    mine, other = await made(ann), await made(bob)
    async with listening(gateway.address, ann) as ear, listening(gateway.address, bob) as spy:
        await ear.heard("sync")
        await spy.heard("sync")
        start = (await gateway.parts.site.log.head()).position
        async with asyncio.TaskGroup() as tasks:
            for id in (mine, other, mine, other):
                tasks.create_task(gateway.executions.whole_run(id))
        for listener, user in ((ear, ann), (spy, bob)):
            expected = await owned(gateway, user, start)
            assert len(expected) == 12
            while len(listener.events) < 12:
                await listener.next()
            assert listener.positions == expected
            assert {frame["event"]["owner"] for frame in listener.events} == {user.id}


async def test_a_token_may_come_in_four_ways(gateway: Gate, ann: User) -> None:
    bearer = Subprotocol("bearer")
    async with listening(gateway.address, ann) as ear:
        assert (await ear.next())["type"] == "sync"
    protocols = [bearer, Subprotocol(ann.token)]
    async with listening(gateway.address, subprotocols=protocols) as ear:
        assert ear.socket.subprotocol == bearer
        assert (await ear.next())["type"] == "sync"
    async with connect(f"ws://{gateway.address}/ws/?token={ann.token}") as socket:
        assert (await Listener(socket).next())["type"] == "sync"
    async with listening(gateway.address) as ear:
        await ear.socket.send(f"Bearer {ann.token}")
        first = await ear.next()
        assert first["type"] == "authenticated"
        assert first["user"] == {"id": ann.id, "email": ann.email, "role": "admin"}
        assert (await ear.next())["type"] == "sync"


async def test_without_a_good_token_the_socket_is_closed_with_4001(
    gateway: Gate, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Tokens(SECRET, timedelta(0)).issue(ann.id, ann.email, "user", now())
    for message, reason in (
        ("Bearer nonsense", "Invalid token"),
        (f"Bearer {old}", "Token expired"),
        ("hello", "Not authenticated"),
    ):
        async with listening(gateway.address) as ear:
            await ear.socket.send(message)
            closed = (await ear.closed()).rcvd
            assert closed is not None
            assert (closed.code, closed.reason) == (4001, reason)
    monkeypatch.setattr("gateway.knock.FIRST_MESSAGE_S", 0.05)
    async with listening(gateway.address) as ear:
        closed = (await ear.closed()).rcvd
        assert closed is not None
        assert closed.code == 4001


async def test_a_socket_ends_with_its_token(gateway: Gate, ann: User) -> None:
    brief = Tokens(SECRET, timedelta(seconds=1)).issue(ann.id, ann.email, "user", now())
    async with connect(f"ws://{gateway.address}/ws?token={brief}") as socket:
        closed = (await Listener(socket).closed()).rcvd
        assert closed is not None
        assert (closed.code, closed.reason) == (4001, "Token expired")


async def test_a_ping_is_answered_and_silence_tells_the_position(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url, idle_seconds=0.05) as gateway:
        ann, bob = [await gateway.user(f"{name}@example.org") for name in ("ann", "bob")]
        async with listening(gateway.address, ann) as ear:
            await ear.heard("sync")
            await ear.socket.send("no json at all")
            await ear.socket.send('{"type": "ping"}')
            await ear.heard("pong")
            await gateway.executions.whole_run(await made(bob))
            end = (await gateway.parts.site.log.head()).position
            while ear.other[-1] != {"position": end}:
                await ear.next()
            assert ear.events == []


async def test_one_user_may_have_so_many_sockets(database: Database, nats_url: str) -> None:
    async with gate(database.dsn, nats_url, sockets_per_user=1) as gateway:
        ann = await gateway.user("ann@example.org")
        async with listening(gateway.address, ann) as ear:
            await ear.heard("sync")
            async with listening(gateway.address, ann) as second:
                closed = (await second.closed()).rcvd
                assert closed is not None
                assert closed.code == 4008


async def test_a_run_is_told_in_the_order_in_which_it_happened(gateway: Gate, ann: User) -> None:
    id = await made(ann)
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        run_id = await gateway.executions.whole_run(id)
        while not ear.events or ear.events[-1]["event"]["type"] != "RunCompleted":
            await ear.next()
        ours = [f["event"] for f in ear.events if f["event"]["subject"] == run_stream(run_id)]
        assert [event["type"] for event in ours] == [
            "RunRequested",
            "RunStarted",
            "CallCompleted",
            "CallCompleted",
            "RunCompleted",
        ]
