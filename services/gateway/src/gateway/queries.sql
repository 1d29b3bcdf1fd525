-- name: schedules_to_fold
-- The schedules that a batch of events changes.
select schedule_id, owner, position, name, kind, agent_name, enabled, definition, next_run,
    created_at, updated_at
from gateway.schedules where schedule_id = any($1::uuid[])

-- name: runs_to_fold
-- The runs that a batch of events changes, without their (long) actions.
select run_id, owner, position, schedule_id, schedule_name, kind, agent_name, triggered_by,
    nominal, triggered_at, status, skipped, queued_at, requested_at, started_at, completed_at,
    attempt, waits_for, reason, error, in_way, null::text as action
from gateway.runs where run_id = any($1::uuid[])

-- name: put_schedules
-- Write schedules as they are after a batch.
insert into gateway.schedules
select * from unnest(
    $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[],
    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
on conflict (schedule_id) do update set
    name = excluded.name, kind = excluded.kind, agent_name = excluded.agent_name,
    enabled = excluded.enabled, definition = excluded.definition, next_run = excluded.next_run,
    updated_at = excluded.updated_at

-- name: drop_schedules
-- Forget schedules that were deleted; their runs stay.
delete from gateway.schedules where schedule_id = any($1::uuid[])

-- name: put_runs
-- Write runs as they are after a batch; an action, once known, stays.
insert into gateway.runs
select * from unnest(
    $1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::boolean[],
    $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::int[],
    $18::text[], $19::text[], $20::text[], $21::uuid[], $22::text[])
on conflict (run_id) do update set
    kind = excluded.kind, agent_name = excluded.agent_name, status = excluded.status,
    skipped = excluded.skipped, queued_at = excluded.queued_at,
    requested_at = excluded.requested_at, started_at = excluded.started_at,
    completed_at = excluded.completed_at, attempt = excluded.attempt,
    waits_for = excluded.waits_for, reason = excluded.reason, error = excluded.error,
    in_way = excluded.in_way, action = coalesce(excluded.action, gateway.runs.action)

-- name: put_calls
-- Keep the calls of a batch.
insert into gateway.calls
select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[], $5::text[])
on conflict (run_id, call_id) do nothing

-- name: schedule
-- One schedule of an owner, with its latest run.
select s.*, l.run_id, l.triggered_at, l.status
from gateway.schedules s
left join lateral (
    select run_id, triggered_at, status from gateway.runs r
    where r.schedule_id = s.schedule_id and not r.skipped order by r.position desc limit 1
) l on true
where s.owner = $1 and s.schedule_id = $2

-- name: schedules
-- An owner's schedules, newest first, each with its latest run.
select s.*, l.run_id, l.triggered_at, l.status
from gateway.schedules s
left join lateral (
    select run_id, triggered_at, status from gateway.runs r
    where r.schedule_id = s.schedule_id and not r.skipped order by r.position desc limit 1
) l on true
where s.owner = $1 and s.position < $2
    and ($3::boolean is null or s.enabled = $3)
    and ($4::text is null or s.kind = $4)
    and ($5::text is null or s.agent_name = $5)
order by s.position desc limit $6

-- name: count_schedules
-- How many schedules of an owner these filters leave.
select count(*) from gateway.schedules
where owner = $1
    and ($2::boolean is null or enabled = $2)
    and ($3::text is null or kind = $3)
    and ($4::text is null or agent_name = $4)

-- name: run
-- One run of an owner, also a skipped occurrence.
select * from gateway.runs where owner = $1 and run_id = $2

-- name: runs
-- An owner's runs, newest first.
select * from gateway.runs
where owner = $1 and position < $2
    and ($3::text[] is null or status = any($3))
    and ($4::boolean or not skipped)
    and ($5::text is null or agent_name = $5)
order by position desc limit $6

-- name: runs_of_schedule
-- The runs of one schedule, newest first.
select * from gateway.runs
where schedule_id = $1 and owner = $2 and position < $3
    and ($4::text[] is null or status = any($4))
    and ($5::boolean or not skipped)
order by position desc limit $6

-- name: count_runs
-- How many runs of an owner these filters leave.
select count(*) from gateway.runs
where owner = $1
    and ($2::uuid is null or schedule_id = $2)
    and ($3::text[] is null or status = any($3))
    and ($4::boolean or not skipped)
    and ($5::text is null or agent_name = $5)

-- name: agent_runs
-- Runs of agents that have started, newest first, in a span of starting times.
select r.*, s.definition from gateway.runs r left join gateway.schedules s using (schedule_id)
where r.owner = $1 and r.agent_name is not null and r.started_at is not null
    and ($2::text is null or r.agent_name = $2)
    and ($3::text[] is null or r.status = any($3))
    and ($4::timestamptz is null or r.started_at >= $4)
    and ($5::timestamptz is null or r.started_at < $5)
order by r.position desc limit $6

-- name: calls
-- The calls of some runs, in the order in which they ended.
select * from gateway.calls where run_id = any($1::uuid[]) order by run_id, position

-- name: checkpoint
-- How far the read model is.
select position from gateway.checkpoints where name = 'gateway' and status = 'live'

-- name: backlog
-- What an owner has missed after a position, as far as another one.
select position, stream_id, version, event_id, type, schema_version, owner, correlation_id,
    causation_id, recorded_at, body
from eventlog.events
where owner = $1 and position > $2 and position <= $3
order by position limit $4

-- name: lock_accounts
-- One registration at a time, so that exactly one account is the first.
select pg_advisory_xact_lock(hashtext('gateway.accounts'))

-- name: any_account
-- Whether anybody is registered.
select exists (select from gateway.accounts)

-- name: add_account
-- Register; nothing is returned where the address is taken.
insert into gateway.accounts (user_id, email, password_hash, role, created_at)
values ($1, $2, $3, $4, $5) on conflict (email) do nothing returning user_id

-- name: account_by_email
-- For a login.
select user_id, email, password_hash, role, created_at from gateway.accounts where email = $1

-- name: account
-- By its id.
select user_id, email, password_hash, role, created_at from gateway.accounts where user_id = $1

-- name: login_blocked
-- Until when logins from an address are refused, if they are.
select blocked_until from gateway.login_failures where address = $1 and blocked_until > $2

-- name: login_failed
-- Note a failure; the $3rd since $4 blocks the address until $5.
insert into gateway.login_failures as known (address, failed_at) values ($1, array[$2::timestamptz])
on conflict (address) do update set
    failed_at = array(
        select failed from unnest(known.failed_at) failed where failed > $4
    ) || $2::timestamptz,
    blocked_until = case when 1 + (
        select count(*) from unnest(known.failed_at) failed where failed > $4
    ) >= $3::int then $5::timestamptz end

-- name: login_succeeded
-- A success clears the address.
delete from gateway.login_failures where address = $1
