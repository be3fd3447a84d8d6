#!/usr/bin/env bash
# coder-users test: its ready line, its end, and what it refuses (docs/contract/test_server.md, "Calls").
set -euo pipefail
work=$(mktemp -d)
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
cd "$work"
mkfifo input
serve() { # arguments; its input stays open as descriptor 3
    : >ready
    "$DEMO" test "$@" <input >ready 2>log &
    server=$!
    exec 3>input
    for _ in $(seq 500); do
        [ -s ready ] && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.01
    done
    [ "$(wc -l <ready)" = 1 ] || fail "did not start: $(cat ready log)"
    url=$(member url)
    token=$(member control_token)
}
member() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" ready; }
ends() { # the server, by itself, with status 0
    local got=0
    wait "$server" || got=$?
    [ "$got" = 0 ] || fail "ended with $got: $(cat log)"
}
control() { # method, path, arguments of curl
    curl -sf -X "$1" "$url/test/v1$2" -H "X-Control-Token: $token" "${@:3}"
}
me() { curl -s "$url/api/v2/users/me" -H "Coder-Session-Token: $1"; }

# One line of JSON, which no path follows; the end of the input ends the server.
serve --seed-number 7 --coder-version 2.35
python3 -m json.tool ready >/dev/null || fail "no JSON: $(cat ready)"
[[ $url == http://127.0.0.1:* && $url != */api/v2 ]] || fail "url: $url"
[ "$(member pid)" = "$server" ] || fail "pid: $(cat ready)"
first=$(member owner_token)
[[ $(me "$first") == *'"username":"owner"'*'"has_ai_seat"'* ]] || fail "owner: $(me "$first")"
[[ $(control GET /clock) == *2026-01-02T03:04:05Z* ]] || fail "clock: $(control GET /clock)"
control POST /clock/advance -d '{"duration":"1h"}' >said
grep -q 04:04:05Z said || fail "advance: $(cat said)"
[ "$(curl -s -o said -w '%{http_code}' "$url/test/v1/clock")" = 401 ] || fail "open: $(cat said)"
echo "what the input holds means nothing" >&3
control GET /version >said
exec 3>&-
ends
[ -s log ] && fail "logs: $(cat log)"

# The same number gives the same tokens; a signal ends it, too.
for signal in TERM INT HUP; do
    serve --seed-number 7
    [ "$(member owner_token)" = "$first" ] || fail "seed number: $(cat ready)"
    kill -$signal "$server"
    ends
    exec 3>&-
done
serve --seed-number 8
[ "$(member owner_token)" != "$first" ] || fail "seed number: $(cat ready)"
exec 3>&-
ends

# In a container the input has ended at once.
"$DEMO" test --ignore-input </dev/null >ready 2>log &
server=$!
for _ in $(seq 500); do
    [ -s ready ] && break
    sleep 0.01
done
url=$(member url) token=$(member control_token)
control GET /clock >said || fail "does not go on: $(cat log)"
kill "$server"
ends
"$DEMO" test </dev/null >ready 2>log &
server=$!
ends

# Seeds, and a file of its own that outlives it.
echo '{"username":"bob","email":"bob@example.com","roles":["auditor"]}' >users.json
serve --database test.db --seed users.json
control POST /users -d '{"username":"eve"}' >said
exec 3>&-
ends
# No variable of the environment means anything.
export CODER_USERS_DATABASE=other.db CODER_PG_CONNECTION_URL=postgres://x CODER_USERS_SEED=nowhere
export CODER_PASSWORD_HASH_COST=99 CODER_SESSION_DURATION=soon CODER_HTTP_ADDRESS=nonsense
export CODER_DISABLE_PASSWORD_AUTH=maybe
serve --database test.db
unset CODER_USERS_DATABASE CODER_PG_CONNECTION_URL CODER_USERS_SEED
unset CODER_PASSWORD_HASH_COST CODER_SESSION_DURATION CODER_HTTP_ADDRESS CODER_DISABLE_PASSWORD_AUTH
[ -s log ] && fail "speaks of variables: $(cat log)"
[ -e other.db ] && fail "opens other.db"
curl -sf "$url/api/v2/users" -H "Coder-Session-Token: $(member owner_token)" >said
grep -q '"count":3' said || fail "the file: $(cat said)"
exec 3>&-
ends

# The file of a server starts again and again, with other tokens.
owner_tokens=$(member owner_token)
for start in 3 4; do
    serve --database test.db
    [[ $owner_tokens != *$(member owner_token)* ]] || fail "start $start repeats: $(cat ready)"
    owner_tokens+=" $(member owner_token)"
    curl -sf "$url/api/v2/users/me" -H "Coder-Session-Token: $(member owner_token)" >said
    exec 3>&-
    ends
done

# Without a standard input it ends at once; when nobody can read the ready line, it fails.
timeout 60 "$DEMO" test <&- >ready 2>log || fail "closed input: $? $(cat log)"
python3 -m json.tool ready >/dev/null || fail "closed input: $(cat ready)"
for output in '>&-' '>/dev/full'; do
    got=0
    eval "timeout 60 \"\$DEMO\" test --ignore-input </dev/null $output 2>log" || got=$?
    [ "$got" = 1 ] || fail "$output: ended with $got: $(cat log)"
    grep -q 'cannot write the ready line' log || fail "$output: $(cat log)"
done

refused() { # status, what standard error holds, arguments
    local status=$1 text=$2 got=0
    shift 2
    "$DEMO" "$@" </dev/null >said 2>log || got=$?
    [ "$got" = "$status" ] || fail "$* ended with $got: $(cat said log)"
    grep -qF -- "$text" log || fail "$* says: $(cat log)"
    [ -s said ] && fail "$* prints: $(cat said)"
    return 0
}
"$DEMO" --database real.db --http-address 127.0.0.1:0 >out 2>&1 &
real=$!
for _ in $(seq 500); do
    grep -q ' listens on ' out && break
    sleep 0.01
done
port=$(sed -n 's/.*127.0.0.1:\([0-9]*\),.*/\1/p' out)
got=$(curl -s -o said -w '%{http_code}' "http://127.0.0.1:$port/test/v1/clock")
[ "$got" = 404 ] || fail "a real server has the control API: $got"
kill "$real"
wait "$real"
refused 1 'not made by Options::for_tests()' test --database real.db
refused 1 'made by Options::for_tests(), its secrets' --database test.db --http-address 127.0.0.1:0
refused 2 'listens on loopback, not on 0.0.0.0' test --address 0.0.0.0
refused 2 '--coder-version: must be a release' test --coder-version 3
refused 2 '--port' test --port 70000
refused 2 '--seed-number' test --seed-number -1
refused 2 '--seed-number' test --seed-number=-1
refused 2 '--seed-number' test --seed-number 1.5
refused 2 '--seed-number' test --seed-number 99999999999999999999
refused 2 '--http-address' test --http-address 127.0.0.1:0
refused 2 'its flags stand behind it' --database x.db test
refused 1 'line 1: ' test --seed real.db.key
refused 1 'cannot read nowhere' test --seed nowhere
