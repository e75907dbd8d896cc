#!/usr/bin/env bash
# clean: remove what was built in the tree. Third-party builds stay in the cache.
set -euo pipefail
. tools/lib.sh

rm -rf build .aws-sam
say "removed build/; third-party builds stay in $NARAE_CACHE (remove it to build them again)"
