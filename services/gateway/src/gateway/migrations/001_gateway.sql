-- The gateway's own: accounts (credentials, not rebuilt from the log), and the read model, which is.

create schema gateway authorization tickmark_owner;
set local role tickmark_owner;

create table gateway.accounts (
    user_id uuid primary key,
    email text not null unique check (email = lower(email)),
    password_hash text not null,
    role text not null check (role in ('admin', 'user')),
    created_at timestamptz not null
);

create table gateway.login_failures (
    address text primary key,
    failed_at timestamptz[] not null,
    blocked_until timestamptz
);

create table gateway.checkpoints (
    name text,
    generation int,
    log_id uuid,
    position bigint not null,
    status text not null check (status in ('building', 'live', 'retired')),
    primary key (name, generation)
);

create table gateway.schedules (
    schedule_id uuid primary key,
    owner text not null,
    position bigint not null,
    name text not null,
    kind text not null,
    agent_name text,
    enabled boolean not null,
    definition text not null,
    next_run timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
) with (fillfactor = 80);

create index schedules_of_owner on gateway.schedules (owner, position desc);

create table gateway.runs (
    run_id uuid primary key,
    owner text not null,
    position bigint not null,
    schedule_id uuid not null,
    schedule_name text not null,
    kind text not null,
    agent_name text,
    triggered_by text not null,
    nominal timestamptz not null,
    triggered_at timestamptz not null,
    status text not null,
    skipped boolean not null,
    queued_at timestamptz,
    requested_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    attempt int,
    waits_for text,
    reason text,
    error text,
    in_way uuid,
    action text
) with (fillfactor = 70);

create index runs_of_owner on gateway.runs (owner, position desc);
create index runs_of_schedule on gateway.runs (schedule_id, position desc);
create index last_run_of_schedule on gateway.runs (schedule_id, position desc) where not skipped;
create index runs_of_agent on gateway.runs (owner, agent_name, position desc)
    where agent_name is not null;

create table gateway.calls (
    run_id uuid,
    call_id uuid,
    position bigint not null,
    attempt int not null,
    call text not null,
    primary key (run_id, call_id)
);

grant usage on schema gateway to tickmark_gateway;
grant select, insert, update, delete on all tables in schema gateway to tickmark_gateway;
