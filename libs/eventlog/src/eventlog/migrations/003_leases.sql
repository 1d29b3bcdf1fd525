-- Leases: taking one locks the head, so that a change of epoch is one point in the log.

set local role tickmark_owner;

create function eventlog.take_lease(p_role text, p_holder text, p_ttl interval)
returns table (epoch bigint, head bigint)
language plpgsql volatile security definer set search_path = eventlog, pg_temp as $$
#variable_conflict use_column
declare head bigint; taken bigint;
begin
  if exists (select from leases l where l.role = p_role and l.expires_at > clock_timestamp()) then
    return;  -- the usual answer, given without holding up the appends
  end if;
  select h.position into head from log_head h for update;
  insert into leases as l (role, epoch, holder, expires_at)
    values (p_role, 1, p_holder, clock_timestamp() + p_ttl)
    on conflict (role) do update
      set epoch = l.epoch + 1, holder = excluded.holder, expires_at = excluded.expires_at
      where l.expires_at <= clock_timestamp()
    returning l.epoch into taken;
  if taken is not null then
    return query select taken, head;
  end if;
end $$;

create function eventlog.keep_lease(p_role text, p_epoch bigint, p_ttl interval) returns boolean
language sql volatile security definer set search_path = eventlog, pg_temp as $$
  with kept as (
    update leases set expires_at = clock_timestamp() + p_ttl
      where role = p_role and epoch = p_epoch and expires_at > clock_timestamp() returning 1)
  select exists (select from kept);
$$;

create function eventlog.give_up_lease(p_role text, p_epoch bigint) returns void
language sql volatile security definer set search_path = eventlog, pg_temp as $$
  update leases set expires_at = '-infinity' where role = p_role and epoch = p_epoch;
$$;

create function eventlog.lease_alive(p_role text) returns boolean
language sql volatile security definer set search_path = eventlog, pg_temp as $$
  select exists (select from leases where role = p_role and expires_at > clock_timestamp());
$$;

revoke execute on all functions in schema eventlog from public;
grant usage on schema eventlog to tickmark_schedule, tickmark_dispatcher, tickmark_runner, tickmark_gateway,
  tickmark_audit;
grant select on eventlog.events, eventlog.streams, eventlog.commands, eventlog.log_head, eventlog.leases
  to tickmark_schedule, tickmark_dispatcher, tickmark_runner, tickmark_gateway, tickmark_audit;
grant execute on function eventlog.take_lease, eventlog.keep_lease, eventlog.give_up_lease
  to tickmark_schedule, tickmark_dispatcher, tickmark_runner, tickmark_gateway;
grant execute on function eventlog.lease_alive
  to tickmark_schedule, tickmark_dispatcher, tickmark_runner, tickmark_gateway, tickmark_audit;
