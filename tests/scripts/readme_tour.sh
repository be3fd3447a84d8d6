#!/usr/bin/env bash
# Runs the commands of README.md against the demo server and checks the answers, and that its listings
# are programs that are built, so that the page cannot lie.
set -euo pipefail
. "$SOURCE/tests/tools/tour.sh"

commands_of README.md 1 1 >"$work/first"
run "$work/first" # ./dev run and ./dev test: that there are such commands

serve --database "$work/users.db"
commands_of README.md 2 >"$work/tour"
[ "$(grep -c curl "$work/tour")" -ge 8 ] || fail 'the tour has lost its commands'
run "$work/tour"
nothing_refused '^GET 401 .*/users/me$' # by the token after the logout
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

# Wrong input, on purpose.
[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/api/v2/users/login" -d '{"email":')" = 400 ] ||
    fail 'half a body is not a 400'
grep -qF '"message":"Request body must be valid JSON."' "$work/body" || fail 'the 400 has lost its text'

# The embedding example is the program that is built.
awk '/^## In your program/ { part = 1 } /^## In your tests/ { exit }
     /^```cpp/ { code = part; next } /^```/ { code = 0 } code' "$SOURCE/README.md" |
    diff - "$SOURCE/examples/standalone/main.cpp" || fail 'README and example differ'

# So is the shorter one on the first screen.
awk '/^## / { exit } /^```cpp/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/README.md" |
    diff - "$SOURCE/examples/first_look/main.cpp" || fail 'README and the first example differ'
mkdir "$work/first_look"
(cd "$work/first_look" && "$(dirname "$(realpath "$DEMO")")/examples/example_first_look" </dev/null >"$work/answers")
holds 'http://127.0.0.1:'

# Every page the README names is there.
grep -o '](\([^)]*\))' "$SOURCE/README.md" | tr -d '])(' | while read -r page; do
    [ -e "$SOURCE/$page" ] || fail "the README names $page"
done

stop
[ ! -e "$work/users.db-wal" ] || fail 'a clean stop leaves no log file'
[ "$(grep -c ' request ' "$work/log")" -ge 9 ] || fail 'the log has no line for each request'
! grep -qE 'correct-Horse|another-Horse' "$work/log" || fail 'the log holds a password'
