-- Append many at once: one row in per append, one row out; p_role and p_epoch fence a leader out.
-- The settings pin index look-ups: a plan made while the tables are empty would scan them for ever.
-- A key and a stream occur once per call: all of them are looked up before the first is written.

set local role tickmark_owner;

create function eventlog.append(
    p_role text, p_epoch bigint,
    -- one element per append
    a_key text[], a_hash bytea[], a_stream text[], a_expected int[], a_count int[],
    -- one element per event, in the order of the appends
    e_append int[], e_id uuid[], e_type text[], e_schema smallint[], e_owner text[],
    e_correlation uuid[], e_causation uuid[], e_body bytea[])
  returns table (append_no int, status text, first_position bigint, last_position bigint, last_version int,
                 recorded_at timestamptz)
  language plpgsql volatile security definer
  set search_path = eventlog, pg_temp set plan_cache_mode = force_generic_plan
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  head bigint; ice text; at timestamptz; total bigint; stored bigint;
  fate int[]; base int[]; first bigint[]; last bigint[]; before bigint[];
begin
  select h.position, h.frozen, greatest(h.recorded_at, clock_timestamp()) into head, ice, at
    from log_head h for update;  -- appends queue here
  if ice is not null then
    raise exception 'the log is frozen: %', ice using errcode = 'TM002';
  end if;
  if p_role is not null and not exists (select from leases l where l.role = p_role and l.epoch = p_epoch) then
    raise exception 'fenced: % no longer holds epoch %', p_role, p_epoch using errcode = 'TM001';
  end if;

  -- Each append's fate (0 ok, 1 conflict, 2 duplicate, 3 key_reused), the stream's version, the
  -- positions, and how many events stand before it in the call; nothing can change before commit.
  select array_agg(z.fate order by z.no), array_agg(z.version order by z.no),
         array_agg(coalesce(z.f, case z.fate when 0 then head + z.upto - z.n + 1 end) order by z.no),
         array_agg(coalesce(z.l, case z.fate when 0 then head + z.upto end) order by z.no),
         array_agg(z.events - z.n order by z.no), coalesce(sum(z.n) filter (where z.fate = 0), 0)
    into fate, base, first, last, before, total
    from (select y.*, sum(y.n) filter (where y.fate = 0) over calls as upto, sum(y.n) over calls as events
            from (select t.no, t.n, c.first_position as f, c.last_position as l, coalesce(s.version, 0) as version,
                         case when c.request_hash = t.hash then 2
                              when c.key is not null then 3
                              when coalesce(s.version, 0) = t.expected then 0
                              when t.expected = -1 and s.version is not null then 0
                              else 1 end as fate
                    from unnest(a_key, a_hash, a_stream, a_expected, a_count)
                           with ordinality as t(key, hash, stream, expected, n, no)
                    left join commands c on c.key = t.key
                    left join streams s on s.stream_id = t.stream) y
          window calls as (order by y.no)) z;

  if total > 0 then
    insert into events
      select e.pos, a_stream[e.an], e.ver, e.id, e.type, e.sv, e.owner, e.corr, e.cause, at, e.body, e.ch,
             sha256('\x00'::bytea || e.ch || int8send(e.pos) || int4send(e.ver) || timestamptz_send(at))
        from (select first[u.an] + u.ord - before[u.an] - 1 as pos,
                     (base[u.an] + u.ord - before[u.an])::int as ver, sha256(u.body) as ch, u.*
                from unnest(e_append, e_id, e_type, e_schema, e_owner, e_correlation, e_causation, e_body)
                       with ordinality as u(an, id, type, sv, owner, corr, cause, body, ord)
                where fate[u.an] = 0
                offset 0) e;  -- offset 0: hash each body once
    get diagnostics stored = row_count;
    if stored <> total then
      raise exception 'counts and events disagree: % and %', total, stored using errcode = 'TM004';
    end if;
    -- two statements: an upsert of new streams costs twice as much
    insert into streams (stream_id, version)
      select t.stream, t.n
        from unnest(a_stream, a_count) with ordinality as t(stream, n, no)
        where fate[t.no] = 0 and base[t.no] = 0 and t.n > 0;
    update streams s set version = s.version + t.n
      from unnest(a_stream, a_count) with ordinality as t(stream, n, no)
      where s.stream_id = t.stream and fate[t.no] = 0 and base[t.no] > 0;
    insert into commands
      select t.key, t.hash, first[t.no], last[t.no], at
        from unnest(a_key, a_hash) with ordinality as t(key, hash, no)
        where fate[t.no] = 0 and a_count[t.no] > 0;
    update log_head set position = head + total, recorded_at = at;
  end if;

  return query
    select t.no::int, (array['ok', 'conflict', 'duplicate', 'key_reused'])[t.fate + 1],
           case when first[t.no] <= last[t.no] then first[t.no] end,
           case when first[t.no] <= last[t.no] then last[t.no] end,
           case when t.fate = 0 then base[t.no] + a_count[t.no] else base[t.no] end, at
      from unnest(fate) with ordinality as t(fate, no) order by t.no;
end $$;

revoke execute on function eventlog.append from public;
grant execute on function eventlog.append
  to tickmark_schedule, tickmark_dispatcher, tickmark_runner, tickmark_gateway;
