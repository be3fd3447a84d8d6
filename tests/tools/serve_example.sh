#!/bin/sh
# Runs an example that serves until it is stopped, and asks it something.
# Usage: serve_example.sh <program> <path> <status that this answers>
set -eu
. "$(dirname "$0")/serving.sh"
"$1" 0 >out 2>&1 &
server=$!
until_found 'http://' out
url=$(grep -o 'http://[^ ]*' out)
status=$(curl --silent --show-error --max-time 10 --output answer --write-out '%{http_code}' "$url$2")
cat answer
if [ "$status" != "$3" ]; then
    echo "status $status instead of $3" >&2
    exit 1
fi
kill -TERM "$server"
wait "$server"
