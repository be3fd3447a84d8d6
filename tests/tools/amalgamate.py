#!/usr/bin/env python3
"""Writes the library as a single header that needs no other file of the project.

Usage: amalgamate.py <directory> [--forward]

Follows the local includes from coder_users.hpp, each once, and writes <directory>/coder_users.hpp.
With --forward, also writes every header of the library as one line that includes the single header,
so that the tests, which include internal headers, run against it.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACE = "coder_users.hpp"
LOCAL = re.compile(r'[ \t]*#[ \t]*include[ \t]*"([^"]+)"')


class Amalgamation:
    def __init__(self):
        self.done = set()
        self.lines = []

    def add(self, name):
        """Appends one file after the files that it includes."""
        if name in self.done:
            return
        self.done.add(name)
        text = (ROOT / name).read_text(encoding="utf-8")
        body = []
        for line in text.split("\n"):
            local = LOCAL.match(line)
            if local:
                self.add(local.group(1))
                continue
            if line == "#pragma once":
                continue
            if name == FACE and re.match(r"#(ifndef|endif  //) CODER_USERS_COMPILED", line):
                continue  # the single header has no compiled form
            if name == FACE and re.match(r"#(ifdef|endif)", line):
                self.lines.append(line)  # around what is included there
                continue
            body.append(line)
        self.lines += ["// " + name] + body

    def text(self):
        version = re.search(r'version = "([^"]+)"', (ROOT / "coder_users/api.hpp").read_text())
        licence = (ROOT / "LICENSE").read_text(encoding="utf-8").strip()
        head = [f"// coder_users {version.group(1)} as a single header, made by amalgamate.py.", "//"]
        head += [("// " + line).rstrip() for line in licence.split("\n")]
        head += ["#pragma once", "", "#ifdef CODER_USERS_COMPILED",
                 '#error "coder_users: the single header is header-only"', "#endif", ""]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(head + self.lines)).rstrip() + "\n"


def write(path, text):
    """Writes a file only if its text differs, so that nothing is compiled again without need."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    target = pathlib.Path(sys.argv[1])
    amalgamation = Amalgamation()
    amalgamation.add(FACE)
    write(target / FACE, amalgamation.text())
    if "--forward" in sys.argv[2:]:
        for header in sorted((ROOT / "coder_users").rglob("*.hpp")):
            name = header.relative_to(ROOT)
            if str(name) in amalgamation.done:
                write(target / name, f'#include "{"../" * (len(name.parts) - 1)}{FACE}"\n')
            else:  # the single header does not contain it, such as the test kit
                write(target / name, header.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
