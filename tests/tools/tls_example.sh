#!/bin/sh
# Runs the example that serves over TLS with a certificate of its own, and asks it something.
# Usage: tls_example.sh <program>
set -eu
. "$(dirname "$0")/serving.sh"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt 2>/dev/null
"$1" 0 crt key >out 2>&1 &
server=$!
until_found 'https://' out
url=$(grep -o 'https://[^ ]*' out)
curl --silent --show-error --fail --max-time 10 --cacert crt --dump-header head "$url/api/v2/users/first" \
    -d '{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
grep -qi '^strict-transport-security: max-age=63072000' head
curl --silent --show-error --fail --max-time 10 --cacert crt --dump-header head "$url/api/v2/users/login" \
    -d '{"email":"ada@example.com","password":"correct-Horse-9"}' >answer
grep -qi '^set-cookie: .*; secure' head
kill -TERM "$server"
wait "$server"
