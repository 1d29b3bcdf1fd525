"""Ids are computed: the vectors here must never change, or history would be told twice."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from contracts.ids import event_id, instant_text, occurrence_id

SCHEDULE = UUID("00000000-0000-4000-8000-000000000001")
NOMINAL = datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_occurrence_is_named_by_its_schedule_instant_and_kind() -> None:
    assert occurrence_id(SCHEDULE, NOMINAL) == UUID("aa0a73f5-95cb-5dc8-92f4-d27a574666fa")
    assert occurrence_id(SCHEDULE, NOMINAL, "backfill") == UUID(
        "afbe40fc-2ad6-5460-9788-5141b2a8c860"
    )


def test_the_zone_an_instant_is_written_in_does_not_change_its_name() -> None:
    berlin = NOMINAL.astimezone(timezone(timedelta(hours=2)))
    assert occurrence_id(SCHEDULE, berlin) == occurrence_id(SCHEDULE, NOMINAL)


def test_instants_are_always_written_with_six_digits() -> None:
    assert instant_text(NOMINAL) == "2026-03-29T01:00:00.000000Z"


def test_the_events_of_one_append_have_ids_of_their_own() -> None:
    assert len({event_id("api:a:1", n) for n in range(3)}) == 3
    assert event_id("api:a:1", 0) == event_id("api:a:1", 0)
