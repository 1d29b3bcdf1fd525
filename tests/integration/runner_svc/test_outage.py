"""A database that is away delays the sweep; it does not end the runner."""

import asyncpg

from chassis import clock
from contracts.inventory import Inventory
from eventlog.memory import MemoryLog
from runner_svc.call import Offers
from runner_svc.runner import Runner
from runner_svc.service import Overdue
from runner_svc.settings import RunnerSettings
from tickmark.embedded import free_port


async def _alive(_: str) -> bool:
    return True


async def test_a_sweep_without_the_database_finds_nothing_and_goes_on() -> None:
    runner = Runner("host:1", MemoryLog(), Offers(Inventory(), {}), _alive, clock.now)
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/gone"
    async with asyncpg.create_pool(nowhere, min_size=0) as pool:
        assert await Overdue(runner, pool, RunnerSettings()).runs() == []
