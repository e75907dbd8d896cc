#!/usr/bin/env bash
# bench h2: what a request costs the HTTP/2 transport alone, beside h2load, on the same server in the same run.
#
# 20,000 POSTs of 350 bytes over 1 connection with 100 in flight, over TLS; CPU of the whole process, start included.
# Runs of the two clients take turns, so that what else the machine does meets both.
set -euo pipefail
. tools/lib.sh

REQUESTS=20000
RUNS=${RUNS:-9}
GOAL=1.2 # times h2load's CPU per request, on either server
path=/v1/projects/demo/messages:send
sender=build/meson/tests/bench/h2_sender
dir=$(mktemp -d)
pids=()

finish() {
    ((${#pids[@]})) && kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for() { # PORT
    local i
    for ((i = 0; i < 100; i++)); do
        (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    die "nothing listens on port $1; see $dir"
}

start_servers() {
    mkdir -p "$dir/www$(dirname $path)"
    printf '{"name":"projects/demo/messages/0:1732460808000000%%f9fd7ecd"}' >"$dir/www$path"
    head -c 350 /dev/zero | tr '\0' a >"$dir/body"
    tools/test_pki.sh "$dir/pki"
    nghttpd_port=$(free_port)
    nghttpd -a 127.0.0.1 -d "$dir/www" "$nghttpd_port" "$dir/pki/server.key" "$dir/pki/server.pem" >"$dir/nghttpd.log" 2>&1 &
    pids+=($!)
    backend_port=$(free_port)
    nghttpd -a 127.0.0.1 --no-tls -d "$dir/www" "$backend_port" >"$dir/backend.log" 2>&1 &
    pids+=($!)
    nghttpx_port=$(free_port)
    nghttpx --conf=/dev/null -f "127.0.0.1,$nghttpx_port" -b "127.0.0.1,$backend_port;;proto=h2" --workers=1 --errorlog-file="$dir/nghttpx.log" \
        --accesslog-file=/dev/null --frontend-http2-max-concurrent-streams=100 "$dir/pki/server.key" "$dir/pki/server.pem" >"$dir/nghttpx.out" 2>&1 &
    pids+=($!)
    wait_for "$nghttpd_port"
    wait_for "$backend_port"
    wait_for "$nghttpx_port"
}

# cpu_us COMMAND...: user and system time of a process in us per request; its output must name every request as a success.
cpu_us() {
    local spent
    spent=$( (TIMEFORMAT='%3U %3S' && time "$@" >"$dir/out" 2>"$dir/err") 2>&1) || die "failed: $*: $(cat "$dir/err")"
    grep -qE "answered $REQUESTS |$REQUESTS succeeded" "$dir/out" || die "not every request was answered: $(cat "$dir/out")"
    awk -v n=$REQUESTS '{printf "%.3f\n", ($1 + $2) * 1e6 / n}' <<<"$spent"
}

measure() { # NAME PORT
    local i
    for ((i = 0; i < RUNS; i++)); do
        SSL_CERT_FILE=$dir/pki/ca.pem cpu_us "$sender" "https://localhost:$2" $REQUESTS 1 100 >>"$dir/$1.ours"
        cpu_us h2load -n $REQUESTS -c 1 -m 100 -d "$dir/body" "https://localhost:$2$path" >>"$dir/$1.h2load"
    done
}

start_servers
say "$RUNS runs of each, taking turns"
measure nghttpd "$nghttpd_port"
measure nghttpx "$nghttpx_port"
python3 tests/bench/h2_report.py "$dir" $REQUESTS "$RUNS" $GOAL
