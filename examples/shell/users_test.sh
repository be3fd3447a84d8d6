#!/usr/bin/env bash
# Starts the program, and speaks its protocol with curl.
set -euo pipefail

coproc server { exec "${CODER_USERS_PROGRAM:-coder-users}" test; } # it ends with its input, that is with this script
read -r ready <&"${server[0]}"
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
url=$(member url <<<"$ready") token=$(member owner_token <<<"$ready")
control_token=$(member control_token <<<"$ready")

control() { # method, path, body
    curl -sSf -X "$1" "$url/test/v1$2" -H "Authorization: Bearer $control_token" ${3:+-d "$3"} >/dev/null
}
status() { # path, token
    curl -s -o /dev/null -w '%{http_code}' "$url/api/v2$1" -H "Coder-Session-Token: $2"
}
expect() { # what it should be, what it is
    [ "$1" = "$2" ] || { echo "line ${BASH_LINENO[0]}: $2 instead of $1" >&2; exit 1; }
}

key=$(curl -sSf "$url/api/v2/users/me/keys/tokens" -H "Coder-Session-Token: $token" \
    -d '{"lifetime":3600000000000}' | member key)
expect 200 "$(status /users/me "$key")"
control POST /clock/advance '{"duration":"2h"}'
expect 401 "$(status /users/me "$key")" # a token ends when its time has come

control POST /reset
control POST /faults '{"path":"/api/v2/users/{user}","status":503}'
expect 503 "$(status /users/me "$token")" # a server in trouble
expect 200 "$(status /users/me "$token")"
echo 'every answer was as expected'
