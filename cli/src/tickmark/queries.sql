-- name: server_version
-- What the server calls itself, e.g. 18.6.
select current_setting('server_version');

-- name: database_exists
-- Whether the server has a database of this name.
select exists (select from pg_database where datname = $1);

-- name: create_database
-- The database of an installation of its own.
create database tickmark;

-- name: hide_statements
-- Keeps a statement that holds a password out of the server's log also when it fails.
select set_config('log_min_error_statement', 'panic', false)
from pg_roles where rolname = current_user and rolsuper;

-- name: login_statement
-- The statement that makes login $1 with password $2 a member of role $3, or renews its password.
select format(
    case when exists (select from pg_roles where rolname = $1)
        then 'alter role %I login password %L'
        else 'create role %I login password %L in role %I'
    end, $1::text, $2::text, $3::text);
