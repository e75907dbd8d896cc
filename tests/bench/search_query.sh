#!/usr/bin/env bash
# bench search_query: searches for nicknames, from the event to the reply, beside a sequential scan and pg_trgm in the same run.
#
# PEOPLE=N nicknames (500,000 by default), QUERIES=N of each length. Queries are pieces of the nicknames themselves, so that what is
# common is asked for often.
set -euo pipefail
. tools/lib.sh

PEOPLE=${PEOPLE:-500000}
QUERIES=${QUERIES:-1000}
if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    exec env PEOPLE="$PEOPLE" QUERIES="$QUERIES" tools/with_postgres.sh tests/bench/search_query.sh "$@"
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "$NARAE_TEST_DATABASE" "$@"; }

say "making $PEOPLE nicknames and their indexes"
sql -c 'set client_min_messages = warning' -f functions/search/schema.sql 2>/dev/null
sql -v people="$PEOPLE" -f tests/bench/search_query.sql >/dev/null

# $QUERIES pieces of n characters; every tenth is also asked of the others ("+").
pieces() { # CHARACTERS
    sql -c "select setseed(0.$1)" -c "
        select case when row_number() over () % 10 = 0 then '+' else '-' end || '$1' || E'\t' || piece from (
            select substr(nickname, 1 + floor(random() * (length(nickname) - $1 + 1))::int, $1) as piece
            from narae_search.person where length(nickname) >= $1 order by random() limit $QUERIES) as pieces" | grep -P '\t'
}
say "$QUERIES queries of 1, 2 and 3 characters each, taking turns with a sequential scan and pg_trgm"
{ pieces 1 && pieces 2 && pieces 3; } | shuf --random-source=functions/search/schema.sql >"$dir/queries"

sql -c "select c.relname, pg_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('narae_search', 'narae_bench') and c.relname ~ '(person|trigrams)_(folded|initials|ranked)'" >"$dir/sizes"

export NARAE_DATABASE=env:BENCH_DATABASE BENCH_DATABASE=$NARAE_TEST_DATABASE NARAE_SEARCH_EVENTS_QUEUE='' AWS_LAMBDA_LOG_LEVEL=FATAL
export SSL_CERT_FILE=$NARAE_TEST_PKI/ca.pem NARAE_SEARCH_CURSOR_KEY=env:BENCH_KEY BENCH_KEY=0123456789abcdef0123456789abcdef
head -n 300 "$dir/queries" | sed 's/^+/-/' | build/meson/tests/bench/search_query_timer >/dev/null # caches warm, as they are in service
build/meson/tests/bench/search_query_timer <"$dir/queries" >"$dir/samples"
python3 tests/bench/search_query_report.py "$dir" "$PEOPLE"
