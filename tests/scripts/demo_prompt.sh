#!/usr/bin/env bash
# On a terminal the demo asks for a password twice and does not show it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo correct-Horse-9 |
    "$DEMO" --database "$work/users.db" create-admin-user --email ada@example.com --username ada >/dev/null
python3 - "$DEMO" "$work/users.db" <<'END'
import os
import pty
import sys

demo, database = sys.argv[1:]


def typed(first, second):
    """The exit status and what the terminal shows."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(demo, [demo, "--database", database, "reset-password", "ada"])
    shown = b""

    def read_until(text):
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 1000)

    read_until(b"New password: ")
    os.write(terminal, first + b"\n")
    read_until(b"Once more: ")
    os.write(terminal, second + b"\n")
    try:
        read_until(b"the end of the child ends this")
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


status, shown = typed(b"an0ther-Horse", b"an0ther-Horse")
assert status == 0, shown
assert b"Horse" not in shown, shown
status, shown = typed(b"an0ther-Horse", b"a-third-Horse")
assert status == 1 and b"the two passwords differ" in shown, shown
assert b"Horse" not in shown, shown
END
