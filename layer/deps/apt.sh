#!/usr/bin/env bash
# apt.sh DIR SUITE: print the path of an apt configuration of its own for SUITE's source packages.
# The host's mirror, keyring and Acquire:: settings are read; nothing of the host's is written.
set -euo pipefail

mkdir -p "$1"
dir=$(cd "$1" && pwd)
suite=$2
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$dir"/etc/{conf.d,pref.d} "$dir"/state/lists/partial "$dir"/cache/archives/partial
: >"$dir/state/status"

# One line "uri release keyring" for each of the host's own Debian suites.
host_targets() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(SIGNED_BY)' 'Created-By: Packages' | sort -u
}

source_line() { # source_line SUFFIX: "", "-updates" or "-security"
    local uri key
    read -r uri _ key < <(host_targets | awk -v r="$here$1" '$2 == r || $2 == r "/updates"' | head -n 1) || return 0
    [[ -n ${uri:-} ]] || return 0
    [[ ${key:-} == /* ]] || key=$keyring
    echo "deb-src [signed-by=$key] $uri $suite$1 main"
}

{
    source_line ""
    source_line -updates
    source_line -security
} >"$dir/etc/sources.list"
[[ -s $dir/etc/sources.list ]] || {
    echo "layer/deps: no Debian source found in the host's apt configuration" >&2
    exit 1
}

{
    apt-config dump | grep -E '^Acquire::' |
        grep -vE '^Acquire::(IndexTargets|cdrom|CompressionTypes|Changelogs|Languages)' || :
    cat <<C
Dir::Etc "$dir/etc";
Dir::Etc::sourcelist "$dir/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$dir/etc/conf.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$dir/etc/pref.d";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
Dir::State "$dir/state";
Dir::State::status "$dir/state/status";
Dir::Cache "$dir/cache";
APT::Sandbox::User "$(id -un)";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
C
} >"$dir/etc/apt.conf"
echo "$dir/etc/apt.conf"
