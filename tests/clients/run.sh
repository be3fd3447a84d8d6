#!/usr/bin/env bash
# Other people's clients against the demo server: the package coder-api, and schemathesis, which makes
# requests out of the server's own API description and holds every answer against it.
# Arguments: the demo server, a folder for the Python packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
demo=$(realpath "$1") packages=$(realpath -m "$2")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work" # schemathesis leaves its cache where it runs

if [ ! -x "$packages/bin/schemathesis" ]; then
    python3 -m venv "$packages"
    "$packages/bin/pip" install --quiet -r "$here/requirements.txt"
fi

serve() { # arguments of the server
    [ -z "$server" ] || kill "$server"
    "$demo" --http-address 127.0.0.1:0 --database :memory: --password-hash-cost 4 "$@" \
        >"$work/out" 2>"$work/log" &
    server=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/.* listens on \(http[^,]*\),.*/\1/p' "$work/out")
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    cat "$work/log" >&2
    exit 1
}

serve
"$packages/bin/python" "$here/coder_api_client.py" "$url"

# A suspended or logged-out caller would see nothing but 401, so the ways to end the session by its
# user are left to the tests of their endpoints.
serve --dangerous-disable-rate-limits
owner='{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
curl -sf "$url/api/v2/users/first" -d "$owner" >"$work/first"
token=$(curl -sf "$url/api/v2/users/login" -d "$owner" | sed 's/.*"session_token":"\([^"]*\)".*/\1/')
python3 "$here/exact_description.py" "$url" >"$work/description.json"
"$packages/bin/schemathesis" run "$work/description.json" --url "$url/api/v2" \
    --header "Coder-Session-Token: $token" --max-examples "${EXAMPLES:-50}" --seed 1 \
    --exclude-path /users/logout --phases examples,coverage,fuzzing \
    --exclude-checks positive_data_acceptance,unsupported_method | tee "$work/report"
grep -q 'status=5' "$work/log" && {
    grep 'status=5' "$work/log"
    exit 1
}
cases=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$work/report" | tail -n 1)
echo "schemathesis made ${cases:-no} requests"
[ "${cases:-0}" -ge "${LEAST_CASES:-2000}" ]
