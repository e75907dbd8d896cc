#!/usr/bin/env bash
# invoke FUNCTION EVENT.json [--timeout MS] [--repeat N]: an event through the packaged bootstrap; EVENT.json may be - for standard input.
set -euo pipefail
. tools/lib.sh

[[ $# -ge 2 ]] || die "usage: ./build.sh invoke FUNCTION EVENT.json [--timeout MS] [--repeat N]"
function=$1
event=$2
shift 2

tools/package.sh
for dir in build/package/functions/"$function" build/tests/functions/"$function"; do
    [[ -d $dir ]] && task_root=$PWD/$dir
done
[[ -n ${task_root:-} ]] || die "no function \"$function\"; there are: $(cd build/package/functions && echo *)"
LAMBDA_TASK_ROOT=$task_root exec build/package/layer/bootstrap --invoke "$function.handler" "$event" "$@"
