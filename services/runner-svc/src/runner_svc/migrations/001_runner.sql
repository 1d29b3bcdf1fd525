-- The runs that are not over: what the sweep looks through, rebuilt from the log at any time.

create schema runner;

create table runner.checkpoints (
    name text,
    generation int,
    log_id uuid,
    position bigint not null,
    status text not null check (status in ('building', 'live', 'retired')),
    primary key (name, generation)
);

create table runner.open_runs (
    run_id uuid primary key,
    position bigint not null,
    requested_at timestamptz not null,
    started_at timestamptz,
    runner text,
    cancel_asked boolean not null default false
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

grant usage on schema runner to tickmark_runner;
grant select, insert, update, delete on all tables in schema runner to tickmark_runner;
