#!/usr/bin/env bash
# ./dev in a copy of the sources without a build: what it says at once, and to what it cannot do.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
mkdir "$work/a" "$work/a/docs"
cp "$SOURCE/dev" "$work/a"
cp "$SOURCE/docs/configuration.md" "$work/a/docs"
mkdir "$work/a/coder_users"
cp "$SOURCE/coder_users/api.hpp" "$work/a/coder_users"
says() { # what the output holds, exit code, command
    local text=$1 code=$2 got=0
    shift 2
    timeout 20 "$@" >"$work/out" 2>&1 </dev/null || got=$?
    [ "$got" = "$code" ] || fail "$* ended with $got: $(cat "$work/out")"
    grep -qF -- "$text" "$work/out" || fail "$* says: $(cat "$work/out")"
    [ ! -e "$work/a/build/default/build.ninja" ] || fail "$* has built something"
}
one_line() { [ "$(wc -l <"$work/out")" = 1 ] || fail "more than a sentence: $(cat "$work/out")"; }

says 'there is no command nosuch' 2 "$work/a/dev" nosuch
one_line
says './dev run [arguments]' 0 "$work/a/dev" --help
says 'coder_users ' 0 "$work/a/dev" --version
one_line
says 'coder_users ' 0 "$work/a/dev" run --version
one_line
says '--http-address (CODER_HTTP_ADDRESS)' 0 "$work/a/dev" run --help
[ "$(grep -c '^--' "$work/out")" -ge 40 ] || fail "--help lists $(grep -c '^--' "$work/out") options"

mkdir -p "$work/a/build/default"
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n' >"$work/a/build/default/CMakeCache.txt"
says 'was made in /elsewhere, before this checkout was moved' 1 "$work/a/dev" run
one_line
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s/a\nCMAKE_CXX_COMPILER:FILEPATH=/gone/c++\n' "$work" \
    >"$work/a/build/default/CMakeCache.txt"
says 'was made with /gone/c++, which is gone' 1 "$work/a/dev" run
one_line
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s/a\nCMAKE_CXX_COMPILER:FILEPATH=/bin/true\n' "$work" \
    >"$work/a/build/default/CMakeCache.txt"
CXX=sh says 'was made with /bin/true, and CXX is sh' 1 "$work/a/dev" run
one_line
if [ "$(id -u)" != 0 ]; then # root writes everywhere
    chmod a-w "$work/a"
    says "cannot write to $work/a" 1 "$work/a/dev" run
    one_line
    chmod u+w "$work/a"
fi

# Without an archive: apt is told of one that is not there.
mkdir "$work/bin"
printf '#!/bin/sh\ncase " $* " in *" update "*) exit 100 ;; esac\nexit 0\n' >"$work/bin/apt-get"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work"/bin/*
rm -r "$work/a/build"
PATH=$work/bin:$PATH says 'no package archive can be reached to install: build-essential' 1 "$work/a/dev" run
grep -qF 'first build takes' "$work/out" || fail 'how long the first build takes is not said'
