# Sourced by the scripts beside it: the server under test, its API descriptions, and a folder to work in.
# Wants the demo server in $demo.
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT

# Serves anew, without users. Sets url.
serve() { # arguments of the server
    [ -z "$server" ] || kill "$server"
    : >"$work/out" # there before it is looked at
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

# Serves a release. Sets description to a file that has its API description.
describe() { # release
    serve --coder-version "$1"
    description=$work/openapi-$1.json
    curl -sf "$url/api/v2/openapi.json" >"$description"
}

# Says what a command says only when it fails.
quietly() { # command
    if ! "$@" >"$work/said" 2>&1; then
        cat "$work/said" >&2
        exit 1
    fi
}

install_python_packages() { # folder, file of requirements
    cmp -s "$2" "$1/requirements.txt" && return 0
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet -r "$2"
    cp "$2" "$1/requirements.txt"
}
