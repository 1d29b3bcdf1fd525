"""Leadership: one holder at a time, an epoch that only grows, a body that ends with its lease."""

import asyncio

import pytest

from appending import Connection, Wire, append, append_with, locked_out, stream
from eventlog.lease import LeaseLost, alive, give_up, keep, leading, take
from eventlog.postgres import PostgresLog, open_log

TTL = 60.0


async def test_only_one_takes_a_lease(log: PostgresLog) -> None:
    async with asyncio.TaskGroup() as tasks:
        tries = [tasks.create_task(take(log.pool, "relay", f"h{n}", TTL)) for n in range(8)]
    taken = [lease for each in tries if (lease := each.result())]
    assert [lease.epoch for lease in taken] == [1]
    assert await take(log.pool, "relay", taken[0].holder, TTL) is None


async def test_of_those_who_try_at_once_one_leads(log: PostgresLog, operator: Connection) -> None:
    async with asyncio.TaskGroup() as tasks, operator.transaction():
        await operator.execute("select from eventlog.log_head for update")
        tries = [tasks.create_task(take(log.pool, "relay", f"h{n}", TTL)) for n in range(2)]
        await locked_out(operator, 2)
    assert [lease.epoch for each in tries if (lease := each.result())] == [1]


async def test_a_lease_is_taken_behind_the_append_under_way(
    log: PostgresLog, operator: Connection
) -> None:
    async with asyncio.TaskGroup() as tasks, operator.transaction():
        await append_with(operator, append("the old leader's last", stream()))
        taking = tasks.create_task(take(log.pool, "relay", "b", TTL))
        await locked_out(operator, 1)
    lease = taking.result()
    assert lease is not None
    assert lease.head == 1


async def test_each_role_has_a_lease_of_its_own(log: PostgresLog) -> None:
    assert await take(log.pool, "relay", "a", TTL)
    assert await take(log.pool, "sealer", "a", TTL)


async def test_a_lease_knows_where_the_old_leader_ended(log: PostgresLog) -> None:
    await log.append(append("a", stream(), count=4))
    lease = await take(log.pool, "relay", "a", TTL)
    assert lease is not None
    assert lease.head == 4


async def test_an_expired_lease_passes_on_under_the_next_epoch(log: PostgresLog) -> None:
    old = await take(log.pool, "relay", "a", 0.0)
    assert old is not None
    assert not await alive(log.pool, "relay")
    assert not await keep(log.pool, old, TTL)
    new = await take(log.pool, "relay", "b", TTL)
    assert new is not None
    assert new.epoch == 2
    assert await alive(log.pool, "relay")
    assert not await keep(log.pool, old, TTL)
    assert await keep(log.pool, new, TTL)


async def test_a_lease_given_up_is_free_at_once(log: PostgresLog) -> None:
    old = await take(log.pool, "relay", "a", TTL)
    assert old is not None
    await give_up(log.pool, old)
    assert await take(log.pool, "relay", "b", TTL)


async def test_an_old_holder_gives_nothing_up(log: PostgresLog) -> None:
    old = await take(log.pool, "relay", "a", 0.0)
    assert old is not None
    await take(log.pool, "relay", "b", TTL)
    await give_up(log.pool, old)
    assert await alive(log.pool, "relay")


async def test_a_standby_leads_when_the_leader_leaves(log: PostgresLog) -> None:
    async def stand_by() -> int:
        async with leading(log.pool, "relay", "b", try_every_s=0.01) as second:
            return second.epoch

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        first = await take(log.pool, "relay", "a", TTL)
        assert first is not None
        standby = tasks.create_task(stand_by())
        await asyncio.wait({standby}, timeout=0.1)
        assert not standby.done()
        await give_up(log.pool, first)
    assert (first.epoch, standby.result()) == (1, 2)
    assert not await alive(log.pool, "relay")


async def test_a_lease_outlives_its_time_while_it_is_kept(
    log: PostgresLog, operator: Connection
) -> None:
    async with leading(log.pool, "relay", "a", ttl_s=0.5, keep_every_s=0.05):
        first = await operator.fetchval("select expires_at from eventlog.leases")
        async with asyncio.timeout(10):
            while not await operator.fetchval("select clock_timestamp() > $1", first):
                pass
        assert await alive(log.pool, "relay")


async def test_the_body_ends_when_the_lease_is_lost(log: PostgresLog, operator: Connection) -> None:
    leads = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        leader = tasks.create_task(_lead(log, leads))
        await leads.wait()
        await operator.execute("update eventlog.leases set epoch = epoch + 1")
    assert isinstance(leader.result(), LeaseLost)


@pytest.mark.parametrize("fault", ["away", "mute"])
async def test_the_body_ends_in_time_without_a_server(wire: Wire, fault: str) -> None:
    leads, loop = asyncio.Event(), asyncio.get_running_loop()
    async with open_log(wire.dsn) as far, asyncio.TaskGroup() as tasks:
        leader = tasks.create_task(_lead(far, leads))
        await leads.wait()
        began = loop.time()
        wire.dead, wire.mute = fault == "away", fault == "mute"
        if wire.dead:
            wire.cut()
        assert isinstance(await leader, LeaseLost)
        assert loop.time() - began < 10
        wire.mute = False


async def test_an_error_of_the_body_gives_the_lease_up(log: PostgresLog) -> None:
    with pytest.raises(ZeroDivisionError):
        async with leading(log.pool, "relay", "a"):
            raise ZeroDivisionError
    assert not await alive(log.pool, "relay")


async def test_a_leader_that_is_stopped_gives_the_lease_up(log: PostgresLog) -> None:
    leads = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        leader = tasks.create_task(_lead(log, leads))
        await leads.wait()
        leader.cancel()
    assert not await alive(log.pool, "relay")


async def _lead(log: PostgresLog, leads: asyncio.Event) -> LeaseLost | None:
    """Lead until the lease is lost."""
    try:
        async with leading(log.pool, "relay", "a", ttl_s=1.0, keep_every_s=0.05):
            leads.set()
            await asyncio.Event().wait()
    except LeaseLost as lost:
        return lost
