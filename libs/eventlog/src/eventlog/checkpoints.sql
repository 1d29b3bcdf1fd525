-- name: checkpoint
-- Where the live generation of a read model stands, and in which log.
select generation, log_id, position from {schema}.checkpoints where name = $1 and status = 'live'

-- name: checkpoint_begin
-- The first generation of a new read model, before the first event; a rival may be faster.
insert into {schema}.checkpoints (name, generation, log_id, position, status)
values ($1, 1, $2, 0, 'live') on conflict do nothing

-- name: checkpoint_advance
-- From one position to another; no row when a rival was faster, or another generation is live now.
update {schema}.checkpoints set position = $5
where name = $1 and generation = $2 and log_id = $3 and position = $4 and status = 'live'
