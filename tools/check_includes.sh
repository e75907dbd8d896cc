#!/usr/bin/env bash
# check_includes.sh: who may include whom (ARCHITECTURE.md, "The picture"), without exceptions.
#
#   layer/<folder>         its own folder, a lower one (base < io < aws), <narae/...>
#   runtime                itself, <narae/...>
#   functions/<domain>     itself, <narae/...>
#   nothing                functions, except itself
# and a domain's pure files see no socket, no database, no clock.
set -euo pipefail

status=0
complain() {
    echo "$1: $2" >&2
    status=1
}

# The level of a folder or header of the layer.
declare -A level=([base]=0 [io]=1 [aws]=2)
declare -A header_level=()
for folder in base io aws; do
    for source in layer/"$folder"/*.c; do
        header_level[$(basename "$source" .c)]=${level[$folder]}
    done
done

# A public header without a source of its own name is level 0, unless a higher folder implements it.
public_level() {
    local name=${1#narae/}
    echo "${header_level[${name%.h}]:-0}"
}

check_layer() { # check_layer FILE FOLDER INCLUDE
    local own=${level[$2]} theirs
    case $3 in
    narae/*) theirs=$(public_level "$3") ;;
    layer/*/*)
        theirs=${3#layer/}
        theirs=${level[${theirs%%/*}]:-9}
        ;;
    */*) theirs=9 ;;
    *) theirs=$own ;; # a header beside it
    esac
    ((theirs <= own)) || complain "$1" "layer/$2 must not include \"$3\""
}

check_one() { # check_one FILE INCLUDE
    case $1 in
    layer/include/*) [[ $2 == narae/* ]] || complain "$1" "a public header must not include \"$2\"" ;;
    layer/*) check_layer "$1" "$(cut -d/ -f2 <<<"$1")" "$2" ;;
    runtime/*) [[ $2 == runtime/* || $2 == narae/* ]] || complain "$1" "runtime must not include \"$2\"" ;;
    functions/*)
        local domain
        domain=$(cut -d/ -f1,2 <<<"$1")
        [[ $2 == "$domain"/* || $2 == narae/* ]] || complain "$1" "$domain must not include \"$2\""
        ;;
    esac
}

# Our own includes are the quoted ones and <narae/...>.
while IFS=: read -r file line; do
    include=$(sed -E 's/^ *# *include *[<"]([^>"]*)[>"].*/\1/' <<<"$line")
    check_one "$file" "$include"
done < <(git ls-files --cached --others --exclude-standard 'layer/*.[ch]' 'runtime/*.[ch]' 'functions/*.[ch]' |
    xargs grep -HE '^ *# *include *("|<narae/)')

# functions/<domain>/pure.txt names the files that must stay pure.
for list in functions/*/pure.txt; do
    domain=$(dirname "$list")
    while read -r name; do
        for file in "$domain/$name".[ch]; do
            if hit=$(grep -nE '# *include *<(narae/(clock|rand|http|h2|pg|aws|secret|log|env)\.h|curl/|libpq|sys/socket|unistd)' "$file"); then
                complain "$file" "is pure ($list) but includes: $hit"
            fi
        done
    done < <(grep -v '^#' "$list")
done
exit $status
