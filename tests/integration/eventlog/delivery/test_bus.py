"""Questions and answers over a real server, and what happens while it is away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from nats.aio.msg import Msg

from deliveries import NatsServer, running, until
from eventlog.bus import AnswerFailed, Bus, BusUnavailable, connect


async def echo(request: bytes) -> bytes:
    return b"heard " + request


async def test_a_question_gets_its_answer(bus: Bus) -> None:
    await bus.answer("cmd.test.Echo", "test", echo)
    assert await bus.ask("cmd.test.Echo", b"you") == b"heard you"


async def test_one_of_a_queue_answers(nats: NatsServer, bus: Bus) -> None:
    heard: list[bytes] = []

    async def count(request: bytes) -> bytes:
        heard.append(request)
        return b""

    async with connect(nats.url, name="second") as second:
        for server in (bus, second):
            await server.answer("cmd.test.Count", "test", count)
        for _ in range(20):
            await bus.ask("cmd.test.Count", b"one")
    assert len(heard) == 20


async def test_answers_are_made_side_by_side(bus: Bus) -> None:
    meeting = asyncio.Barrier(5)

    async def meet(_request: bytes) -> bytes:
        async with meeting:
            return b"met"

    await bus.answer("cmd.test.Meet", "test", meet)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(bus.ask("cmd.test.Meet", b"")) for _ in range(5)]
    assert [task.result() for task in asked] == [b"met"] * 5


async def test_a_handler_that_fails_fails_its_own_request_alone(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails_on_no(request: bytes) -> bytes:
        if request == b"no":
            raise ZeroDivisionError
        return b"yes"

    await bus.answer("cmd.test.Try", "test", fails_on_no)
    with pytest.raises(AnswerFailed, match="ZeroDivisionError"):
        await bus.ask("cmd.test.Try", b"no")
    assert "no answer to cmd.test.Try" in caplog.text
    assert await bus.ask("cmd.test.Try", b"go on") == b"yes"


async def test_nobody_there_is_said_at_once(bus: Bus) -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(BusUnavailable):
        await bus.ask("cmd.test.Nobody", b"", timeout_s=10)
    assert asyncio.get_running_loop().time() - began < 5


async def test_an_answer_that_does_not_come_is_not_waited_for_longer(bus: Bus) -> None:
    never = asyncio.Event()

    async def hang(_request: bytes) -> bytes:
        await never.wait()
        return b""

    await bus.answer("cmd.test.Hang", "test", hang)
    with pytest.raises(BusUnavailable):
        await bus.ask("cmd.test.Hang", b"", timeout_s=0.05)
    never.set()


async def test_what_is_being_answered_is_answered_when_the_bus_closes(
    nats: NatsServer, bus: Bus
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: bytes) -> bytes:
        asked.set()
        await go_on.wait()
        return b"done"

    async def served() -> None:
        async with connect(nats.url, name="closing") as closing:
            await closing.answer("cmd.test.Slow", "test", slow)
            ready.set()
            await asked.wait()

    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(served())
        await ready.wait()
        answer = tasks.create_task(bus.ask("cmd.test.Slow", b"", timeout_s=10))
        await asked.wait()
        tasks.create_task(_set(go_on))
    assert answer.result() == b"done"


async def _set(event: asyncio.Event) -> None:
    event.set()


async def test_while_the_server_is_away_nothing_is_sent_or_kept(nats: NatsServer, bus: Bus) -> None:
    nats.stop()
    await until(lambda: not bus.connected)
    await bus.poke(1)
    for sent in (bus.ask("cmd.test.Echo", b""), bus.publish("evt.x.y.Z", b"")):
        with pytest.raises(BusUnavailable):
            await sent
    nats.start()
    await until(lambda: bus.connected)


async def test_answers_go_on_after_a_restart(nats: NatsServer, bus: Bus) -> None:
    await bus.answer("cmd.test.Echo", "test", echo)
    nats.kill()
    await until(lambda: not bus.connected)
    nats.start()
    await until(lambda: bus.connected)
    assert await bus.ask("cmd.test.Echo", b"again") == b"heard again"


async def test_a_process_may_start_before_its_server(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    nats.stop()
    monkeypatch.setattr("eventlog.bus.FIRST_WAIT_S", 0.05)
    async with connect(nats.url, name="early") as bus:
        pokes = await bus.pokes()
        await bus.answer("cmd.test.Echo", "test", echo)
        with pytest.raises(BusUnavailable):
            await bus.ask("cmd.test.Echo", b"")
        nats.start()
        await until(lambda: bus.connected)
        await until_answered(bus)
        await bus.poke(3)
        await until(lambda: pokes.heard == 1)


async def until_answered(bus: Bus) -> None:
    """The answering subscription is made right after the connection."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await _asked(bus)
            except BusUnavailable:
                await asyncio.sleep(0.01)


async def _asked(bus: Bus) -> None:
    assert await bus.ask("cmd.test.Echo", b"you") == b"heard you"


async def test_a_poke_wakes_who_waits_and_is_not_missed_between_two_waits(bus: Bus) -> None:
    pokes = await bus.pokes()
    heard = pokes.heard
    await bus.poke(1)
    await until(lambda: pokes.heard > heard)
    async with asyncio.timeout(5):
        await pokes.after(heard, 60)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pokes.after(pokes.heard, 60))
            tasks.create_task(bus.poke(2))


async def test_a_break_is_told_to_those_who_want_to_know(nats: NatsServer, bus: Bus) -> None:
    told: list[str] = []
    bus.on_break(lambda: told.append("first"))
    ended = bus.on_break(lambda: told.append("second"))
    ended()
    nats.kill()
    await until(lambda: bool(told))
    assert told == ["first"]


async def test_a_question_under_way_ends_with_the_connection(nats: NatsServer, bus: Bus) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(_request: bytes) -> bytes:
        asked.set()
        await never.wait()
        return b""

    async with connect(nats.url, name="answering") as answering, asyncio.timeout(20):
        await answering.answer("cmd.test.Hang", "test", hang)
        async with running(_kill_when(asked, nats)):
            with pytest.raises(BusUnavailable):
                await bus.ask("cmd.test.Hang", b"", timeout_s=60)
        never.set()


async def _kill_when(event: asyncio.Event, nats: NatsServer) -> None:
    await event.wait()
    nats.kill()


async def test_a_failing_body_raises_its_own_error(nats: NatsServer) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect(nats.url, name="failing"):
            raise ZeroDivisionError


async def test_a_cancelled_request_ends_its_task(bus: Bus) -> None:
    """nats-py swallows a cancellation that meets the answer; a task must not survive it."""
    await bus.answer("cmd.test.Echo", "test", echo)

    async def asks_for_ever() -> None:
        while True:
            await bus.ask("cmd.test.Echo", b"")

    for turns in range(150):
        await _cancelled_after(turns, asks_for_ever)


async def _cancelled_after(turns: int, work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()


async def test_what_is_listened_to_is_heard(bus: Bus) -> None:
    heard: list[Msg] = []
    await bus.listen("live.evt.run.*.RunCancelRequested", heard.append)
    await bus.publish("live.evt.run.1.RunCancelRequested", b"stop")
    await until(lambda: bool(heard))
    assert heard[0].data == b"stop"
