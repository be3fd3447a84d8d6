#!/usr/bin/env bash
# The demo's commands on data, as the person who runs the server uses them.
set -euo pipefail
work=$(mktemp -d)
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || :; done; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
cd "$work"
says() { # what the output holds, arguments
    local text=$1
    shift
    timeout 60 "$DEMO" "$@" >out 2>&1 || fail "$* failed: $(cat out)"
    grep -qF -- "$text" out || fail "$* says: $(cat out)"
}
refused() { # what the output holds, arguments
    local text=$1
    shift
    if timeout 60 "$DEMO" "$@" >out 2>&1 <"${input:-/dev/null}"; then fail "accepted: $*"; fi
    grep -qF -- "$text" out || fail "$* says: $(cat out)"
}
serve() { # database; sets server and url
    : >served # not what an earlier server said
    "$DEMO" --http-address 127.0.0.1:0 --database "$1" >served 2>log &
    server=$!
    for _ in $(seq 100); do
        grep -q ' listens on ' served && break
        sleep 0.1
    done
    url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' served)
    [ -n "$url" ] || fail "did not start: $(cat log)"
}
stop() {
    kill -TERM "$server"
    wait "$server" || fail "did not stop cleanly: $?"
}
log_in() { # address, password
    curl -sf "$url/api/v2/users/login" -d "{\"email\":\"$1\",\"password\":\"$2\"}" |
        sed 's/.*"session_token":"\([^"]*\)".*/\1/'
}

# A first owner, its password from a file, from the input, and refused.
echo correct-Horse-9 >password
input=password refused 'email' create-admin-user --username ada
echo weak >weak
refused 'Password not strong enough! password: insecure password' --database users.db \
    create-admin-user --email ada@example.com --username ada --password-file weak
refused 'cannot read a password from none' --database users.db \
    create-admin-user --email ada@example.com --username ada --password-file none
[ ! -e users.db ] || fail 'a refused admin left a database'
says - --database users.db create-admin-user --email ada@example.com --username ada \
    --password-file password
"$DEMO" --database users.db create-admin-user --email eve@example.com --username eve <password >out ||
    fail "password from the input: $(cat out)"
refused 'User already exists. email:' --database users.db \
    create-admin-user --email ADA@example.com --username ada2 --password-file password

# A seed, whole or not at all.
printf '{"username":"bob","email":"bob@example.com","tokens":{"ci":"abcdefghij-0123456789ABCDEFGHIJKL"}}\n' >users.json
printf '{"username":"c d","email":"cd@example.com"}\n' >>users.json
refused 'line 2: field "username"' --database users.db seed users.json
sed -i 2d users.json
timeout 60 "$DEMO" --database users.db seed users.json >out 2>&1 || fail "seed: $(cat out)"
refused 'line 1: field' --database users.db seed users.json
refused 'cannot read none' --database users.db seed none

# Beside a running server: reading commands work, writing ones name its process.
serve users.db
says 'users.db is sound, 3 users' --database users.db check
says "$work/copy.db, its sealing key in $work/copy.db.key" --database users.db backup copy.db
refused 'replaced with --force only' --database users.db backup copy.db
says copy.db --database users.db backup copy.db --force
"$DEMO" --database users.db export users.jsonl || fail 'export'
refused 'replaced with --force only' --database users.db export users.jsonl
"$DEMO" --database users.db export - | cmp - users.jsonl || fail 'export to the output'
for command in "restore copy.db --force" "import users.jsonl" "seed users.json" \
    "reset-password ada --password-file password" \
    "create-admin-user --email x@example.com --username x --password-file password"; do
    # shellcheck disable=SC2086
    refused "process $server" --database users.db $command
done
token=$(log_in ada@example.com correct-Horse-9)
curl -sf "$url/api/v2/users/bob" -H "Coder-Session-Token: $token" >bob || fail 'no bob'
curl -sf "$url/api/v2/users/me" -H 'Coder-Session-Token: abcdefghij-0123456789ABCDEFGHIJKL' |
    grep -q '"username":"bob"' || fail 'the seeded token is no good'
stop
! grep -q Horse log || fail 'the log holds a password'

# A locked-out owner.
echo an0ther-Horse >password
"$DEMO" --database users.db reset-password ada@example.com --password-file password || fail 'reset'
refused 'No user has' --database users.db reset-password nobody --password-file password
serve users.db
token=$(log_in ada@example.com an0ther-Horse)
[ -n "$token" ] || fail 'the new password is not good'
stop

# Back to the copy, and to another place.
refused 'replaced with --force only' --database users.db restore copy.db
says users.db --database users.db restore copy.db --force
serve users.db
[ -z "$(log_in ada@example.com an0ther-Horse)" ] || fail 'the copy has the old password'
[ -n "$(log_in ada@example.com correct-Horse-9)" ] || fail 'the copy has lost its password'
stop
refused "sealed with another key" --database moved.db import users.jsonl
[ ! -e moved.db ] && [ ! -e moved.db.key ] || fail 'a refused import left files'
cp users.db.key moved.db.key
"$DEMO" --database moved.db import users.jsonl || fail 'import'
"$DEMO" --database moved.db export - | cmp - users.jsonl || fail 'the round trip changes bytes'
head -c 500 users.jsonl >cut.jsonl
cp users.db.key cut.db.key
refused 'line ' --database cut.db import cut.jsonl
[ ! -e cut.db ] || fail 'a refused import left a database'
[ -e cut.db.key ] || fail 'a refused import took the key away'
for own in users.db users.db.key; do
    refused 'is the database itself, or belongs to it' --database users.db export "$own" --force
    refused 'is the database itself, or belongs to it' --database users.db backup "$own" --force
done
refused '--database: must be a file' --database :memory: seed users.json
refused 'moves are between a file and PostgreSQL' --secret-key-file users.db.key migrate \
    --from users.db --to new.db
refused '--to' migrate --from users.db
CODER_USERS_MIGRATE_TO=new.db refused 'moves are between a file and PostgreSQL' --secret-key-file users.db.key migrate \
    --from users.db
CODER_USERS_MIGRATE_FROM=users.db refused '--to' migrate
[ ! -e new.db ] || fail 'a refused move left a database'

# A wrong key is refused at the start, by name.
cp "$work/password" users.db.key
refused "users.db.key" --http-address 127.0.0.1:0 --database users.db
head -c 32 /dev/zero | base64 >users.db.key
refused "the key file $work/users.db.key does not hold the key of" --http-address 127.0.0.1:0 \
    --database users.db
refused users.db.key --database users.db check

# Passwords have no place on the command line.
refused '--password' --database copy.db reset-password ada --password secret
