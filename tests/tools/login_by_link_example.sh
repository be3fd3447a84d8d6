#!/bin/sh
# Runs the example that logs people in by a link, with a folder as its outbox, and uses the link.
# Usage: login_by_link_example.sh <program>
set -eu
. "$(dirname "$0")/serving.sh"
mkdir outbox
"$1" 0 outbox >out 2>log &
server=$!
until_found 'http://' out
url=$(cat out)
no_mail() {
    [ -z "$(ls outbox)" ] || {
        echo "a mail too many: $(cat outbox/*)" >&2
        exit 1
    }
}
answers 201 /api/v2/users/first -d '{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
answers 303 / # to the form
answers 200 /login -d email=
answers 200 /login -d email=eve@example.com
cp answer unknown
no_mail
rmdir outbox
answers 200 /login -d email=Ada@example.com
cmp answer unknown # even where no mail can be written
grep -q '^cannot write to outbox$' log
mkdir outbox
answers 200 /login -d email=Ada@example.com
cmp answer unknown # which addresses there are is not told
grep -qx 'To: ada@example.com' outbox/*.eml
link=$(grep -o '/login/link?user=[0-9a-f-]*&secret=[0-9a-f]*' outbox/*.eml)
rm outbox/*
answers 200 /login -d email=Ada@example.com # a minute must pass
no_mail

answers 200 "$link" # as a program that checks mails does it
answers 403 "$link" -d '' -H 'Sec-Fetch-Site: cross-site'
answers 401 "${link%%&*}&secret=" -d ''
answers 401 "${link%?}x" -d ''
answers 401 "/login/link?user=00000000-0000-0000-0000-000000000000&${link#*&}" -d ''
answers 303 "$link" -d '' -c jar
answers 200 / -b jar
grep -qx 'Hello, ada!' answer
answers 401 "$link" -d '' # once only
answers 200 /api/v2/users/me -b jar
answers 200 '/api/v2/audit?q=resource_type:api_key' -b jar
grep -q '"count":1,' answer
grep -q '"action":"create".*"user":null' answer
kill -TERM "$server"
wait "$server"
