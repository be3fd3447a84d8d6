#!/usr/bin/env bash
# On a terminal the demo shows how far it is with what takes longer than a second.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$DEMO" "$work" <<'END_OF_PYTHON'
import json
import os
import pty
import sqlite3
import sys

demo, work = sys.argv[1:]
database = work + "/users.db"


class Terminal:
    def __init__(self, *arguments):
        self.shown = b""
        self.child, self.file = pty.fork()
        if self.child == 0:
            os.execv(demo, [demo, "--database", database, *arguments])

    def read_until(self, text):
        while text not in self.shown:
            self.shown += os.read(self.file, 1000)

    def status(self):
        try:
            self.read_until(b"the end of the child ends this")
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


# Every password takes a good part of a second at this cost.
with open(work + "/users.json", "w", encoding="utf-8") as seed:
    for number in range(8):
        name = f"user{number}"
        json.dump({"username": name, "email": name + "@example.com", "password": "correct-Horse-9"},
                  seed)
seeding = Terminal("--password-hash-cost", "13", "seed", work + "/users.json")
assert seeding.status() == 0, seeding.shown
assert b" of 8 (" in seeding.shown, seeding.shown
assert b"\r\033[K" in seeding.shown, seeding.shown  # and takes it away at the end

# A quick one shows its result alone.
quick = Terminal("export", work + "/users.jsonl")
assert quick.status() == 0 and b"\r\033[K" not in quick.shown, quick.shown

# Somebody else holds the file, so that it takes a while.
holder = sqlite3.connect(database, isolation_level=None)
holder.execute("PRAGMA locking_mode = EXCLUSIVE")
holder.execute("BEGIN EXCLUSIVE")
checking = Terminal("check")
checking.read_until(b"\r1 s")
holder.close()
checking.status()
END_OF_PYTHON
