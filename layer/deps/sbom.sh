#!/usr/bin/env bash
# sbom.sh RESOLVED: print a CycloneDX 1.5 bill of what is linked into the layer and into single functions. RESOLVED: "component version digest" a line.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

component() { # component NAME VERSION DIGEST
    local source suite licence into
    read -r _ source suite _ licence into < <(awk -v c="$1" '$1 == c' "$here/sources.txt")
    local version=${2#*:} purl
    purl="pkg:deb/debian/$source@$version?arch=source&distro=$suite"
    [[ $version == "$2" ]] || purl+="&epoch=${2%%:*}"
    cat <<J
    {
      "type": "library",
      "bom-ref": "$1",
      "name": "$1",
      "version": "$version",
      "supplier": {"name": "Debian"},
      "licenses": [{"license": {"id": "$licence"}}],
      "hashes": [{"alg": "SHA-256", "content": "$3"}],
      "purl": "$purl",
      "properties": [{"name": "narae:linkedInto", "value": "$into"}]
    }
J
}

echo '{'
echo '  "bomFormat": "CycloneDX",'
echo '  "specVersion": "1.5",'
echo '  "version": 1,'
echo '  "metadata": {"component": {"type": "application", "name": "narae"}},'
echo '  "components": ['
comma=
while read -r name version digest; do
    [[ -z $comma ]] || echo "    ,"
    component "$name" "$version" "$digest"
    comma=,
done <"$1"
echo '  ]'
echo '}'
