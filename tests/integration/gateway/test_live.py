"""The WebSocket over a real server: nothing missed, nothing twice, nothing of others."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from chassis.clock import now
from conftest import Database
from contracts.events import Event
from contracts.ids import run_stream, user_stream
from gateway.tokens import Tokens
from gateways import BENCHMARK, SECRET, Gate, User, gate, running, settings


class Listener:
    """A client that notes what it gets."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.other: list[dict[str, Any]] = []

    @property
    def positions(self) -> list[int]:
        return [frame["position"] for frame in self.events]

    @property
    def token(self) -> str:
        last = self.events[-1]
        return f"{last['logid']}:{last['position']}"

    async def next(self) -> dict[str, Any]:
        """One frame, within 10 s."""
        async with asyncio.timeout(10):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        (self.events if "event" in frame else self.other).append(frame)
        return frame

    async def until(self, position: int) -> "Listener":
        """Listen until an event or an idle frame tells that this position is passed."""
        while (await self.next()).get("position", 0) < position or self.other[-1:] == []:
            pass
        return self

    async def heard(self, kind: str) -> dict[str, Any]:
        while (frame := await self.next()).get("type") != kind:
            pass
        return frame

    async def closed(self) -> ConnectionClosed:
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed


@asynccontextmanager
async def listening(
    address: str, user: User | None = None, resume: str | None = None, **given: Any
) -> AsyncGenerator[Listener]:
    headers = {"Authorization": f"Bearer {user.token}"} if user else {}
    path = f"ws://{address}/ws" + (f"?resume={resume}" if resume else "")
    async with connect(path, additional_headers=headers, **given) as socket:
        yield Listener(socket)


async def made(gateway: Gate, user: User, **fields: Any) -> Any:
    schedule = await user.send("POST", "/api/schedules", {**BENCHMARK, **fields}, 201)
    return next(id for id in gateway.services.known if str(id) == schedule["id"])


async def owned(gateway: Gate, user: User, after: int = 0) -> list[int]:
    """Where the log holds events of this user, after a position."""
    rows = await gateway.services.log.page(after)
    return [row.position for row in rows if row.owner == user.id]


async def test_the_first_frame_says_what_is_going_on_and_where_the_stream_goes_on(
    gateway: Gate, ann: User
) -> None:
    id = await made(gateway, ann)
    ended = await gateway.services.whole_run(id, "failed")
    run_id = await gateway.services.tick(id)
    await gateway.services.request(id, run_id)
    await gateway.services.start(id, run_id)
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
        end = await gateway.services.finish(id, run_id)
        await ear.until(end)
        assert ear.positions == [end - 2, end - 1, end]


async def test_a_frame_holds_the_events_exact_bytes(gateway: Gate, ann: User) -> None:
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        await made(gateway, ann, name='Grüße "und" 🎯')
        raw = await ear.socket.recv()
        assert isinstance(raw, str)
        frame = json.loads(raw)
        (row,) = await gateway.services.log.page(frame["position"] - 1, 1)
        assert raw.encode().endswith(b'"event":' + row.body + b"}")
        assert frame["logid"] == str((await gateway.services.log.head()).log_id)
        assert (frame["version"], frame["recordedat"][-1]) == (1, "Z")
        assert frame["event"]["type"] == "ScheduleCreated"


@pytest.mark.feature("S2")
async def test_no_event_of_another_user_arrives(gateway: Gate, ann: User, bob: User) -> None:
    mine, other = await made(gateway, ann), await made(gateway, bob)
    async with listening(gateway.address, ann) as ear, listening(gateway.address, bob) as spy:
        await ear.heard("sync")
        await spy.heard("sync")
        start = (await gateway.services.log.head()).position
        async with asyncio.TaskGroup() as tasks:
            for id in (mine, other, mine, other):
                tasks.create_task(gateway.services.whole_run(id))
        for listener, user in ((ear, ann), (spy, bob)):
            expected = await owned(gateway, user, start)
            assert len(expected) == 12
            while len(listener.events) < 12:
                await listener.next()
            assert listener.positions == expected
            assert {frame["event"]["owner"] for frame in listener.events} == {user.id}


@pytest.mark.feature("S2")
async def test_a_resumed_stream_has_nothing_of_others_either(
    gateway: Gate, ann: User, bob: User
) -> None:
    log_id = gateway.parts.site.hub.log_id
    await gateway.services.whole_run(await made(gateway, bob))
    async with listening(gateway.address, ann, f"{log_id}:0") as ear:
        await ear.heard("sync")
        end = await gateway.services.append(user_stream(ann.id), ann.id, *await facts(gateway, ann))
        while ear.positions[-1:] != [end]:
            await ear.next()
        assert ear.positions == await owned(gateway, ann)


async def facts(gateway: Gate, user: User) -> list[Event]:
    (row, *_) = await gateway.services.log.stream(user_stream(user.id))
    return [row.event]


@pytest.mark.feature("B30")
@pytest.mark.parametrize("ring_frames", [1, 3, 10_000])
async def test_a_client_that_comes_back_anywhere_misses_nothing_and_sees_nothing_twice(
    database: Database, nats_url: str, ring_frames: int
) -> None:
    async with gate(database.dsn, nats_url, ring_frames=ring_frames) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(gateway, ann)
        for _ in range(3):
            await gateway.services.whole_run(id)
        positions, log_id = await owned(gateway, ann), gateway.parts.site.hub.log_id
        for seen in range(len(positions) + 1):
            after = positions[seen - 1] if seen else 0
            async with listening(gateway.address, ann, f"{log_id}:{after}") as ear:
                assert (await ear.next())["position"] == after
                run_id = await gateway.services.tick(id)
                positions.append((await gateway.services.log.head()).position)
                while ear.positions[-1:] != positions[-1:]:
                    await ear.next()
                assert ear.positions == positions[seen:], (seen, run_id)


@pytest.mark.feature("B30")
async def test_a_restart_of_the_gateway_is_bridged_by_the_token(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(gateway, ann)
        chosen = settings(database.dsn, nats_url)
        async with running(chosen) as (_, address), listening(address, ann) as ear:
            await ear.heard("sync")
            start = (await gateway.services.log.head()).position
            await gateway.services.whole_run(id)
            for _ in range(3):
                await ear.next()
            token = ear.token
        assert (await ear.closed()).rcvd is not None
        await gateway.services.whole_run(id)
        async with running(chosen) as (_, address), listening(address, ann, token) as back:
            await back.heard("sync")
            end = await gateway.services.tick(id)
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
        id = await made(gateway, ann)
        await gateway.services.whole_run(id)
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
                await gateway.services.tick(id)
                assert (await ear.next())["position"] == head + 1


async def test_a_client_may_resume_by_its_first_message(gateway: Gate, ann: User) -> None:
    id = await made(gateway, ann)
    await gateway.services.whole_run(id)
    positions, log_id = await owned(gateway, ann), gateway.parts.site.hub.log_id
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        await ear.socket.send(json.dumps({"type": "resume", "token": f"{log_id}:{positions[1]}"}))
        while ear.positions[-1:] != positions[-1:]:
            await ear.next()
        assert ear.positions == positions[2:]
        await ear.socket.send(json.dumps({"type": "resume", "token": f"{log_id}:0"}))
        assert (await ear.heard("reset"))["reason"] == "too_late"


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


@pytest.mark.feature("S1")
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
            await gateway.services.whole_run(await made(gateway, bob))
            end = (await gateway.services.log.head()).position
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


async def test_a_client_that_does_not_read_is_closed_and_can_come_back(
    database: Database, nats_url: str
) -> None:
    async with gate(database.dsn, nats_url, slow_bytes=200_000) as gateway:
        ann = await gateway.user("ann@example.org")
        id = await made(gateway, ann, prompt="x" * 300_000)
        async with listening(gateway.address, ann, max_queue=1) as ear:
            sync = await ear.next()
            start = sync["position"]
            hub = gateway.parts.site.hub
            while ann.id in hub._sockets:  # pyright: ignore[reportPrivateUsage]
                run_id = await gateway.services.tick(id)
                await gateway.services.request(id, run_id)
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


async def test_a_run_is_told_in_the_order_in_which_it_happened(gateway: Gate, ann: User) -> None:
    id = await made(gateway, ann)
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        run_id = await gateway.services.whole_run(id)
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
