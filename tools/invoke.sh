#!/usr/bin/env bash
# invoke FUNCTION EVENT.json [--timeout MS] [--repeat N]: an event through the packaged bootstrap; EVENT.json may be - for standard input.
set -euo pipefail
. tools/lib.sh

[[ $# -ge 2 ]] || die "usage: ./build.sh invoke FUNCTION EVENT.json [--timeout MS] [--repeat N]"
function=$1
event=$2
shift 2

tools/package.sh --aside "$(here)"
for dir in "$NARAE_PACKAGE/functions/$function" "$NARAE_TEST_FUNCTIONS/$function"; do
    [[ -d $dir ]] && task_root=$dir
done
[[ -n ${task_root:-} ]] || die "no function \"$function\"; there are: $(cd "$NARAE_PACKAGE/functions" && echo *)"
LAMBDA_TASK_ROOT=$task_root exec "$NARAE_PACKAGE/layer/bootstrap" --invoke "$function.handler" "$event" "$@"
