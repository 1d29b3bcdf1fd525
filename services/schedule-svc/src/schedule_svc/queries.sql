-- name: database_time
-- The clock by which everything is recorded.
select clock_timestamp()

-- name: due_soon
-- The schedules due until an instant, soonest first.
select schedule_id, version from schedule.due where due <= $1 order by due limit $2

-- name: timings
-- What the clock needs of these schedules.
select schedule_id, owner, definition ->> 'spec' as spec, enabled, nominal, epoch, version, spec_version
from schedule.due where schedule_id = any($1)

-- name: snapshot
-- One schedule as far as it is projected.
select schedule_id, owner, definition, enabled, nominal, epoch, version, spec_version
from schedule.due where schedule_id = $1

-- name: enabled_schedules
-- How many schedules the clock serves.
select count(*) from schedule.due where enabled

-- name: due_created
-- New schedules.
insert into schedule.due
  (schedule_id, owner, definition, enabled, nominal, due, epoch, version, spec_version, tzdata)
select n.schedule_id, n.owner, n.definition::jsonb, n.enabled, n.nominal, n.nominal, n.epoch, 1, 1, n.tzdata
from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[], $6::timestamptz[], $7::text[])
  as n(schedule_id, owner, definition, enabled, nominal, epoch, tzdata)
on conflict (schedule_id) do nothing

-- name: due_redefined
-- The definitions of edited schedules; a null spec version leaves it.
update schedule.due d
set definition = n.definition::jsonb, spec_version = coalesce(n.spec_version, d.spec_version)
from unnest($1::uuid[], $2::text[], $3::int[]) as n(schedule_id, definition, spec_version)
where d.schedule_id = n.schedule_id

-- name: due_moved
-- Where each cursor stands now; a null epoch or switch leaves it.
update schedule.due d
set nominal = n.nominal, due = n.nominal, version = n.version, tzdata = n.tzdata,
  epoch = coalesce(n.epoch, d.epoch), enabled = coalesce(n.enabled, d.enabled)
from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::boolean[])
  as n(schedule_id, version, nominal, tzdata, epoch, enabled)
where d.schedule_id = n.schedule_id and d.version < n.version

-- name: due_deleted
-- Schedules that are gone.
delete from schedule.due where schedule_id = any($1)

-- name: name_reserve
-- Take a name for a schedule, before it is created or renamed: reserved, taken or full.
select schedule.reserve_name($1, $2, $3, $4, $5, $6)

-- name: name_release
-- Give back a name whose append was refused, if this very request took it.
delete from schedule.names where owner = $1 and name = $2 and schedule_id = $3 and reserved_at = $4

-- name: name_settle
-- A renamed schedule lets go of the names it had before.
delete from schedule.names where schedule_id = $1 and name <> $2

-- name: names_free
-- A deleted schedule bears no name.
delete from schedule.names where schedule_id = $1
