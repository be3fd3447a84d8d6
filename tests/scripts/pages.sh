#!/usr/bin/env bash
# The listings of docs/testing.md are the programs that the tests build and run, and the commands of
# docs/data.md work.
set -euo pipefail
fail() {
    echo "$*" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
awk '/^```(cpp|python)/ { code = 1; n++; next } /^```/ { code = 0 } code { print >("listing" n) }' \
    "$SOURCE/docs/testing.md"
programs=$SOURCE/examples/integration_test
diff listing1 "$programs/catch2_test.cpp" || fail 'the Catch2 listing differs'
diff listing2 "$programs/googletest_test.cpp" || fail 'the GoogleTest listing differs'
diff listing3 "$programs/demo_test.py" || fail 'the Python listing differs'
[ ! -e listing4 ] || fail 'a listing that nobody runs'

# The commands of docs/data.md, in their order, as one story.
awk '/^```sh/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/docs/data.md" >commands
[ "$(grep -c '^coder-users' commands)" -ge 9 ] || fail 'the page has lost its commands'
awk '/^```json/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/docs/data.md" >users.json
mkdir bin
ln -s "$DEMO" bin/coder-users
PATH=$work/bin:$PATH
echo correct-Horse-9 >password
coder-users --database users.db seed users.json
run() { # first word of the command
    line=$(grep -m1 "coder-users --database [a-z]*.db $1" commands | sed 's/ *#.*//')
    [ -n "$line" ] || fail "the page does not show $1"
    eval "$line" <password || fail "$line"
}
run backup
run restore
run check
run export
cp users.db.key other.db.key # as the page says
run import
run reset-password
run create-admin-user
rm users.db*
run seed
