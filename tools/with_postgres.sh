#!/usr/bin/env bash
# with_postgres.sh COMMAND...: run COMMAND beside a temporary PostgreSQL cluster that is gone afterwards.
#
# The cluster listens on 127.0.0.1 (a port of the system's choice, TLS with the test certificates) and on a socket. COMMAND gets
#   NARAE_TEST_DATABASE   libpq URI of a superuser, password included
#   NARAE_TEST_PKI        directory of tools/test_pki.sh; its ca.pem has signed the server's certificate
#   NARAE_TEST_PGCTL      a command that takes start, stop or restart, for tests that need the server gone
set -euo pipefail
. tools/lib.sh

need_packages postgres
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
dir=$(mktemp -d /tmp/narae-pg-XXXXXX)
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

# PostgreSQL refuses to run as root.
as_postgres() {
    if [[ $(id -u) == 0 ]]; then
        (cd "$dir" && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

cleanup() {
    trap - EXIT INT TERM
    as_postgres "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || :
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() { # ask the kernel; a race is met by trying again
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

tools/test_pki.sh "$dir/pki" 2>/dev/null
mkdir "$dir/socket"
echo "$password" >"$dir/password"
install -m 600 "$dir/pki/server.key" "$dir/server.key"
[[ $(id -u) != 0 ]] || chown -R postgres "$dir"
chmod 711 "$dir"
run_logged "$dir/initdb.log" as_postgres "$bin/initdb" -D "$dir/data" -U narae --pwfile="$dir/password" -A scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 --no-sync
cat >>"$dir/data/postgresql.conf" <<C
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/socket'
ssl = on
ssl_cert_file = '$dir/pki/server.pem'
ssl_key_file = '$dir/server.key'
fsync = off
full_page_writes = off
max_connections = 50
C
for _ in 1 2 3 4 5; do
    port=$(free_port)
    if as_postgres "$bin/pg_ctl" -D "$dir/data" -o "-p $port" -l "$dir/log" -w -s start >/dev/null 2>&1; then
        break
    fi
    port=
done
[[ -n $port ]] || {
    tail -n 20 "$dir/log" >&2
    die "PostgreSQL does not start"
}

cat >"$dir/pgctl" <<P
#!/bin/sh
cd "$dir" || exit 1
set -- "$bin/pg_ctl" -D "$dir/data" -o "-p $port" -l "$dir/log" -m fast -w -s "\$@"
[ "\$(id -u)" != 0 ] || set -- runuser -u postgres -- "\$@"
exec "\$@" >/dev/null
P
chmod 755 "$dir/pgctl"

export NARAE_TEST_DATABASE="postgresql://narae:$password@127.0.0.1:$port/postgres"
export NARAE_TEST_PKI=$dir/pki
export NARAE_TEST_PGCTL=$dir/pgctl
"$@"
