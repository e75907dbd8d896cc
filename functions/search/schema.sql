-- schema.sql - what Narae's search_query searches. Run it as often as you like: it only adds what is missing.
--
--   psql "$DATABASE" -v ON_ERROR_STOP=1 -f functions/search/schema.sql
--
-- The database must be UTF-8. Where the extension pg_bigm is there (create extension pg_bigm) its indexes are made, elsewhere
-- indexes of pieces of one and two characters that need no extension. Results are the same. The app writes person and post,
-- by itself or by triggers; search_query needs USAGE on the schema and SELECT on both tables.

create schema if not exists narae_search;

-- --- what is compared: text is folded the same way when it is stored and when it is asked for

-- Full-width ASCII as ASCII, blanks as spaces, invisible characters gone, then composed (NFC), lower case. By ICU's rules where the
-- server has them: in a database of locale C, lower() knows no letter beyond ASCII. functions/search/query.c does the same,
-- case apart. Not PARALLEL SAFE on purpose: a search asks for the beginning of a list, and workers would be started to read it all.
-- PL/pgSQL, since the planner calls these for every search: a function in SQL is parsed anew each time.
do $$
declare
    wide text := (select string_agg(chr(c), '' order by c) from generate_series(65281, 65374) as c);
    narrow text := (select string_agg(chr(c), '' order by c) from generate_series(33, 126) as c);
    blank text := chr(9) || chr(10) || chr(13) || chr(160) || chr(12288);
    gone text := chr(173) || chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279);
    by_icu text := (select ' collate "und-x-icu"' from pg_collation where collname = 'und-x-icu' limit 1);
begin
    execute format('create or replace function narae_search.fold(typed text) returns text language plpgsql immutable strict as '
        '$f$ begin return lower(normalize(translate(typed, %L, %L), nfc)%s) collate "default"; end $f$',
        wide || blank || gone, narrow || repeat(' ', length(blank)), coalesce(by_icu, ''));
end $$;

-- Each Hangul syllable by its first consonant, a cluster of two consonants as the two, everything else as it is: what people
-- type who type first consonants only.
create or replace function narae_search.initials(folded text) returns text language plpgsql immutable strict as $$ begin
    return (select string_agg(
        case when ascii(c) between 44032 and 55203
             then substr('ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ', (ascii(c) - 44032) / 588 + 1, 1)
             else coalesce((array['ㄱㅅ', 'ㄴㅈ', 'ㄴㅎ', 'ㄹㄱ', 'ㄹㅁ', 'ㄹㅂ', 'ㄹㅅ', 'ㄹㅌ', 'ㄹㅍ', 'ㄹㅎ', 'ㅂㅅ'])
                               [strpos('ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ', c)], c) end, '' order by n)
    from unnest(string_to_array(folded, null)) with ordinality as x(c, n));
end $$;

-- Its pieces of one and two characters, each once. The cost keeps the planner from computing them for a row to see whether it
-- matches: the index knows.
create or replace function narae_search.grams(folded text) returns text[] language plpgsql immutable strict cost 5000 as $$ begin
    return (select array_agg(distinct gram) from (
        select c, c || lead(c) over (order by n) as pair
        from unnest(string_to_array(folded, null)) with ordinality as x(c, n)) as pieces,
        lateral (values (c), (pair)) as both_of(gram) where gram is not null);
end $$;

-- --- what was typed, as the statements of catalog.c need it; immutable, so that the planner sees their values

-- For LIKE, nothing in it a wildcard.
create or replace function narae_search.pattern(typed text) returns text language plpgsql immutable strict as $$ begin
    return replace(replace(replace(narae_search.fold(typed), '\', '\\'), '%', '\%'), '_', '\_');
end $$;

-- For LIKE ALL: each word somewhere.
create or replace function narae_search.patterns(words text[]) returns text[] language plpgsql immutable strict as $$ begin
    return (select array_agg('%' || narae_search.pattern(word) || '%') from unnest(words) as word);
end $$;

-- The pieces that whatever holds all words has: a word of one character itself, of a longer one its pairs.
create or replace function narae_search.wanted(words text[]) returns text[] language plpgsql immutable strict as $$ begin
    return (select array_agg(distinct gram)
            from unnest(words) as word, narae_search.fold(word) as folded, unnest(narae_search.grams(folded)) as gram
            where length(gram) = 2 or length(folded) = 1);
end $$;

-- The moment of a cursor, which counts microseconds.
create or replace function narae_search.at(unix_us bigint) returns timestamptz language plpgsql immutable strict as $$ begin
    return timestamptz 'epoch' + unix_us * interval '1 microsecond';
end $$;

-- --- what is searched

-- People, by nickname. ranked_at orders those who match equally well, the latest first: the last activity, say. Every change of
-- it rewrites the row's entries in all indexes, so let the app round it to the day.
create table if not exists narae_search.person (
    id        bigint generated always as identity primary key,               -- breaks ties; nobody outside sees it
    user_id   text not null unique check (length(user_id) between 1 and 64), -- the app's own
    nickname  text not null check (length(nickname) between 1 and 64),       -- as its owner wrote it
    ranked_at timestamptz not null default now() check (isfinite(ranked_at)), -- a cursor counts microseconds to it
    folded    text not null generated always as (narae_search.fold(nickname)) stored,
    initials  text generated always as (narae_search.initials(narae_search.fold(nickname))) stored
);

-- Posts, by title and text. First consonants find titles; of the text they find only consonants that stand alone, as in laughter.
create table if not exists narae_search.post (
    id        bigint generated always as identity primary key,
    post_id   text not null unique check (length(post_id) between 1 and 64),
    title     text not null check (length(title) between 1 and 200),
    body      text not null default '' check (length(body) <= 20000),
    ranked_at timestamptz not null default now() check (isfinite(ranked_at)), -- when it was posted
    folded    text not null generated always as (narae_search.fold(rtrim(title || ' ' || body))) stored,
    initials  text generated always as (narae_search.initials(narae_search.fold(title) || ' ' ||
                  regexp_replace(narae_search.fold(body), '[^ㄱ-ㅎ]+', ' ', 'g'))) stored
);

-- --- indexes; functions/search/catalog.c says which statement needs which

do $$
declare
    -- pg_bigm's operator class, wherever the extension was put; null without it
    bigm text := (select format('%I.%I', nspname, opcname) from pg_opclass join pg_namespace n on n.oid = opcnamespace
                  where opcname = 'gin_bigm_ops' limit 1);
    name text;
    col text;
begin
    foreach name in array array['person', 'post'] loop
        -- Walked from the latest on when what is asked for is common: the page is full long before the end. Of people it holds
        -- what is compared, so that no row need be looked at; of posts that would be the whole text.
        execute format('create index if not exists %1$s_ranked on narae_search.%1$s (ranked_at desc, id desc)%2$s', name,
            case name when 'person' then ' include (folded, initials)' else '' end);
        foreach col in array array['folded', 'initials'] loop
            -- What begins so, whatever the database's locale. A query has at most 100 characters.
            execute format('create index if not exists %1$s_%2$s on narae_search.%1$s (%3$s text_pattern_ops) include (ranked_at, id)',
                name, col, case name when 'person' then col else format('(left(%s, 100))', col) end);
            -- What holds it somewhere. fastupdate off: a search must not pay for the insertions before it.
            execute format('create index if not exists %1$s_%2$s_%3$s on narae_search.%1$s using gin (%4$s) with (fastupdate = off)',
                name, col, case when bigm is null then 'grams' else 'bigm' end,
                coalesce(col || ' ' || bigm, format('narae_search.grams(%s)', col)));
        end loop;
    end loop;
end $$;
