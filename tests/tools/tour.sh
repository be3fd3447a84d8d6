# Sourced by the scripts that run the commands of the pages, as they stand there: a folder to work in,
# servers, and what the pages call besides them. Needs $DEMO and $SOURCE.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}

# The shell commands of a page, or those of some of its blocks.
commands_of() { # page, first and last number of the blocks
    awk -v first="${2-1}" -v last="${3-1000}" '/^```sh/ { code = ++n >= first && n <= last; next }
        /^```/ { code = 0 } code' "$SOURCE/$1"
}

# Starts a server and waits until it listens. curl finds it at the address of the pages.
serve() { # arguments of the server
    : >"$work/out" # of the server before
    "$DEMO" --http-address 127.0.0.1:0 "$@" >"$work/out" 2>"$work/log" &
    server=$!
    for _ in $(seq 200); do
        ! grep -q ' listens on ' "$work/out" || break
        kill -0 "$server" 2>/dev/null || fail "the server does not start: $(cat "$work/log")"
        sleep 0.05
    done
    url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' "$work/out")
    [ -n "$url" ] || fail "the server did not say where it listens: $(cat "$work/log")"
    # Every answer leaves a line such as "GET 200 http://…" in the file statuses.
    cat >"$work/.curlrc" <<END
connect-to = "127.0.0.1:3000:${url#http://}"
write-out = "%{stderr}%{method} %{http_code} %{url}\n"
END
}
stop() {
    kill -TERM "$server"
    wait "$server" || fail "the server did not stop cleanly: $?"
    server=
}

# Runs commands of a page. Leaves what they print in the file answers.
run() { # file with commands
    [ -s "$1" ] || fail "$1: the page has lost its commands"
    (cd "$work/here" && CURL_HOME=$work PATH=$work/bin:$PATH bash -eu "$1") \
        >"$work/answers" 2>"$work/statuses" || fail "$1: $(cat "$work/answers" "$work/statuses")"
}
# Fails when an answer refuses what a page shows, unless its line is like this.
nothing_refused() { # pattern of a line in statuses
    refused=$(grep -E '^[A-Z]+ [0-9]{3} ' "$work/statuses" | grep -vE '^[A-Z]+ 2[0-9]{2} ' |
        grep -vE "${1:-^$}") || :
    [ -z "$refused" ] || fail "refused: $refused
$(cat "$work/answers")"
}
holds() {
    grep -qF -- "$1" "$work/answers" || fail "the answers lack: $1
$(cat "$work/answers")"
}

# What the pages call besides curl. A server that a page starts is ended as soon as it listens.
mkdir "$work/here" "$work/bin"
cat >"$work/bin/coder-users" <<'END'
#!/usr/bin/env bash
set -eu
case " $* " in *' backup '* | *' restore '* | *' seed '*) exec "$DEMO" "$@" ;; esac
case " $* " in *' --database '*) ;; *) set -- "$@" --database started.db ;; esac
: >out
"$DEMO" "$@" --http-address 127.0.0.1:0 >out 2>log &
trap 'kill $! 2>/dev/null || :' EXIT
for _ in $(seq 200); do
    ! grep -q ' listens on ' out || exit 0
    kill -0 $! || break
    sleep 0.05
done
cat log >&2
exit 1
END
cat >"$work/here/dev" <<'END'
#!/usr/bin/env bash
# Does no more than the page needs: whether there is such a command, and whether the server starts.
command=$1
shift
grep -q "^\./dev $command\b" "$SOURCE/dev" || { echo "there is no ./dev $command" >&2; exit 1; }
[ "$command" != run ] || exec coder-users "$@"
END
cat >"$work/bin/cmake" <<'END'
#!/usr/bin/env bash
# Whether options and presets are there; ./dev consumers builds and installs.
set -eu
for word; do
    case $word in
        CODER_USERS_*=*) grep -q "^option(${word%%=*} " "$SOURCE/CMakeLists.txt" ;;
        FETCHCONTENT_SOURCE_DIR_HTTPLIB=*) grep -q FETCHCONTENT_SOURCE_DIR_HTTPLIB "$SOURCE/cmake/httplib.cmake" ;;
        release | default) grep -q "\"name\": \"$word\"" "$SOURCE/CMakePresets.json" ;;
    esac || { echo "cmake: what is $word?" >&2; exit 1; }
done
END
cat >"$work/bin/ctest" <<'END'
#!/usr/bin/env bash
# Whether there is such a test; the test "guarantees" says that those of the page are there.
grep -q "/[^\`]*${!#}" "$SOURCE/docs/guarantees.md"
END
# Tried by ./dev clients, where they are installed: here only whether their input is there.
for generator in openapi-python-client npx; do
    printf '#!/bin/sh\ngrep -q "\\"openapi\\":\\"3.1" openapi.json\n' >"$work/bin/$generator"
done
printf '#!/bin/sh\ntrue\n' >"$work/bin/coder" # in no package registry
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work"/bin/* "$work/here/dev"
