#!/usr/bin/env bash
# Runs the README's tour and the listings of the topic pages against the demo server and checks the
# answers, so that the pages cannot lie.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}

"$DEMO" --http-address 127.0.0.1:0 --database "$work/users.db" >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 100); do
    grep -q ' listens on ' "$work/out" && break
    sleep 0.1
done
url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' "$work/out")
[ -n "$url" ] || fail "the demo did not say where it listens: $(cat "$work/log")"

# The tour's commands as they stand in the README, at the port of this server.
awk '/^## Five minutes/ { tour = 1 } /^## In your program/ { tour = 0 }
     /^```sh/ && tour { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/README.md" |
    sed "s|http://127.0.0.1:3000|$url|" >"$work/tour.sh"
[ "$(grep -c curl "$work/tour.sh")" -ge 8 ] || fail 'the tour has lost its commands'
bash -eu "$work/tour.sh" >"$work/answers"

holds() {
    grep -qF -- "$1" "$work/answers" || fail "the tour's answers lack: $1"
}
holds '"organization_id":'
holds '"username":"ada"'
holds '"display_name":"Owner"'
holds '"username":"bob","email":"bob@example.com"'
holds '"count":1'
holds '"roles":[{"name":"auditor","display_name":"Auditor"}]'
holds '{"key":"'
holds '"resource_target":"ci"'
holds '{"message":"Logged out!"}'
holds '"detail":"API key is invalid."'

# The listings of the topic pages, with a session of their own.
URL=$url/api/v2
TOKEN=$(curl -s "$URL/users/login" -d '{"email":"ada@example.com","password":"correct-Horse-9"}' |
    sed 's/.*"session_token":"\([^"]*\)".*/\1/')
export URL TOKEN
listing() { # page
    awk '/^```sh/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/docs/$1.md" >"$work/listing.sh"
    [ -s "$work/listing.sh" ] || fail "docs/$1.md has lost its listing"
    bash -eu "$work/listing.sh" >"$work/answers"
}
listing roles
holds '{"add":true}'
listing tokens
holds '{"key":"'
curl -s -X DELETE "$URL/users/bob" -H "Coder-Session-Token: $TOKEN" >"$work/body"
listing audit
holds '"count":2}' # the user, and the sessions that docs/tokens.md ends
holds '"resource_target":"bob"'

# Wrong input, on purpose.
[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/api/v2/users/login" -d '{"email":')" = 400 ] ||
    fail 'half a body is not a 400'
grep -qF '"message":"Request body must be valid JSON."' "$work/body" || fail 'the 400 has lost its text'

# The embedding example is the program that is built.
awk '/^## In your tests/ { exit } /^```cpp/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/README.md" |
    diff - "$SOURCE/examples/standalone/main.cpp" || fail 'README and example differ'

# So is the test: it stands in the listing that is built.
awk '/^## In your tests/ { part = 1 } /^## What is there/ { exit }
     /^```cpp/ { code = part; next } /^```/ { code = 0 } code' "$SOURCE/README.md" >"$work/test.cpp"
[ "$(grep -c CHECK "$work/test.cpp")" -ge 2 ] || fail 'the README has lost its test'
while read -r line; do
    grep -qF -- "$line" "$SOURCE/examples/integration_test/catch2_test.cpp" ||
        fail "README and listing differ: $line"
done <"$work/test.cpp"

# Every page the README names is there.
grep -o '](\([^)]*\))' "$SOURCE/README.md" | tr -d '])(' | while read -r page; do
    [ -e "$SOURCE/$page" ] || fail "the README names $page"
done

kill -TERM "$server"
wait "$server" || fail "the demo did not stop cleanly: $?"
server=
[ ! -e "$work/users.db-wal" ] || fail 'a clean stop leaves no log file'
[ "$(grep -c ' request ' "$work/log")" -ge 9 ] || fail 'the log has no line for each request'
! grep -qE 'correct-Horse|another-Horse' "$work/log" || fail 'the log holds a password'
