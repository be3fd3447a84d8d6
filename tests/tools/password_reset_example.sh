#!/bin/sh
# Runs the example that sends passcodes, with a program that keeps the mail, and uses the code of it.
# Usage: password_reset_example.sh <program>
set -eu
. "$(dirname "$0")/serving.sh"
printf '#!/bin/sh\ncat >"%s/mail.part" && mv "%s/mail.part" "%s/mail"\n' "$work" "$work" "$work" >sendmail
chmod +x sendmail
"$1" 0 "$work/sendmail" >out 2>log &
server=$!
until_found 'http://' out
url=$(cat out)/api/v2/users
answers 201 /first -d '{"email":"ada@example.com","username":"ada","password":"correct-Horse-9"}'
answers 204 /otp/request -d '{"email":"ada@example.com"}'
until_found 'your password stays' mail
grep -qx 'To: ada@example.com' mail
code=$(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' mail)
answers 204 /otp/change-password \
    -d "{\"email\":\"ada@example.com\",\"password\":\"another-Horse-7\",\"one_time_passcode\":\"$code\"}"
answers 201 /login -d '{"email":"ada@example.com","password":"another-Horse-7"}'
if grep -q "$code" out log; then
    echo 'the log has the code' >&2
    exit 1
fi
kill -TERM "$server"
wait "$server"
