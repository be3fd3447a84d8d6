# Sourced by the scripts beside it that run an example which serves: a folder to work in, and waiting.
# The example's process is $server; what it prints goes into the file out.
work=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"

# Waits until a file has a text like this. Fails when the example has ended.
until_found() { # pattern, file
    tries=0
    until grep -qs "$1" "$2"; do
        tries=$((tries + 1))
        if [ $tries -gt 100 ] || ! kill -0 "$server"; then
            cat out log 2>/dev/null >&2 || :
            exit 1
        fi
        sleep 0.1
    done
}

# Sends a request to the example at $url, and keeps what comes in the file answer. Fails on another status.
answers() { # status, path, arguments of curl
    wanted=$1
    path=$2
    shift 2
    status=$(curl --silent --show-error --max-time 10 --output answer --write-out '%{http_code}' "$@" "$url$path")
    [ "$status" = "$wanted" ] || {
        echo "$path is answered $status: $(cat answer)" >&2
        exit 1
    }
}
