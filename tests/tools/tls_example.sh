#!/bin/sh
# Runs the example that serves over TLS with a certificate of its own, and asks it something.
# Usage: tls_example.sh <program>
set -eu
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"
server=
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt 2>/dev/null
"$1" 0 crt key >out 2>&1 &
server=$!
tries=0
until url=$(grep -o 'https://[^ ]*' out); do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$server"; then
        cat out >&2
        exit 1
    fi
    sleep 0.1
done
curl --silent --show-error --fail --max-time 10 --cacert crt --dump-header head "$url/api/v2/users/first" \
    -d '{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
grep -qi '^strict-transport-security: max-age=63072000' head
curl --silent --show-error --fail --max-time 10 --cacert crt --dump-header head "$url/api/v2/users/login" \
    -d '{"email":"ada@example.com","password":"correct-Horse-9"}' >answer
grep -qi '^set-cookie: .*; secure' head
kill -TERM "$server"
wait "$server"
