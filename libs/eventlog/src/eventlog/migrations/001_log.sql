-- The log: one head row, the events, the guards of concurrency and idempotency, the leases.
-- Services may read, and call the functions; nobody may write the tables, and the owner cannot log in.

do $$
declare name text;
begin
  foreach name in array array['tickmark_owner', 'tickmark_schedule', 'tickmark_dispatcher', 'tickmark_runner',
                              'tickmark_gateway', 'tickmark_audit'] loop
    if not exists (select from pg_roles where rolname = name) then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation then null;  -- roles are the cluster's: another database was first
      end;
    end if;
  end loop;
  if not pg_has_role(current_user, 'tickmark_owner', 'member') then
    grant tickmark_owner to current_user;
  end if;
end $$;

alter schema eventlog owner to tickmark_owner;
set local role tickmark_owner;

create table eventlog.log_head (
  one boolean primary key default true check (one),
  log_id uuid not null,
  position bigint not null default 0,
  recorded_at timestamptz not null default '-infinity',
  frozen text
) with (fillfactor = 10);
insert into eventlog.log_head (log_id) values (gen_random_uuid());

create table eventlog.streams (
  stream_id text collate "C" primary key,
  version int not null
) with (fillfactor = 70);

create table eventlog.events (
  position bigint primary key,
  stream_id text collate "C" not null,
  version int not null,
  event_id uuid not null unique,
  type text not null,
  schema_version smallint not null,
  owner text,
  correlation_id uuid not null,
  causation_id uuid,
  recorded_at timestamptz not null,
  body bytea not null check (octet_length(body) <= 786432),
  content_hash bytea not null,
  leaf_hash bytea not null,
  unique (stream_id, version)
);
create index events_correlation on eventlog.events (correlation_id);
create index events_recorded on eventlog.events using brin (recorded_at);

create table eventlog.commands (
  key text collate "C" primary key,
  request_hash bytea not null,
  first_position bigint not null,
  last_position bigint not null,
  created_at timestamptz not null
);
create index commands_created on eventlog.commands using brin (created_at);

create table eventlog.leases (
  role text collate "C" primary key,
  epoch bigint not null,
  holder text not null,
  expires_at timestamptz not null
);

create function eventlog.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are never changed: % of %', tg_op, tg_table_name using errcode = 'TM003';
end $$;
create trigger append_only before update or delete or truncate on eventlog.events
  for each statement execute function eventlog.refuse_change();
