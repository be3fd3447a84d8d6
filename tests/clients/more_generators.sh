#!/usr/bin/env bash
# Makes clients by generators that take longer, and compiles or loads them: openapi-generator (in Java)
# for Go and Python, and orval. Arguments: the demo server, a folder for what they need.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
demo=$(realpath "$1") packages=$(realpath -m "$2")
# shellcheck source=/dev/null
. "$here/common.sh"

install_python_packages "$packages" "$here/more_requirements.txt"
mkdir -p "$packages/node"
(cd "$packages/node" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
    orval@7.13.2 typescript@5.8.3)

generate() { # language, folder, further arguments
    quietly "$packages/bin/openapi-generator-cli" generate -g "$1" -i "$description" -o "$2" \
        --package-name coderusers --git-user-id example --git-repo-id coderusers "${@:3}"
    # Of the items of a list called errors it makes a name of its own, and says so.
    if grep -E 'WARN.*(cannot be used|Renamed)|ERROR' "$work/said" |
        grep -v ' error (reserved word) '; then
        exit 1
    fi
}

for release in 2.6 2.35; do
    describe $release
    # Several lists have the empty text: Go's constants need the name of their list.
    generate go "$work/go-$release" --additional-properties=enumClassPrefix=true
    (cd "$work/go-$release" && rm -rf test && GOFLAGS=-mod=mod go vet ./...)
    echo "openapi-generator for Go at $release: compiles"

    generate python "$work/python-$release"
    PYTHONPATH=$work/python-$release "$packages/bin/python" - "$url" <<'END'
import importlib, pkgutil, sys
import coderusers

for each in pkgutil.walk_packages(coderusers.__path__, "coderusers."):
    importlib.import_module(each.name)
host = coderusers.ApiClient(coderusers.Configuration(host=sys.argv[1] + "/api/v2"))
login = coderusers.AuthenticationApi(host)
login.create_initial_user(coderusers.CreateFirstUserRequest(
    email="ada@example.com", username="ada", password="correct-Horse-9"))
session = login.log_in_user(coderusers.LoginWithPasswordRequest(
    email="ada@example.com", password="correct-Horse-9"))
host.set_default_header("Coder-Session-Token", session.session_token)
ada, = coderusers.UsersApi(host).get_users(limit=5).users
assert ada.login_type is coderusers.LoginType.PASSWORD, ada
END
    echo "openapi-generator for Python at $release: loads, and lists users"

    mkdir "$work/orval-$release"
    cat >"$work/orval-$release/orval.config.cjs" <<END
module.exports = {
    api: {
        input: '$description',
        output: { target: '$work/orval-$release/api.ts', client: 'fetch', mode: 'split' },
    },
};
END
    quietly "$packages/node/node_modules/.bin/orval" --config "$work/orval-$release/orval.config.cjs"
    sed 's/"include".*/"include": ["api.ts"]/' "$here/tsconfig.json" >"$work/orval-$release/tsconfig.json"
    quietly "$packages/node/node_modules/.bin/tsc" -p "$work/orval-$release/tsconfig.json"
    echo "orval at $release: compiles"
done
