#!/usr/bin/env bash
# Runs the server behind nginx and Caddy with the files of docs/deployment.md, at free ports and with a
# certificate of its own, and asks through them.
# Usage: proxies.sh <server> <nginx> <caddy>
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
demo=$(realpath "$1")
work=$(mktemp -d)
jobs=()
trap 'for job in "${jobs[@]}"; do kill "$job" 2>/dev/null || :; done; wait; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    cat "$work/log" "$work/proxy.log" >&2 || :
    exit 1
}
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=users.example.com \
    -addext subjectAltName=DNS:users.example.com -keyout key -out crt 2>openssl.log
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The command of the page, at a free port. Sets upstream.
start_server() { # database
    awk '/^```sh/ { code = ++n == 1; next } /^```/ { code = 0 } code' "$root/docs/deployment.md" >command
    grep -q '^coder-users --access-url https://users.example.com' command ||
        fail 'docs/deployment.md has lost the command of the server'
    sed -i "s|^coder-users|exec '$demo' --http-address 127.0.0.1:0 --database '$1'|" command
    bash -eu command >out 2>log &
    jobs=("$!")
    for _ in $(seq 200); do
        ! grep -q ' listens on ' out || break
        sleep 0.05
    done
    upstream=$(sed -n 's|.* listens on http://\([^,]*\),.*|\1|p' out)
    [ -n "$upstream" ] || fail 'the server does not start'
}

# A request of a browser at 127.0.0.2, which also claims to come from elsewhere.
ask() { # path, arguments of curl
    path=$1
    shift
    curl -sS --max-time 10 --cacert crt --resolve "users.example.com:$port:127.0.0.1" --interface 127.0.0.2 \
        -H 'X-Forwarded-For: 192.0.2.66' -D head "https://users.example.com:$port$path" "$@"
}

tour() { # name of the proxy
    for _ in $(seq 200); do
        [ "$(ask /healthz -o answer -w '%{http_code}' 2>curl.log || :)" != 200 ] || break
        sleep 0.05
    done
    first='{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
    [ "$(ask /api/v2/users/first -o answer -w '%{http_code}' -d "$first")" = 201 ] || fail "$1: $(cat answer)"
    ask /api/v2/users/login -c jar -o answer -d '{"email":"ada@example.com","password":"correct-Horse-9"}'
    grep -qi '^set-cookie: coder_session_token=.*; secure' head || fail "$1: no Secure cookie: $(cat head)"
    # A page of this origin may change something by the cookie, one of another must not.
    theme='{"theme_preference":"dark"}'
    for origin in "https://users.example.com:$port 200" 'https://evil.example 403'; do
        status=$(ask /api/v2/users/me/appearance -b jar -X PUT -d "$theme" -H "Origin: ${origin% *}" \
            -o answer -w '%{http_code}')
        [ "$status" = "${origin#* }" ] || fail "$1: $status for $origin: $(cat answer)"
    done
    ask '/api/v2/audit?q=action:login' -b jar -o answer
    grep -q '"ip":"127.0.0.2"' answer || fail "$1: the audit log has another address: $(cat answer)"
    echo "$1: a login through it has the client's address and a Secure cookie"
}

start_server nginx.db
port=$(free_port)
sed "s|listen 443|listen 127.0.0.1:$port|; s|/etc/ssl/users.example.com.|$work/|; s|127.0.0.1:3000|$upstream|" \
    "$root/examples/behind_proxy/nginx.conf" >site.conf
# nginx asks for these folders wherever it was built to have them.
folders=$(for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done)
cat >nginx.conf <<END
daemon off;
pid $work/nginx.pid;
error_log $work/proxy.log;
events {}
http {
    access_log off;
    $folders
    include $work/site.conf;
}
END
"$2" -p "$work" -e "$work/proxy.log" -c "$work/nginx.conf" &
jobs+=("$!")
tour nginx
kill "${jobs[@]}"
wait

start_server caddy.db
port=$(free_port)
{
    printf '{\n    admin off\n    auto_https disable_redirects\n}\n'
    sed "s|^users.example.com {|users.example.com:$port {\n    tls $work/crt $work/key|; s|127.0.0.1:3000|$upstream|" \
        "$root/examples/behind_proxy/Caddyfile"
} >Caddyfile
HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work "$3" run --config Caddyfile --adapter caddyfile 2>proxy.log &
jobs+=("$!")
tour Caddy
