-- name: migrations_lock
-- One migrating process at a time; the others wait.
select pg_advisory_lock(5172024)

-- name: migrations_schema
-- Where the log lives, and what was applied.
create schema if not exists eventlog

-- name: migrations_table
-- Where what was applied is remembered, made by the first migration of all.
create table if not exists eventlog.migrations (
  package text,
  name text,
  sha256 text not null,
  applied_at timestamptz not null default now(),
  primary key (package, name)
)

-- name: migrations_applied
-- What a package has applied already, in its order.
select name, sha256 from eventlog.migrations where package = $1 order by name collate "C"

-- name: migration_over
-- Be the connecting user again: a migration makes its things as their owner.
reset role

-- name: migration_record
-- Remember one file as applied.
insert into eventlog.migrations (package, name, sha256) values ($1, $2, $3)

-- name: append
-- Many appends in one statement; one answer each, in order.
select status, first_position, last_position, last_version, recorded_at
from eventlog.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- name: head
-- Which log this is, and its last position.
select log_id, position from eventlog.log_head

-- name: page
-- The events after a position, gapless and in order.
select position, stream_id, version, event_id, type, schema_version, owner, correlation_id, causation_id,
  recorded_at, body
from eventlog.events where position > $1 order by position limit $2

-- name: stream
-- A stream's events after a version, in order.
select position, stream_id, version, event_id, type, schema_version, owner, correlation_id, causation_id,
  recorded_at, body
from eventlog.events where stream_id = $1 and version > $2 order by version limit $3

-- name: streams
-- Many streams whole, each in its order.
select position, stream_id, version, event_id, type, schema_version, owner, correlation_id, causation_id,
  recorded_at, body
from eventlog.events where stream_id = any($1) order by stream_id, version

-- name: answered
-- What the append under a key was answered, if it was stored.
select c.first_position, c.last_position, e.version, e.recorded_at
from eventlog.commands c join eventlog.events e on e.position = c.last_position
where c.key = $1

-- name: lease_take
-- Lead under a new epoch, unless another holds the lease: no row.
select epoch, head from eventlog.take_lease($1, $2, $3)

-- name: lease_keep
-- Extend a lease that is still ours.
select eventlog.keep_lease($1, $2, $3)

-- name: lease_give_up
-- Let the next one take it at once.
select eventlog.give_up_lease($1, $2)

-- name: lease_alive
-- Whether anyone holds it.
select eventlog.lease_alive($1)

-- name: verify_head
-- The head beside the last event, in one snapshot.
select h.log_id, h.position, coalesce(e.position, 0) as last, coalesce(e.recorded_at = h.recorded_at, true) as on_time
from eventlog.log_head h
left join lateral (select position, recorded_at from eventlog.events order by position desc limit 1) e on true

-- name: verify_events
-- Everything that is stored of each event, the time in the form that the leaf holds.
select e.position, e.version, timestamptz_send(e.recorded_at) as recorded, e.content_hash, e.leaf_hash,
  exists (select from eventlog.streams s where s.stream_id = e.stream_id) as in_streams, e.body,
  e.event_id::text, e.stream_id, e.type, e.schema_version, e.owner, e.correlation_id::text, e.causation_id::text
from eventlog.events e where e.position > $1 and e.position <= $2 order by e.position limit $3

-- name: verify_streams
-- Each stream's version, how many events it has, the first one out of turn or beyond the version.
select s.stream_id as name, s.version, e.events, e.wrong
from eventlog.streams s
cross join lateral (
  select count(*) as events, min(v.position) filter (where v.version <> v.turn or v.turn > s.version) as wrong
  from (select position, version, row_number() over (order by position) as turn
        from eventlog.events where stream_id = s.stream_id) v) e
where s.stream_id > $1 order by s.stream_id limit $2

-- name: verify_ids
-- The later ones among events of the same id, in a range of ids.
select max(position) as position from eventlog.events
where event_id >= $1 and event_id <= $2 group by event_id having count(*) > 1

-- name: verify_commands
-- Each key's first event, the stream's own after its last, and whether all between are of one append.
select c.key as name, c.first_position, (c.last_position - c.first_position + 1)::int as count, coalesce(
    f.stream_id = l.stream_id and l.version - f.version = c.last_position - c.first_position
    and l.position >= f.position and f.recorded_at = c.created_at, false) as sound,
  f.event_id, n.event_id as beyond
from eventlog.commands c
left join eventlog.events f on f.position = c.first_position
left join eventlog.events l on l.position = c.last_position
left join eventlog.events n on n.position = c.last_position + 1 and n.stream_id = f.stream_id
where c.key > $1 order by c.key limit $2
