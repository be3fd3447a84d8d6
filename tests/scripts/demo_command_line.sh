#!/usr/bin/env bash
# The demo's command line: what it says to wrong input, and that a flag beats its variable.
set -euo pipefail
work=$(mktemp -d)
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || :; done; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}

refused() { # what the message holds, arguments
    local text=$1
    shift
    if timeout 10 "$DEMO" "$@" >"$work/out" 2>&1; then fail "accepted: $*"; fi
    grep -qF -- "$text" "$work/out" || fail "$* says: $(cat "$work/out")"
}
wrong() { # what the message holds, arguments: refused with exit code 2, and nothing is started
    refused "$@"
    local got=0
    shift
    timeout 10 "$DEMO" "$@" >"$work/out" 2>&1 || got=$?
    [ "$got" = 2 ] || fail "$* ends with $got"
}
wrong nosuchflag --nosuchflag
refused --http-address --http-address nowhere
refused --http-address --http-address 127.0.0.1:65536
refused --http-address --http-address ::1:3000
refused --password-hash-cost --password-hash-cost 3
refused --password-hash-cost --password-hash-cost ten
refused --session-duration --session-duration 24
refused --session-duration --session-duration -1h
refused --session-max-life --session-max-life 0
refused --require-setup-code --require-setup-code=maybe
refused --max-token-lifetime --max-token-lifetime 0
refused --max-token-lifetime --max-token-lifetime 1year
refused --audit-logs-retention --audit-logs-retention 90
refused --audit-logs-retention --audit-logs-retention -1h
refused --api-keys-retention --api-keys-retention 1h30d
refused --api-keys-retention --api-keys-retention d
refused --secure-auth-cookie --secure-auth-cookie=maybe
refused --host-prefix-cookie --host-prefix-cookie
refused --host-prefix-cookie --host-prefix-cookie --access-url http://users.example.com
refused --host-prefix-cookie --host-prefix-cookie --access-url https://users.example.com --secure-auth-cookie=false
refused --strict-transport-security --strict-transport-security=-1
refused --strict-transport-security --strict-transport-security 1y
refused --ssh-keygen-algorithm --ssh-keygen-algorithm dsa
refused --access-url --access-url ftp://example.com
refused --proxy-trusted-origins --proxy-trusted-origins 10.0.0.0/33
refused --oidc-issuer-url --oidc-issuer-url accounts.example.com
refused --oidc-auth-url-params --oidc-auth-url-params '{"prompt":1}'
refused --oidc-auth-url-params --oidc-auth-url-params '{"prompt":'
refused --oidc-allow-signups --oidc-allow-signups=maybe
refused --access-url --oidc-issuer-url https://accounts.example.com --oidc-client-id a --oidc-client-secret b
refused --oauth2-github-allowed-orgs --access-url https://users.example.com \
    --oauth2-github-client-id a --oauth2-github-client-secret b
# A mistake has the name under which it came; what Coder has and this server has not is told.
CODER_HTTP_ADDRESS=nowhere wrong 'CODER_HTTP_ADDRESS: expects host:port, got "nowhere"'
CODER_PASSWORD_HASH_COST=ten wrong CODER_PASSWORD_HASH_COST
CODER_PASSWORD_HASH_COST=ten wrong --password-hash-cost --password-hash-cost 99
CODER_USERS_CODER_VERSION=1.0 wrong 'CODER_USERS_CODER_VERSION: must be a release of Coder'
wrong --oidc-client-id --access-url https://users.example.com --oidc-issuer-url https://accounts.example.com
wrong --oidc-client-secret --access-url https://users.example.com --oidc-client-id a \
    --oidc-issuer-url https://accounts.example.com
wrong --oauth2-github-client-id --oauth2-github-client-id a
CODER_TLS_ENABLE=true wrong 'CODER_TLS_ENABLE: this server does not speak TLS itself: docs/deployment.md'
wrong docs/deployment.md --tls-enable
CODER_PG_CONNECTION_URL=users.db wrong 'CODER_PG_CONNECTION_URL: expects an address of PostgreSQL'
wrong '--database excludes --postgres-url' --postgres-url postgres://db --database "$work/users.db"
for given in --database --postgres-url; do
    wrong '--secret-key-file: must be set' $given postgres://ada:hunter2@127.0.0.1:1/users
    wrong '--backup-dir: is for SQLite files' $given postgres://db --secret-key-file "$work/key" --backup-dir "$work"
    refused 'postgres://ada@127.0.0.1' $given postgres://ada:hunter2@127.0.0.1:1/users --secret-key-file "$work/key"
    grep -q hunter2 "$work/out" && fail "a password is shown: $(cat "$work/out")"
    for password in hun/ter2 hun@ter2; do  # which must be percent-encoded
        refused 'percent-encoded' $given "postgres://ada:$password@127.0.0.1:1/users" --secret-key-file "$work/key"
        grep -q -e hun -e ter2 "$work/out" && fail "a password is shown: $(cat "$work/out")"
    done
    for command in backup restore; do
        refused "PostgreSQL's own tools copy and restore it" $given postgres://db "$command" "$work/copy.db"
    done
done
for address in 'host=127.0.0.1 user=ada password=hunter2' Postgres://ada:hunter2@127.0.0.1/users; do
    wrong '--database: is an address in a form that is not known' --database "$address"
    grep -q hunter2 "$work/out" && fail "a password is shown: $(cat "$work/out")"
done
wrong --database-connections --database-connections 1
wrong --database-timeout --database-timeout soon
CODER_USERS_DATABASE_TIMEOUT=5 wrong CODER_USERS_DATABASE_TIMEOUT
wrong --log-level --log-level loud
wrong --cors-origin --cors-origin '*'
wrong --prometheus-address --prometheus-address nowhere
CODER_PROMETHEUS_ADDRESS=localhost wrong CODER_PROMETHEUS_ADDRESS
wrong --backup-every --backup-every 0s
wrong --backup-keep --backup-keep 0
wrong --backup-keep --backup-keep many
CODER_USERS_BACKUP_EVERY=often wrong CODER_USERS_BACKUP_EVERY
refused "cannot write backups into $work/nowhere" --http-address 127.0.0.1:0 --database "$work/users.db" \
    --backup-dir "$work/nowhere"
[ ! -e "$work/users.db" ] || fail 'a start that failed has left a database'
wrong --cors-origin --cors-origin http://localhost:5173/
refused "$work/nowhere/users.db" --http-address 127.0.0.1:0 --database "$work/nowhere/users.db"
echo 'not a database' >"$work/other.db"
refused "not a coder_users database: $work/other.db" --database "$work/other.db"
[ "$(cat "$work/other.db")" = 'not a database' ] || fail 'a foreign file was changed'

# Whole into a file first: a grep that has found its line closes the pipe under the writer.
"$DEMO" --version >"$work/version"
grep -qx 'coder_users [0-9.]*' "$work/version" || fail '--version'
"$DEMO" --help >"$work/help"
grep -qF 'CODER_HTTP_ADDRESS' "$work/help" || fail '--help names no variables'

started() { # file with the demo's output
    for _ in $(seq 100); do
        grep -q ' listens on ' "$1" && return
        sleep 0.1
    done
    fail "did not start: $(cat "$1")"
}
CODER_USERS_DATABASE=$work/variable.db CODER_HTTP_ADDRESS=127.0.0.1:0 \
    "$DEMO" --database "$work/flag.db" >"$work/first" 2>&1 &
started "$work/first"
[ -e "$work/flag.db" ] && [ ! -e "$work/variable.db" ] || fail 'the flag does not beat its variable'
refused "process $!" --http-address 127.0.0.1:0 --database "$work/flag.db"
port=$(sed -n 's/.*http:\/\/127.0.0.1:\([0-9]*\),.*/\1/p' "$work/first")
refused 'Address already in use' --http-address "127.0.0.1:$port" --database "$work/second.db"

kill -INT "$!"
wait "$!" || fail "SIGINT: $?"

# Its log has no reader: that ends neither an answer nor the server.
CODER_HTTP_ADDRESS='[::1]:0' CODER_AUDIT_LOGS_RETENTION=0 CODER_API_KEYS_RETENTION=7d \
    "$DEMO" --database :memory: --audit-logs-retention 2160h >"$work/v6" 2> >(exec true) &
started "$work/v6"
url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' "$work/v6")
case $url in 'http://[::1]:'*) ;; *) fail "IPv6: $url" ;; esac
curl -sgf "$url/readyz" | grep -qxF '{"message":"OK"}' || fail 'no answer over IPv6'
kill -TERM "$!"
wait "$!" || fail "SIGTERM: $?"

# Codes for new passwords are printed on standard error, if one asks for it.
for print in '' --dangerous-print-passcodes; do
    "$DEMO" --http-address 127.0.0.1:0 --database :memory: $print >"$work/codes.out" 2>"$work/codes.err" &
    started "$work/codes.out"
    url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/codes.out")/api/v2
    curl -sf "$url/users/first" -o "$work/answer" \
        -d '{"email":"a@example.org","username":"a","password":"correct-Horse-9"}'
    curl -sf "$url/users/otp/request" -d '{"email":"A@example.org"}'
    if [ -n "$print" ]; then
        for _ in $(seq 100); do
            grep -q 'Code for a new password' "$work/codes.err" && break
            sleep 0.1
        done
        grep -qxE 'Code for a new password of a@example.org: [0-9a-f-]{36}' "$work/codes.err" ||
            fail "no code: $(cat "$work/codes.err")"
    fi
    kill -TERM "$!"
    wait "$!" || fail "codes: $?"
    [ -n "$print" ] || ! grep -q 'Code for' "$work/codes.err" || fail 'a code was printed unasked'
done

# The page is served unless it is switched off, and has the name that it is given.
page() { # status of the page, then arguments of the server
    local wanted=$1
    shift
    "$DEMO" --http-address 127.0.0.1:0 --database :memory: "$@" >"$work/page" 2>/dev/null &
    started "$work/page"
    url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/page")
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/login")" = "$wanted" ] || fail "the page with: $*"
    curl -s "$url/settings.js" >"$work/settings"
    kill -TERM "$!"
    wait "$!" || fail "the page: $?"
}
page 200
page 404 --no-web-page
CODER_USERS_WEB_PAGE=false page 404
CODER_USERS_WEB_PAGE=false page 200 --web-page --web-page-name 'Our people'
grep -qF '"name":"Our people"' "$work/settings" || fail "the page's name: $(cat "$work/settings")"
refused --web-page-name --web-page-name ''

# The set-up code is on standard error, and opens the server once.
"$DEMO" --http-address 127.0.0.1:0 --database "$work/code.db" --require-setup-code \
    >"$work/code.out" 2>"$work/code.err" &
started "$work/code.out"
url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/code.out")/api/v2
for _ in $(seq 100); do
    grep -q 'X-Setup-Code' "$work/code.err" && break
    sleep 0.1
done
code=$(sed -n 's/^To create the first user, send this code as header X-Setup-Code: //p' "$work/code.err")
[ ${#code} = 16 ] || fail "no set-up code: $(cat "$work/code.err")"
first() { # curl arguments
    curl -s -o "$work/answer" -w '%{http_code}' "$url/users/first" "$@" \
        -d '{"email":"a@example.org","username":"a","password":"correct-Horse-9"}'
}
[ "$(first)" = 403 ] || fail 'no set-up code was needed'
grep -q -- '--require-setup-code=false' "$work/answer" || fail "the refusal says: $(cat "$work/answer")"
[ "$(first -H "X-Setup-Code: $code")" = 201 ] || fail 'the set-up code was refused'
if grep -q "$code" "$work/code.out"; then fail 'the set-up code is on standard output'; fi
