#!/usr/bin/env bash
# test_pki.sh DIR: certificates for tests, valid for a day: ca (trusted), server (localhost, 127.0.0.1), wronghost and expired by
# the same authority, other-ca and other (an authority that nobody trusts). NAME.pem and NAME.key each.
set -euo pipefail

mkdir -p "$1"
cd "$1"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }

authority() {
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/CN=Narae test $1" -days 1 -out "$1.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# leaf NAME AUTHORITY ALT_NAMES DATES...
leaf() {
    local name=$1 authority=$2 alt=$3
    shift 3
    key "$name"
    openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA "$authority.pem" -CAkey "$authority.key" -CAcreateserial -out "$name.pem" \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$alt") "$@" 2>/dev/null
    rm "$name.csr"
}

# machine.test: what a container calls the machine that it runs on (its localhost is another; curl resolves that name itself).
here=DNS:localhost,DNS:machine.test,IP:127.0.0.1
authority ca
authority other-ca
leaf server ca "$here" -days 1
leaf wronghost ca DNS:elsewhere.example -days 1
leaf other other-ca "$here" -days 1
# x509 -req cannot backdate; `ca` can.
key expired
openssl req -new -key expired.key -subj /CN=expired -out expired.csr
: >index.txt
openssl ca -batch -notext -config <(printf '[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n') \
    -cert ca.pem -keyfile ca.key -in expired.csr -out expired.pem -startdate 20200101000000Z -enddate 20200102000000Z \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$here") 2>/dev/null
rm -f expired.csr index.txt* [0-9A-F]*[0-9A-F].pem
chmod 600 ./*.key
