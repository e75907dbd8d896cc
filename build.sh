#!/usr/bin/env bash
# build.sh - the one entry point. Each verb is a file in tools/; this finds it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'U'
usage: ./build.sh VERB [...]

  demo                          run the main jobs here, on real PostgreSQL and local stand-ins; show what happened
  test                          every test: unit (also with sanitizers), component, end to end
  build                         compile for this machine
  package [--arch ARCH]         what goes to AWS: build/package (layer, functions); x86_64 or arm64
  invoke FUNCTION EVENT.json    one event through the real bootstrap (--timeout MS, --repeat N)
  new DOMAIN/FUNCTION           write a function that builds, is tested and is in the template
  symbolize [MODULE+0xOFF...]   a crash report's frames (or a log on standard input) as functions and lines
  lint                          formatting, static analysis, include rule, both compilers
  fuzz [--seconds N] [NAME...]  every parser of bytes from outside, under libFuzzer, 60 s each
  bench NAME                    measure: start, runtime, h2, push, faults, snapshot, search, search_query
  load [--seconds N] [--rate R]  open-loop traffic on all functions; latency and throughput over time into the report
  clean                         remove build/

Each verb installs the Debian packages it needs (as root or by sudo) and says so.
U
}

verb=${1:-}
case $verb in
'' | -h | --help | help)
    usage
    [[ -n $verb ]] || exit 2
    exit 0
    ;;
esac
if [[ ! $verb =~ ^[a-z]+$ || ! -x $root/tools/$verb.sh ]]; then
    echo "build.sh: no verb \"$verb\"" >&2
    usage >&2
    exit 2
fi
shift
cd "$root"
exec "$root/tools/$verb.sh" "$@"
