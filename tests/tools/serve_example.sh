#!/bin/sh
# Runs an example that serves until it is stopped, and asks it something.
# Usage: serve_example.sh <program> <path> <status that this answers>
set -eu
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"
"$1" 0 >out 2>&1 &
server=$!
tries=0
until url=$(grep -o 'http://[^ ]*' out); do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$server"; then
        cat out >&2
        exit 1
    fi
    sleep 0.1
done
status=$(curl --silent --show-error --max-time 10 --output answer --write-out '%{http_code}' "$url$2")
cat answer
if [ "$status" != "$3" ]; then
    echo "status $status instead of $3" >&2
    exit 1
fi
kill -TERM "$server"
wait "$server"
