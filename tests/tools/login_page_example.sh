#!/bin/sh
# Runs the example with a login page of its own, and logs in and out by its forms.
# Usage: login_page_example.sh <program>
set -eu
. "$(dirname "$0")/serving.sh"
"$1" 0 >out 2>log &
server=$!
until_found 'http://' out
url=$(cat out)
# A password that a careless writer of JSON would break.
answers 201 /api/v2/users/first -d '{"email":"ada@example.com","username":"ada","password":"cor\"rect\\-Hörse-9"}'
answers 303 / # to the form
answers 200 /login
answers 401 /login --data-urlencode 'email=ada@example.com' --data-urlencode 'password=wrong'
grep -q 'Address or password is wrong' answer
answers 400 /login -d email= -d password=
password='password=cor"rect\-Hörse-9'
answers 403 /login -H 'Sec-Fetch-Site: cross-site' --data-urlencode 'email=ada@example.com' --data-urlencode "$password"
answers 303 /login -c jar --data-urlencode 'email=ada@example.com' --data-urlencode "$password"
answers 200 / -b jar
grep -q 'Hello, ada!' answer
answers 200 '/api/v2/audit?q=action:login' -b jar
grep -q '"count":2,' answer # with the wrong one
grep -q '"ip":"127.0.0.1"' answer
cp jar old
answers 403 /logout -d '' -b jar -H 'Sec-Fetch-Site: cross-site'
answers 303 /logout -d '' -b jar -c jar
answers 303 / -b old # the session has ended, not the cookie alone
answers 401 /api/v2/users/me -b old
kill -TERM "$server"
wait "$server"
