-- roles.sql - who may do what with push's tables. After schema.sql, and again after each upgrade; as often as you like.
--
--   psql "$DATABASE" -v ON_ERROR_STOP=1 -f functions/push/roles.sql
--
-- narae_app is what functions log in as, narae_bi what BI tools do. Both are made without a password, so that nobody can log in
-- until one is given: docs/database.md.

do $$
begin
    if not exists (select from pg_roles where rolname = 'narae_app') then create role narae_app login; end if;
    if not exists (select from pg_roles where rolname = 'narae_bi') then create role narae_bi login; end if;
end $$;

-- A function gives a statement up after 10 s, push_prune after 60 s, and cancels it; RDS Proxy passes no cancelling on.
alter role narae_app set statement_timeout = '75s';
-- PostgreSQL compiles a statement whose cost it estimates at 100,000 or more (jit_above_cost), which takes seconds. The claim of a large
-- batch is estimated at 78,000 and done in milliseconds: with some more devices every claim would be late.
alter role narae_app set jit = off;

-- --- functions

grant usage on schema narae_push to narae_app;
grant select, insert, update, delete on narae_push.device, narae_push.topic, narae_push.send, narae_push.parked to narae_app;

-- --- BI tools: everything but registrations, with which pushes can be sent, and the bodies of parked messages

-- A tool that would write is told so at once; what keeps it from writing is that nothing is granted.
alter role narae_bi set default_transaction_read_only = on;
-- A report that takes longer should ask a snapshot that was restored.
alter role narae_bi set statement_timeout = '5min';
-- An open transaction keeps dead rows of every table from being removed.
alter role narae_bi set idle_in_transaction_session_timeout = '1min';

grant usage on schema narae_push to narae_bi;
grant select (device_id, user_id, app_id, kind, platform, installation_id, refreshed_at, last_ok_at, status, inactive_reason,
              inactive_at, version, registered_at, topics_checked_at) on narae_push.device to narae_bi;
grant select (parked_id, sqs_message_id, message_id, reason, receive_count, parked_at) on narae_push.parked to narae_bi;
grant select on narae_push.send, narae_push.topic, narae_push.trail to narae_bi;
