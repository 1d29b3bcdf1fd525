"""`tickmark audit` on real logs: proven, not proven by each audit's own exit code, and told why."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from appending import NOW, OWNER, append, stream
from conftest import Database
from contracts.codec import decode
from eventlog.execute import Cause, append_of
from eventlog.postgres import open_log
from eventlog.store import Append
from tickmark.__main__ import main

GOLDEN = Path(__file__).parents[2] / "contract/golden"


def recorded(type_: str) -> Append:
    """The golden event of this type, as the only one of its stream."""
    envelope = decode(type_, 1, (GOLDEN / f"{type_}.v1.json").read_bytes())
    cause = Cause(
        key=f"test:{type_}",
        source=envelope.source,
        actor=envelope.actor,
        owner=envelope.owner or OWNER,
        time=NOW,
        correlation=envelope.correlationid,
        causation=envelope.causationid,
        request=b"test",
    )
    return append_of(envelope.subject, 0, [envelope.data], cause)


async def _append(dsn: str, *appends: Append) -> None:
    async with open_log(dsn) as log:
        await log.append_all(appends)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


def audited(
    database: Database, audit: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    code = main(["audit", audit, "--dsn", database.dsn, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("audit", ["verify", "outcome", "redecide"])
def test_a_log_as_it_should_be_is_proven(
    database: Database, capsys: pytest.CaptureFixture[str], audit: str
) -> None:
    asyncio.run(_append(database.dsn, recorded("UserRegistered")))
    code, verdict = audited(database, audit, capsys)
    assert (code, verdict["good"], verdict["to"]) == (0, True, 1)


def test_an_altered_event_is_exit_code_10_and_its_position(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_append(database.dsn, append("a", stream()), append("b", stream(), 1)))
    asyncio.run(
        _execute(
            database.dsn,
            "alter table eventlog.events disable trigger all;"
            "update eventlog.events set body = set_byte(body, 100, get_byte(body, 100) # 1)"
            " where position = 2",
        )
    )
    code, verdict = audited(database, "verify", capsys)
    assert (code, verdict["good"]) == (10, False)
    assert "'position': 2" in str(verdict["first"])


@pytest.mark.parametrize(
    "command",
    [["audit", "outcome"], ["audit", "redecide"], ["events", "tail", "--json"]],
    ids=" ".join,
)
def test_what_cannot_be_read_is_named_in_one_line_with_exit_code_3(
    database: Database, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    asyncio.run(_append(database.dsn, recorded("ScheduleTriggered")))
    asyncio.run(
        _execute(
            database.dsn,
            "alter table eventlog.events disable trigger all;"
            "update eventlog.events set body = 'not json' where position = 1",
        )
    )
    code = main([*command, "--dsn", database.dsn])
    told = capsys.readouterr().err
    assert code == 3
    assert "position 1: the body is no" in told
    assert len(told.splitlines()) == 1


@pytest.mark.feature("B64")
def test_a_decision_nobody_would_make_is_exit_code_11(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_append(database.dsn, recorded("RunRequested")))
    code, verdict = audited(database, "redecide", capsys)
    assert (code, verdict["good"]) == (11, False)
    assert verdict["decisions"] == {"extra": 1}


def test_an_end_without_a_beginning_is_exit_code_13(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_append(database.dsn, recorded("RunCompleted")))
    code, verdict = audited(database, "outcome", capsys)
    assert (code, verdict["wrong"]) == (13, 1)


def test_the_summary_says_what_was_proven_or_that_it_was_not(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_append(database.dsn, recorded("RunRequested")))
    assert main(["audit", "verify", "--dsn", database.dsn]) == 0
    assert capsys.readouterr().out.startswith("audit verify: nothing was altered")
    assert main(["audit", "redecide", "--dsn", database.dsn]) == 11
    assert capsys.readouterr().out.startswith("audit redecide: NOT PROVEN")


def test_the_end_of_the_log_is_printed_one_event_per_line(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    appends = [append(f"key {n}", stream(), n) for n in range(30)]
    asyncio.run(_append(database.dsn, *appends))
    assert main(["events", "tail", "--dsn", database.dsn]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(11, 31))
    assert max(len(line) for line in lines) <= 160


def test_the_last_events_of_a_type_are_found_however_far_back(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickmark.events.PAGE", 7)
    others = [append(f"key {n}", stream(), n) for n in range(30)]
    asyncio.run(_append(database.dsn, recorded("RunCompleted"), *others))
    dsn = ("--dsn", database.dsn)
    assert main(["events", "tail", *dsn, "--type", "RunCompleted"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1"]
    assert main(["events", "tail", *dsn, "--type", others[0].events[0].type]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(12, 32))


def test_events_can_be_asked_for_by_position_type_and_schedule(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    appends = (append("a", stream(1)), append("b", stream(2)), recorded("RunCompleted"))
    asyncio.run(_append(database.dsn, *appends))

    def positions(*wanted: str) -> list[int]:
        main(["events", "tail", "--dsn", database.dsn, "--json", *wanted])
        return [json.loads(line)["position"] for line in capsys.readouterr().out.splitlines()]

    assert positions("--after", "1") == [2, 3]
    assert positions("--type", "RunCompleted") == [3]
    schedule = stream(2).removeprefix("schedule-")
    assert positions("--schedule", schedule, "--type", "RunCompleted") == []
    assert 2 in positions("--schedule", schedule)
