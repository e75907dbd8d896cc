-- pg_bigm.sql - stands in for the extension pg_bigm: its operator class and functions, over pg_trgm's.
-- README.md says what it can show and what not.

create extension if not exists pg_trgm;

-- LIKE is pg_trgm's strategy 3, and pg_bigm's 1; nobody outside sees the number.
create operator class gin_bigm_ops for type text using gin as
    operator 3 pg_catalog.~~ (text, text),
    function 1 btint4cmp (int4, int4),
    function 2 gin_extract_value_trgm (text, internal),
    function 3 gin_extract_query_trgm (text, internal, int2, internal, internal, internal, internal),
    function 4 gin_trgm_consistent (internal, int2, text, int4, internal, internal, internal, internal),
    function 6 gin_trgm_triconsistent (internal, int2, text, int4, internal, internal, internal),
    storage int4;

-- One blank at each end, then every pair.
create function show_bigm(text) returns text[] language sql immutable strict as $$
    select coalesce(array_agg(distinct substr(' ' || $1 || ' ', i, 2)), '{}')
    from generate_series(1, length($1) + 1) as i where length($1) > 0 $$;

create function bigm_similarity(text, text) returns real language sql immutable strict as $$
    with a as (select unnest(show_bigm($1)) as g), b as (select unnest(show_bigm($2)) as g)
    select coalesce((select count(*) from a join b using (g))::real
        / nullif((select count(*) from (select g from a union select g from b) as either), 0), 0)::real $$;

create function likequery(text) returns text language sql immutable strict as $$
    select '%' || replace(replace(replace(nullif($1, ''), '\', '\\'), '%', '\%'), '_', '\_') || '%' $$;
