-- name: migrations_lock
-- One migrating process at a time; the others wait.
select pg_advisory_lock(5172024)

-- name: migrations_table
-- Where what was applied is remembered, made by the first migration of all.
create schema if not exists eventlog;
create table if not exists eventlog.migrations (
  package text,
  name text,
  sha256 text not null,
  applied_at timestamptz not null default now(),
  primary key (package, name)
);

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
