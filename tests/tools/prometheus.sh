#!/bin/bash
# Debian's Prometheus scrapes the demo server while it is used, as in docs/metrics.md, and is asked what
# it has seen.
# Usage: prometheus.sh <demo server> <folder with the programs prometheus and promtool>
set -euo pipefail
demo=$1 programs=$2
work=$(mktemp -d)
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || :; done; wait; rm -rf "$work"' EXIT
fail() {
    echo "prometheus: $*" >&2
    exit 1
}
appears() { # what, in which file
    for _ in $(seq 300); do
        grep -q "$1" "$2" && return
        sleep 0.1
    done
    fail "no $1: $(cat "$2")"
}

mkdir "$work/copies"
"$demo" --http-address 127.0.0.1:0 --database "$work/users.db" --password-hash-cost 4 --prometheus-enable \
    --prometheus-address 127.0.0.1:0 --backup-dir "$work/copies" >"$work/out" 2>"$work/err" &
server=$!
appears 'metrics are at ' "$work/out"
url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' "$work/out")/api/v2
metrics=$(sed -n 's/^metrics are at //p' "$work/out")
curl -sf "$url/users/first" -d '{"email":"a@example.org","username":"a","password":"correct-Horse-9"}' >"$work/first"
token=$(curl -sf "$url/users/login" -d '{"email":"a@example.org","password":"correct-Horse-9"}' |
    sed 's/.*"session_token":"\([^"]*\)".*/\1/')
for _ in 1 2 3; do curl -sf -H "Coder-Session-Token: $token" "$url/users/me" >"$work/me"; done

curl -sf "$metrics" >"$work/metrics"
# The one name that promtool dislikes is Coder's.
"$programs/promtool" check metrics <"$work/metrics" >"$work/lint" 2>&1 || true
if grep -v '^coderd_api_total_user_count .* "_count" suffix$' "$work/lint"; then
    fail 'promtool finds fault with the metrics'
fi

address=${metrics#http://}
cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s}
scrape_configs: [{job_name: users, static_configs: [{targets: ['${address%/metrics}']}]}]
END
"$programs/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0 >"$work/prometheus.log" 2>&1 &
appears 'Listening on' "$work/prometheus.log"
api=http://$(sed -n 's/.*msg="Listening on" address=\([0-9.:]*\).*/\1/p' "$work/prometheus.log")/api/v1

seen() { # value, query
    for _ in $(seq 300); do
        curl -sfG "$api/query" --data-urlencode "query=$2" >"$work/answer"
        grep -q "\"value\":\[[0-9.]*,\"$1\"\]" "$work/answer" && return
        sleep 0.1
    done
    fail "$2 is not $1: $(cat "$work/answer")"
}
seen 3 'coderd_api_requests_processed_total{code="200",method="GET",path="/api/v2/users/{user}"}'
seen 3 'coderd_api_request_latencies_seconds_count{method="GET",path="/api/v2/users/{user}"}'
seen 1 'coderd_api_total_user_count{status="active"}'
seen 1 'coder_users_sessions'
seen 1 'coder_users_backups_total{result="made"}'
seen 1 'up'
curl -s -H 'Coder-Session-Token: none' "$url/users/me" >"$work/refused"
seen 1 'coderd_api_requests_processed_total{code="401",method="GET",path="/api/v2/users/{user}"}'

# A port that is taken stops the start.
got=0
"$demo" --http-address 127.0.0.1:0 --database "$work/other.db" --prometheus-enable \
    --prometheus-address "${address%/metrics}" >"$work/taken" 2>&1 || got=$?
[ "$got" = 1 ] || fail "a taken port: $got"
grep -q "${address%/metrics}.*in use" "$work/taken" || fail "a taken port: $(cat "$work/taken")"
kill -TERM "$server"
wait "$server" || fail "the server ended with $?"
seen 0 'up'
echo 'Prometheus scrapes the server'
