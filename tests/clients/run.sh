#!/usr/bin/env bash
# Other people's clients against the demo server: clients that generators make of its API description,
# the package coder-api, and schemathesis, which makes requests out of the description and holds every
# answer against it. Arguments: the demo server, a folder for what they need.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
demo=$(realpath "$1") packages=$(realpath -m "$2")
node_packages=$packages/node/node_modules
# shellcheck source=/dev/null
. "$here/common.sh"
cd "$work" # schemathesis leaves its cache where it runs

install_python_packages "$packages" "$here/requirements.txt"
"$here/../external/install.sh" "$packages/node" "$here"

lint() { # release
    quietly "$node_packages/.bin/redocly" lint "$description"
    echo "redocly at $1: no error"
}

python_client() { # release
    local made=$work/python-$1
    mkdir "$made"
    cat >"$work/config.yml" <<END
project_name_override: coder_users_client
package_name_override: coder_users_client
post_hooks: []
END
    quietly "$packages/bin/openapi-python-client" generate --path "$description" --meta none \
        --output-path "$made/coder_users_client" --config "$work/config.yml" --fail-on-warning
    PYTHONPATH=$made "$packages/bin/python" "$here/generated_client_tour.py" "$url" "$1"
}

typescript_client() { # release
    local made=$work/typescript-$1
    mkdir "$made"
    cp "$here/generated_client_tour.ts" "$here/tsconfig.json" "$made"
    quietly "$node_packages/.bin/openapi-ts" -i "$description" -o "$made/client" -c @hey-api/client-fetch
    quietly "$node_packages/.bin/tsc" -p "$made/tsconfig.json"
    node "$made/made/generated_client_tour.js" "$url" "$1"
}

for release in 2.6 2.35; do
    describe $release
    lint $release
    python_client $release
    describe $release # without users again
    typescript_client $release
done

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
