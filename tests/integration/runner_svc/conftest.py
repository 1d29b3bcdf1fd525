"""What the runner's integration tests share."""

from collections.abc import AsyncGenerator

import pytest

import runs
from runner_svc import call
from runner_svc.exchange import Deadlines


@pytest.fixture
async def world() -> AsyncGenerator[runs.World]:
    async with runs.world() as made:
        yield made


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions give whole seconds from 30 on; no test waits that long."""

    def short(_total_s: float) -> Deadlines:
        return Deadlines(total_s=0.6, connect_s=0.3, idle_s=0.25)

    monkeypatch.setattr(call, "Deadlines", short)
