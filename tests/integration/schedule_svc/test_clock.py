"""The clock in real processes: at the instant, once, whatever is killed."""

from datetime import timedelta

from contracts.commands import Accepted
from contracts.events.schedule import ScheduleTriggered
from eventlog.postgres import PostgresLog
from scheduling import Ask, Start, events_of, new_schedule, stream_of, wait_for


async def test_a_schedule_fires_at_each_instant_and_never_before_it(
    start: Start, ask: Ask, log: PostgresLog
) -> None:
    await start()
    made = await ask(new_schedule("one"))
    assert isinstance(made, Accepted)
    rows = await wait_for(log, stream_of(made.schedule_id), lambda rows: len(rows) >= 5)
    ticks = events_of(rows, ScheduleTriggered)
    assert [b.nominal - a.nominal for a, b in zip(ticks, ticks[1:], strict=False)] == [
        timedelta(seconds=1)
    ] * 3
    lateness = [row.recorded_at - tick.due for row, tick in zip(rows[1:], ticks, strict=True)]
    assert min(lateness) >= timedelta(0)
    assert max(lateness) < timedelta(milliseconds=500)
