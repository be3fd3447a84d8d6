#!/usr/bin/env bash
# The test server from other languages, as somebody new has it: the wheel is made and looked at, installed
# into an empty environment and tested there; then the examples of docs/testing-other-languages.md run.
# Arguments: the program that needs nothing but a C library, a folder for what this makes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
program=$(realpath "$1") made=$(realpath -m "$2")
# shellcheck source=/dev/null
. "$source/tests/clients/common.sh" # work, quietly, install_python_packages
python=$source/packages/python
export GOFLAGS=-mod=readonly GOPROXY=off GOTOOLCHAIN=local

tools=$made/tools
install_python_packages "$tools" "$here/requirements.txt"
DEMO=$program bash "$source/tests/scripts/hardening.sh"
python3 "$python/build.py" "$program" "$made"
wheel=$(echo "$made"/coder_users-*.whl)
tag=${wheel##*-} tag=${tag%.whl}
"$tools/bin/auditwheel" show "$wheel" | tr -s '\n' ' ' >"$work/audit"
grep -q "is consistent with the following platform tag: \"$tag\"" "$work/audit" || {
    cat "$work/audit"
    exit 1
}
python3 "$python/build.py" "$program" "$work/again" >"$work/said"
cmp "$wheel" "$work"/again/*.whl # the same files make the same wheel
"$tools/bin/mypy" --strict --python-version 3.10 --cache-dir "$made/mypy" \
    "$python/src" "$python/tests" "$python/build.py"
listing() { # language, number of a listing in it, the page
    awk -v language="$1" -v wanted="$2" '$0 == "```" language { code = ++n == wanted; next } /^```/ { code = 0 } code' "$3"
}
MYPYPATH=$python/src "$tools/bin/mypy" --check-untyped-defs --cache-dir "$made/mypy" \
    "$source/examples/testcontainers/conftest.py"

echo '== Python: an empty environment'
env=$made/environment
python3 -m venv --clear "$env"
"$env/bin/pip" install --quiet --no-index "$wheel"
"$env/bin/coder-users" --version
listing python 3 "$python/README.md" | "$env/bin/python" - | grep '^http://127.0.0.1:[0-9]* '

echo '== Python: the tests of the package, and the listings of its README'
"$env/bin/pip" install --quiet -c "$here/requirements.txt" pytest pytest-xdist
mkdir "$work/tests" "$work/readme"
cp "$python"/tests/*.py "$work/tests"
"$env/bin/pytest" -q -W error --rootdir "$work/tests" "$work/tests"
listing python 1 "$python/README.md" >"$work/readme/test_readme.py"
listing python 2 "$python/README.md" >"$work/readme/conftest.py"
"$env/bin/pytest" -q -W error -n 2 --rootdir "$work/readme" "$work/readme"

export CODER_USERS_PROGRAM=$program
echo '== Node'
node --test --test-reporter=spec "$source/examples/node/users.test.mjs"
echo '== Go'
(cd "$source/examples/go" && go vet ./... && go test -count=1 ./...)
echo '== Shell'
listing sh 2 "$source/docs/testing-other-languages.md" | diff - "$source/examples/shell/users_test.sh"
"$source/examples/shell/users_test.sh"
