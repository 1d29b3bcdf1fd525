-- name: requested
-- A run waits for a runner.
insert into runner.open_runs (run_id, position, requested_at) values ($1, $2, $3)
on conflict (run_id) do nothing

-- name: started
-- A runner claimed it.
update runner.open_runs set started_at = $2, runner = $3 where run_id = $1

-- name: released
-- Its runner is gone, and another may try.
update runner.open_runs set started_at = null, runner = null where run_id = $1

-- name: cancel_asked
-- It shall end.
update runner.open_runs set cancel_asked = true where run_id = $1

-- name: over
-- Nothing is left to do for it.
delete from runner.open_runs where run_id = $1

-- name: waiting
-- Runs nobody started since an instant, oldest first.
select run_id from runner.open_runs where started_at is null and requested_at < $1 order by position limit $2

-- name: runners
-- The instances that hold runs.
select distinct runner from runner.open_runs where runner is not null order by runner

-- name: held_by
-- The runs of one instance, oldest first.
select run_id from runner.open_runs where runner = $1 order by position

-- name: cancels
-- The runs of one instance that shall end.
select run_id from runner.open_runs where runner = $1 and cancel_asked order by position
