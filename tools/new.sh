#!/usr/bin/env bash
# new DOMAIN/FUNCTION: a function that builds, is tested and is in the template, to be changed into what it is to do.
#
# What is written comes from tools/new/. Nothing that exists is overwritten; lists (meson.build, template.yaml) get an entry at their end.
set -euo pipefail
. tools/lib.sh

[[ $# == 1 && $1 =~ ^([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)$ ]] ||
    die "usage: ./build.sh new DOMAIN/FUNCTION; both of lower-case letters, digits and _ (push/push_send)"
domain=${BASH_REMATCH[1]}
function=${BASH_REMATCH[2]}
# push_send -> PushSend (its resource), push-send (in names of AWS)
resource=$(sed -E 's/(^|_)([a-z0-9])/\U\2/g' <<<"$function")
dashed=${function//_/-}

for file in functions/*/"$function".c tests/unit/functions/*/"${function}_test.c" tests/functions/"$function".c; do
    [[ ! -e $file ]] || die "there is a \"$function\" already: $file"
done
! grep -qE "^  $resource(Role|LogGroup)?:" template.yaml || die "template.yaml has a resource \"$resource\" already"

fill() { # fill TEMPLATE: with the names put in
    sed -e "s/@DOMAIN@/$domain/g; s/@FUNCTION@/$function/g; s/@RESOURCE@/$resource/g; s/@DASHED@/$dashed/g" "tools/new/$1.in"
}

write() { # write TEMPLATE FILE
    mkdir -p "$(dirname "$2")"
    fill "$1" >"$2"
    echo "   $2"
}

append() { # append TEMPLATE FILE
    mkdir -p "$(dirname "$2")"
    fill "$1" >>"$2"
    echo "   $2 (at its end)"
}

# The template's resources end where its outputs begin, which end it.
add_resource() {
    local part=template.yaml.part
    awk -v resource="$(fill template.yaml)" '/^Outputs:/ {print resource "\n"} {print}' template.yaml >"$part"
    grep -q "^  $resource:" "$part" || die "template.yaml has no line \"Outputs:\" to put a resource in front of"
    mv "$part" template.yaml
    fill output.yaml >>template.yaml
    echo "   template.yaml (in front of its outputs, and at its end)"
}

say "$function: written"
write function.c "functions/$domain/$function.c"
append meson.build "functions/$domain/meson.build"
grep -qx "subdir('$domain')" functions/meson.build || {
    echo "subdir('$domain')" >>functions/meson.build
    echo "   functions/meson.build (at its end)"
}
write unit_test.c "tests/unit/functions/$domain/${function}_test.c"
append unit.meson.build tests/unit/functions/meson.build
write e2e_test.py "tests/e2e/test_$function.py"
write event.json "tests/events/$function/direct-hello.json"
add_resource
cat <<T

Try it:    ./build.sh invoke $function tests/events/$function/direct-hello.json
Test it:   ./build.sh test
Then say what it does: its file, README.md (settings, folders), ARCHITECTURE.md, the resource's description; and give it
alarms in stacks/alarms.yaml.
T
