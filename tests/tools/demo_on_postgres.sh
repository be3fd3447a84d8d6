#!/usr/bin/env bash
# The server and its commands on the database of PostgreSQL at $CODER_USERS_TEST_DATABASE, which is empty; the
# commands of docs/scaling.md prepare and start it.
# Usage: demo_on_postgres.sh <server>
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
demo=$(realpath "$1")
. "$root/tests/tools/serving.sh"
address=$CODER_USERS_TEST_DATABASE
unset CODER_USERS_TEST_DATABASE
fail() {
    echo "$*" >&2
    cat log >&2 || :
    exit 1
}
says() { # exit code, text, arguments of the server
    local code=$1 text=$2 got=0
    shift 2
    timeout 60 "$demo" "$@" >said 2>&1 </dev/null || got=$?
    [ "$got" = "$code" ] || fail "$* ended with $got: $(cat said)"
    [ -z "$text" ] || grep -qF -- "$text" said || fail "$* says: $(cat said)"
    [ "$code" = 0 ] || [ "$(wc -l <said)" -le 2 ] || fail "more than a sentence: $(cat said)"
}

# What is refused, and that no password is shown.
secret='postgres://coder_users:hunter2@127.0.0.1:1/users?sslpassword=hunter3'
for given in --database --postgres-url; do
    says 2 'secret-key-file' $given "$secret"
    says 1 "postgres://coder_users" $given "$secret" --secret-key-file key
    ! grep -q 'hunter' said || fail "shows a password: $(cat said)"
done
says 2 'excludes' --postgres-url "$secret" --database users.db
says 2 'expects an address of PostgreSQL' --postgres-url users.db
says 2 'backup-dir' --postgres-url "$address" --secret-key-file key --backup-dir .
for command in backup restore; do
    says 1 'pg_dump' --postgres-url "$address" --secret-key-file key "$command" copy.db
done

# The commands of the page, with this address and this folder.
listings() { # language: those of the page, with an empty line behind each
    awk -v begin="^\`\`\`$1\$" '/^```/ { if (code) print ""; code = !code && $0 ~ begin; next } code' "$root/docs/scaling.md"
}
listing() { # language, what it holds: the one that holds it
    listings "$1" | awk -v RS= -v ORS='\n' -v text="$2" 'index($0, text)' >page
    [ -s page ] || fail "docs/scaling.md has lost its listing with $2"
    sed -i -E "s|postgres://[^']*|${address//&/\\&}|; s|/etc/coder-users|$work/etc|; s| -[go] coder-users||; s|^coder-users|'$demo'|" page
}
PATH=${POSTGRES_PROGRAMS:+$POSTGRES_PROGRAMS:}$PATH
superuser=${address/coder_users@/postgres@}
listing sql 'CREATE ROLE'
sed 's/coder_users/of_the_page/g' page | psql -XqAt -v ON_ERROR_STOP=1 "$superuser&dbname=postgres" || fail 'no role, or no database'
psql -XqAtc 'SELECT 1' "${address/coder_users@/of_the_page@}&dbname=of_the_page" >/dev/null || fail 'the new role has no database'
listing sh 'base64'
bash -eu page
[ "$(stat -c %a etc etc/secret.key | xargs)" = '750 600' ] || fail 'the key can be read'
cp etc/secret.key users.db.key
says 0 'seeded' --database users.db seed <(echo '{"username":"ada","email":"ada@example.com"}')

# A move comes before the first start.
listing sh 'migrate --from'
bash -eu page >out 2>&1 || fail "the move: $(cat out)"
grep -q 'moved and compared' out || fail "the move says: $(cat out)"
! grep -q 'there is no variable' out || fail "the move says: $(cat out)"
psql -XqAtc 'DROP SCHEMA coder_users CASCADE' "$address" 2>/dev/null
rm users.db
listing sh 'CODER_PG_CONNECTION_URL='
sed -i "s|^'$demo'|exec '$demo' --http-address 127.0.0.1:0|" page
bash -eu page >out 2>log &
server=$!
until_found ' listens on ' out
url=$(sed -n 's|.* listens on \(http:[^,]*\),.*|\1|p' out)
grep -q ', database postgres://' out || fail "says: $(cat out)"
export CODER_PG_CONNECTION_URL=$address CODER_USERS_SECRET_KEY_FILE=$work/etc/secret.key
answers 201 /api/v2/users/first -d '{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
answers 200 /readyz

# While it is served: what reads, and what changes.
says 0 'is sound, 1 users' check
says 0 '' export users.jsonl
grep -q '"ada@example.com"' users.jsonl || fail "the export: $(cat users.jsonl)"
[ "$(stat -c %a users.jsonl)" = 600 ] || fail 'others can read the export'
echo 'another-Horse-9' >password
says 0 'has a new password' reset-password ada --password-file password
answers 401 /api/v2/users/login -d '{"email":"ada@example.com","password":"correct-Horse-9"}'
answers 201 /api/v2/users/login -d '{"email":"ada@example.com","password":"another-Horse-9"}'
says 0 '' create-admin-user --email bob@example.com --username bob --password-file password
answers 201 /api/v2/users/login -d '{"email":"bob@example.com","password":"another-Horse-9"}'
says 1 'holds users already' import users.jsonl
echo '{"username":"eve","email":"eve@example.com"}' >seed.json
says 0 'seeded 1 user' seed seed.json
says 0 'is sound, 3 users' check

# Another key is refused, and so is a second life with it.
head -c 32 /dev/urandom | base64 >other.key
says 1 'does not hold the key' --http-address 127.0.0.1:0 --secret-key-file other.key
says 1 'does not hold the key' --secret-key-file other.key check
kill "$server"
wait "$server" || fail "SIGTERM: $?"

# A dump is restored in one piece.
listing sh 'pg_dump'
bash -eu page || fail 'no dump, or no restore'
says 0 'is sound, 3 users' --secret-key-file etc/secret.key check

# The unit of the package, whose file of options names this database.
unset CODER_PG_CONNECTION_URL
unit=$root/packages/debian/coder-users.service
sed -n 's/^#\(CODER_USERS_[A-Z_]*=\).*/\1/p' "$root/packages/debian/coder-users.default" >names
grep -qx 'CODER_USERS_DATABASE=' names && grep -qx 'CODER_USERS_SECRET_KEY_FILE=' names || fail "the options: $(cat names)"
grep -q '^RestrictAddressFamilies=.* AF_UNIX' "$unit" || fail 'the unit forbids local sockets'
rm out
(
    eval "export $(sed -n 's/^Environment=//p' "$unit")"
    export CODER_USERS_DATABASE=$address
    read -ra command < <(sed -n 's|^ExecStart=/usr/bin/coder-users||p' "$unit")
    exec "$demo" "${command[@]}" --http-address 127.0.0.1:0 >out 2>log
) &
server=$!
until_found ' listens on ' out
grep -q ', database postgres://' out || fail "says: $(cat out)"
kill "$server"
wait "$server" || fail "SIGTERM: $?"

# An export goes into a file, and back.
says 0 '' --postgres-url "$address" export all.jsonl
says 0 'imported 3 users' --database users.db import all.jsonl
says 0 '' --database users.db export again.jsonl
cmp all.jsonl again.jsonl || fail 'the export of a file differs'
echo 'the server and its commands work on PostgreSQL'
