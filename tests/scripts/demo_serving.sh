#!/usr/bin/env bash
# The demo while it serves: seeds, log, signals, pages of other origins.
set -euo pipefail
work=$(mktemp -d)
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || :; done; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
cd "$work"
serve() { # arguments; sets server and url
    : >out
    : >log
    "$DEMO" "$@" --http-address 127.0.0.1:0 >out 2>log &
    server=$!
    for _ in $(seq 100); do
        grep -q ' listens on ' out && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' out)
    [ -n "$url" ] || fail "did not start: $(cat out log)"
}
stop() { # signal
    kill -"$1" "$server"
    wait "$server" || fail "SIG$1: $?"
}
logged() { # what a line holds
    for _ in $(seq 50); do
        if grep -qE -- "$1" log; then return; fi
        sleep 0.1
    done
    fail "not logged: $1 in $(cat log)"
}

token=abcdefghij-0123456789ABCDEFGHIJKL
cat >users.json <<END
{"username":"ada","email":"ada@example.com","password":"correct-Horse-9","roles":["owner"],"tokens":{"ci":"$token"}}
{"username":"bob","email":"bob@example.com","password":"another-Horse-7"}
END
me() { curl -sf "$url/api/v2/users/me" -H "Coder-Session-Token: $token" "$@"; }

# A seed at the start, in memory and in a file, where it is taken once. `server` is a word of Coder.
serve server --database :memory: --seed users.json
grep -qx 'seeded 2 users from users.json' out || fail "says: $(cat out)"
me >answer
grep -q '"username":"ada"' answer || fail "not seeded: $(cat answer)"

# Users are made at a running server.
printf '{"username":"eve","email":"eve@example.com","password":"a-third-Horse-5","roles":["auditor"]}\n{"username":"robot","email":"robot@example.com"}\n' >more.json
CODER_SESSION_TOKEN=$token "$DEMO" seed more.json --url "$url" >said || fail "seed --url: $(cat said)"
[ "$(cat said)" = "made eve
made robot" ] || fail "seed --url says: $(cat said)"
curl -sf "$url/api/v2/users/eve" -H "Coder-Session-Token: $token" >answer
grep -q '"name":"auditor"' answer || fail "eve has no role: $(cat answer)"
refused() { # what the output holds, arguments
    local text=$1 got=0
    shift
    "$DEMO" "$@" >said 2>&1 || got=$?
    [ "$got" = 1 ] || fail "$* ended with $got: $(cat said)"
    grep -qF -- "$text" said || fail "$* says: $(cat said)"
}
export CODER_SESSION_TOKEN=$token
refused 'line 1: eve: 409' seed more.json --url "$url"
refused 'line 1: "tokens" cannot be given to a server that is running' seed users.json --url "$url"
CODER_SESSION_TOKEN='' refused 'CODER_SESSION_TOKEN' seed more.json --url "$url"
unset CODER_SESSION_TOKEN

# Lines have times of one width, the user, and the trace; the end tells why it came.
me -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' >answer
id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' answer)
logged "^[0-9T:-]{19}\.[0-9]{6}Z info  request .* trace=0af7651916cd43dd8448eb211c80319c user=$id\$"
if grep -vE '^[0-9T:-]{19}\.[0-9]{6}Z (info |warn |error) ' log; then fail 'a line of another width'; fi
stop HUP
logged 'info  stopping signal=SIGHUP$'
logged 'info  stopped$'

CODER_USERS_SEED=users.json serve --database a.db --log-json
stop TERM
python3 - log <<'END' || fail "not JSON: $(cat log)"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [each["message"] for each in lines][-2:] == ["stopping", "stopped"], lines
assert lines[-2]["signal"] == "SIGTERM" and lines[-2]["level"] == "info", lines
assert all(len(each["time"]) == 27 for each in lines), lines
END
serve --database a.db --seed users.json --log-level error
grep -qx 'has 2 users already, so nothing is taken from users.json' out || fail "says: $(cat out)"
stop INT
[ ! -s log ] || fail "the level is not kept: $(cat log)"

# Variables that mean nothing here are told of; those that others set are not.
CODER_USERS_PORT=tcp://10.0.0.1:80 CODER_DERP_SERVER_ENABLE=true CODER_TLS_ENABLE=false CODER_URL=x \
    CODER_WORKSPACE_NAME=x serve --database :memory:
grep -qx 'coder-users: warning: there is no variable CODER_USERS_PORT' log || fail "$(cat log)"
grep -qx 'coder-users: warning: CODER_DERP_SERVER_ENABLE is a variable of Coder that this server does not have' log ||
    fail "$(cat log)"
[ "$(grep -c 'warning: ' log)" = 2 ] || fail "more warnings: $(cat log)"
stop TERM

# A page of an allowed origin reads answers, and sends changes with its cookie.
serve --database a.db --cors-origin http://localhost:5173
curl -sf -D head -o answer "$url/api/v2/users/login" -H 'Origin: http://localhost:5173' \
    -d '{"email":"ada@example.com","password":"correct-Horse-9"}'
grep -qi '^access-control-allow-origin: http://localhost:5173' head || fail "no CORS: $(cat head)"
cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' head)
status() { # origin
    curl -s -o answer -w '%{http_code}' -X PUT "$url/api/v2/users/me/appearance" -H "Cookie: $cookie" \
        -H "Origin: $1" -H 'Sec-Fetch-Site: same-site' -d '{"theme_preference":"dark"}'
}
[ "$(status http://localhost:5173)" = 200 ] || fail "refused: $(cat answer)"
[ "$(status http://localhost:5174)" = 403 ] || fail "not refused: $(cat answer)"
stop TERM

# Commands say what they did.
"$DEMO" --database b.db seed users.json | grep -qx 'b.db: seeded 2 users' || fail 'seed says nothing'
"$DEMO" --database b.db export b.jsonl
"$DEMO" --database c.db import b.jsonl --new-ssh-keys | grep -qx 'c.db: imported 2 users and 1 organization' ||
    fail 'import says nothing'
echo a-fourth-Horse-4 | "$DEMO" --database c.db reset-password BOB >said
grep -qx 'bob (bob@example.com) has a new password; its sessions and tokens have ended' said || fail "$(cat said)"

# --help is grouped.
"$DEMO" --help >help
for group in Serving 'Login through others' 'Limits and proxies' 'Exit codes'; do
    grep -q "^$group" help || fail "--help has no $group"
done
if grep -q -- --tls-enable help; then fail '--help shows a refused flag'; fi
