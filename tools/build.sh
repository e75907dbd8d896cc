#!/usr/bin/env bash
# build: compile everything for this machine into build/meson.
set -euo pipefail
. tools/lib.sh

compile build/meson
say "built: build/meson/runtime/bootstrap, build/meson/layer/*.so, build/meson/functions/*/*.so"
