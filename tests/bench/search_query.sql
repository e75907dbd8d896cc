-- search_query.sql - :people nicknames for the bench, and the same rows twice more for what they are compared with.
--
-- Two to six syllables. Syllables are drawn as in real names: few are very common, most are rare (Zipf-Mandelbrot over 1,500 of them;
-- the most common one is in about one nickname of fourteen, as far as single syllables of Korean names go).
\set ON_ERROR_STOP on
set client_min_messages = warning;

select setseed(0.2);
insert into narae_search.person (user_id, nickname, ranked_at)
select 'u' || i,
       (select string_agg(chr(44032 + (floor(10 * exp(random() * ln(151)) - 10)::int * 7919) % 11172), '')
        from generate_series(1, 2 + i % 5)),
       timestamptz '2026-01-01' + random() * interval '300 days'
from generate_series(1, :people) as i;

create schema narae_bench;
create extension if not exists pg_trgm;
create table narae_bench.scanned as select id, user_id, nickname, folded, ranked_at from narae_search.person;
create table narae_bench.trigrams as table narae_bench.scanned;
create index trigrams_folded on narae_bench.trigrams using gin (folded gin_trgm_ops);
create index trigrams_ranked on narae_bench.trigrams (ranked_at desc, id desc);
vacuum analyze;
