-- roles.sql - who may do what with search's tables. After schema.sql, and again after each upgrade; as often as you like.
--
--   psql "$DATABASE" -v ON_ERROR_STOP=1 -f functions/search/roles.sql
--
-- narae_app is what functions log in as, narae_bi what BI tools do; functions/push/roles.sql says more about both. The app writes
-- person and post as a role of its own.

do $$
begin
    if not exists (select from pg_roles where rolname = 'narae_app') then create role narae_app login; end if;
    if not exists (select from pg_roles where rolname = 'narae_bi') then create role narae_bi login; end if;
end $$;

-- Nobody waits for seconds until PostgreSQL has compiled a search; functions/push/roles.sql has the figures.
alter role narae_app set jit = off;

grant usage on schema narae_search to narae_app, narae_bi;
grant select on narae_search.person, narae_search.post to narae_app, narae_bi;
