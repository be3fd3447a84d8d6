#!/usr/bin/env bash
# The commands of every page in docs/ work for somebody who comes from the README, and those of
# docs/data.md as one story.
set -euo pipefail
. "$SOURCE/tests/tools/tour.sh"

# Where the README leaves its reader: logged in, until the last block.
serve --database "$work/readme.db"
last=$(grep -c '^```sh' "$SOURCE/README.md")
{
    commands_of README.md 2 $((last - 1))
    echo 'echo "$TOKEN" >../token'
} >"$work/tour"
run "$work/tour"
stop
TOKEN=$(cat "$work/token") URL=http://127.0.0.1:3000/api/v2
export TOKEN URL

# Each of these begins there, on a server of its own.
begin() { # arguments of the server
    rm -f "$work"/users.db*
    cp "$work/readme.db" "$work/users.db"
    cp "$work/readme.db.key" "$work/users.db.key"
    serve --database "$work/users.db" "$@"
}
page() { # page, number of its first block, what sed changes in the commands
    begin --dangerous-print-passcodes
    commands_of "$1" "${2-1}" | sed "${3-}" >"$work/commands"
    run "$work/commands"
    nothing_refused ''
    stop
}

page docs/first-steps.md 2 # the first block is below
holds '"theme_preference":"dark"'
page docs/roles.md
holds '"name":"user-admin"'
holds '{"add":true}'
page docs/tokens.md
[ "$(grep -c '{"key":"' "$work/answers")" = 2 ] || fail 'docs/tokens.md makes two tokens'
holds '"current":true'
page docs/organizations.md
holds '"name":"crew"'
holds '"display_name":"Organization Admin"'
holds '"message":"Organization has been deleted."'
page docs/audit.md
holds '"count":3' # ada, bob and a token
page docs/coder-releases.md
page docs/embedding.md
page docs/guarantees.md
page docs/performance.md

# The code comes by the server's standard error.
cat >"$work/bin/passcode" <<'END'
#!/usr/bin/env bash
for _ in $(seq 200); do
    ! grep '^Code for .*: ' ../log | sed 's/.*: //' | grep . || exit 0
    sleep 0.05
done
END
chmod +x "$work/bin/passcode"
page docs/passwords.md 1 "s/<the code>/'\$(passcode)'/"
[ "$(grep -c '^POST 204' "$work/statuses")" = 2 ] || fail "docs/passwords.md: $(cat "$work/statuses")"

# A fresh server that wants its code.
serve --database "$work/fresh.db" --require-setup-code
code=$(sed -n 's/.*X-Setup-Code: //p' "$work/log")
commands_of docs/first-steps.md 1 1 | sed "s|X-Setup-Code: [A-Za-z0-9]*|X-Setup-Code: $code|" >"$work/commands"
run "$work/commands"
nothing_refused ''
holds '"user_id":'
for password in newpassword:false correcthorse:true 'Passw0rd!:true'; do
    grep -qF "\`${password%:*}\`" "$SOURCE/docs/first-steps.md" || fail "docs/first-steps.md has lost ${password%:*}"
    CURL_HOME=$work curl -s "$URL/users/validate-password" -d "{\"password\":\"${password%:*}\"}" \
        >"$work/answers" 2>"$work/statuses"
    holds "\"valid\":${password#*:}"
done
stop

# docs/deployment.md, with its folders here.
mkdir "$work/var" "$work/backup"
cp "$work/readme.db" "$work/var/users.db"
cp "$work/readme.db.key" "$work/var/users.db.key"
commands_of docs/deployment.md |
    sed "s|/var/lib/coder-users|$work/var|; s|\([ \"]\)/backup/|\1$work/backup/|; s|\$(date +%F)|2026-01-02|" >"$work/commands"
run "$work/commands"
[ -s "$work/backup/users-2026-01-02.db.key" ] || fail 'docs/deployment.md makes no backup'

# The commands of docs/data.md, in their order, as one story.
cd "$work"
commands_of docs/data.md >commands
[ "$(grep -c '^coder-users' commands)" -ge 9 ] || fail 'the page has lost its commands'
awk '/^```json/ { code = 1; next } /^```/ { code = 0 } code' "$SOURCE/docs/data.md" >users.json
ln -sf "$DEMO" bin/coder-users
PATH=$work/bin:$PATH
echo correct-Horse-9 >password
rm -f users.db*
coder-users --database users.db seed users.json
run_data() { # first word of the command
    line=$(grep -m1 "coder-users --database [a-z]*.db $1" commands | sed 's/ *#.*//')
    [ -n "$line" ] || fail "the page does not show $1"
    eval "$line" <password || fail "$line"
}
run_data backup
run_data restore
run_data check
run_data export
cp users.db.key other.db.key # as the page says
run_data import
run_data reset-password
run_data create-admin-user
rm users.db*
run_data seed
