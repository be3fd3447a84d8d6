#!/usr/bin/env bash
# Runs the session of docs/external-login.md as it stands there, at free ports, and checks what it
# shows, so that the page cannot lie.
set -euo pipefail
work=$(mktemp -d)
trap 'for job in $(jobs -p); do pkill -P "$job" || :; kill "$job" 2>/dev/null || :; done; rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
if ! command -v node >/dev/null; then
    echo 'Skipped: there is no Node (Debian: nodejs, npm), so no real provider.'
    exit 0
fi
page=$SOURCE/docs/external-login.md
block() { # number of the block with shell commands in the section "Try it"
    awk -v wanted="$1" '/^## Try it/ { here = 1; next } /^## / { here = 0 }
        /^```sh/ && here { code = ++n == wanted; next } /^```/ { code = 0 } code' "$page"
}
said() { # pattern with one group, file
    for _ in $(seq 200); do
        found=$(sed -n "s|.*$1.*|\1|p" "$2")
        [ -z "$found" ] || return 0
        sleep 0.05
    done
    fail "not said: $1 in $(cat "$2" "$work/log")"
}

# ./dev as the page uses it, but at any free port.
cat >"$work/dev" <<'END'
#!/usr/bin/env bash
command=$1
shift
case $command in
    provider) exec node "$SOURCE/tests/external/oidc_provider.mjs" "$@" ;;
    run) exec "$DEMO" --http-address 127.0.0.1:0 "$@" ;;
esac
END
chmod +x "$work/dev"
cd "$work"

# Reading from a pipe that stays open: the provider ends with its input.
mkfifo input
touch provider server log # they are read while those who write them may not have begun
block 1 >first.sh
grep -q '^\./dev provider' first.sh || fail 'the page does not start the provider'
bash -eu first.sh <input >provider 2>log &
exec 9>input
said '"issuer":"\([^"]*\)"' provider
issuer=$found

block 2 | sed "s|http://127.0.0.1:9000|$issuer|" >second.sh
grep -q '^\./dev run .*' second.sh || fail 'the page does not start the server'
bash -eu second.sh >server 2>>log 9>&- &
said ' listens on http://127.0.0.1:\([0-9]*\),' server
echo "connect-to = \"127.0.0.1:3000:127.0.0.1:$found\"" >.curlrc

block 3 >third.sh
[ "$(grep -c curl third.sh)" -ge 5 ] || fail 'the session has lost its commands'
CURL_HOME=$work bash -eu third.sh >answers 9>&- || fail "the session fails: $(cat answers log)"
holds() {
    grep -qF -- "$1" answers || fail "the session's answers lack: $1
$(cat answers log)"
}
holds '"oidc":{"enabled":true,"signInText":"OpenID Connect"'
holds '"username":"ada","email":"ada@corp.example"'
holds '"username":"bob","email":"bob@corp.example"'
holds '"login_type":"oidc"'
holds '"description":"{user} registered"'
! grep -qE 'provider-secret|code=|eyJ' log || fail 'the log holds a secret'
