-- What schedule-svc keeps beside the log: when each schedule is due, and which names are taken.
-- `due` is a projection and may be rebuilt; `names` are reservations, taken before the append.

create schema schedule authorization tickmark_owner;
set local role tickmark_owner;

create table schedule.checkpoints (
  name text,
  generation int,
  log_id uuid,
  position bigint not null,
  status text not null check (status in ('building', 'live', 'retired')),
  primary key (name, generation)
);

create table schedule.due (
  schedule_id uuid primary key,
  owner text not null,
  definition jsonb not null,
  enabled boolean not null,
  nominal timestamptz,
  due timestamptz,
  epoch timestamptz not null,
  version int not null,
  spec_version int not null,
  tzdata text not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index due_instant on schedule.due (due) where due is not null;

create table schedule.names (
  owner text,
  name text,
  schedule_id uuid not null,
  reserved_at timestamptz not null,
  primary key (owner, name)
);
create index names_schedule on schedule.names (schedule_id);

-- One owner's requests queue here, so that parallel ones cannot pass the limit or share a name.
-- Reservations older than p_stale whose process died are found when they are in the way: never
-- created, deleted meanwhile, or the former name of a schedule that bears another one by now.
create function schedule.reserve_name(
    p_owner text, p_name text, p_schedule uuid, p_limit int, p_at timestamptz, p_stale timestamptz)
returns text language plpgsql as $$
declare verdict text;
begin
  perform pg_advisory_xact_lock(hashtextextended('schedule.names/' || p_owner, 0));
  for attempt in 1..2 loop
    verdict := case
      when exists (select from schedule.names n
                   where n.owner = p_owner and n.name = p_name and n.schedule_id <> p_schedule) then 'taken'
      when (select count(distinct n.schedule_id) from schedule.names n
            where n.owner = p_owner and n.schedule_id <> p_schedule) >= p_limit then 'full'
      else 'reserved' end;
    exit when verdict = 'reserved' or attempt = 2;
    delete from schedule.names n
      where n.owner = p_owner and n.reserved_at < p_stale
        and (coalesce((select e.type from eventlog.events e where e.stream_id = 'schedule-' || n.schedule_id
                       order by e.version desc limit 1), 'ScheduleDeleted') = 'ScheduleDeleted'
             or exists (select from schedule.due d join schedule.names m using (schedule_id)
                        where d.schedule_id = n.schedule_id and m.name = d.definition ->> 'name' and m.name <> n.name));
  end loop;
  if verdict = 'reserved' then
    insert into schedule.names (owner, name, schedule_id, reserved_at)
      values (p_owner, p_name, p_schedule, p_at) on conflict do nothing;
  end if;
  return verdict;
end $$;

grant usage on schema schedule to tickmark_schedule, tickmark_audit;
grant select, insert, update, delete on all tables in schema schedule to tickmark_schedule;
grant select on all tables in schema schedule to tickmark_audit;
grant execute on function schedule.reserve_name to tickmark_schedule;
