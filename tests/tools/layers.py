#!/usr/bin/env python3
"""Checks that the rooms of the house include each other downwards only.

Usage: layers.py [directory of the project]
"""

import pathlib
import re
import sys

# Which rooms a room may include, itself apart.
ROOMS = {
    "base": set(),
    "api": {"base"},
    "format": {"base"},
    "rules": {"base"},
    "store": {"base"},
    "routes": {"api", "base", "format", "rules", "store"},
    "data": {"api", "base", "format", "rules", "store", "routes"},
    "server": {"api", "base", "format", "rules", "store", "routes", "data"},
    "face": {"api", "server"},
    "testing": {"api", "base"},
    "demo": {"api", "base", "face", "format"},
}

# Single files that are a room of their own.
FILES = {
    "coder_users.hpp": "face",
    "coder_users/coder_users.cpp": "face",
    "coder_users/api.hpp": "api",
    "coder_users/caller.hpp": "api",
    "coder_users/options.hpp": "api",
    "coder_users/data.hpp": "api",
    "coder_users/testing_calls.hpp": "api",
    "coder_users/testing.hpp": "testing",
    "coder_users/testing_controls.hpp": "testing",
    "main.cpp": "demo",
}

# Which third-party headers belong to which file, the only one that may include them.
FENCES = {
    r"picojson\.h|picojson/.*": "coder_users/format/json.hpp",
    r"SQLiteCpp/.*|sqlite3.*\.h": "coder_users/store/query.hpp",
    r"httplib\.h": "coder_users/server/http.hpp",
    r"openssl/.*": "coder_users/rules/crypto.hpp",
    r"crypt\.h": "coder_users/rules/password.hpp",
    r"CLI/.*": ("main.cpp", "coder_users/demo/commands.hpp"),
    r"regex": "nobody",  # clients can make it slow
}

CONDITIONAL_INCLUDES = {"coder_users.hpp"}  # the compiled form leaves the implementation out
GENERATED = {"coder_users/store/schema_sql.hpp"}
LONG, TOO_LONG = 250, 300

STRING_OR_COMMENT = re.compile(r'R"(\w*)\(.*?\)\1"|/\*.*?\*/', re.DOTALL)
DIRECTIVE = re.compile(r'[ \t]*#[ \t]*(?:(if|endif)|include[ \t]*[<"]([^>"]+)[>"])')


class House:
    """The sources under one root, and what is wrong with them."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.errors = []
        self.warnings = []
        self.includes = {}  # file -> the local files it includes
        for name in self.sources():
            self.includes[name] = self.read(name)
        self.check_cycles()

    def sources(self):
        inside = (self.root / "coder_users").rglob("*.[hc]pp")
        names = [str(path.relative_to(self.root)) for path in inside]
        return sorted(names + [n for n in FILES if "/" not in n and (self.root / n).exists()])

    def room(self, name):
        parts = name.split("/")
        return FILES.get(name) or (parts[1] if len(parts) > 2 else "?")

    def read(self, name):
        """Checks one file and returns its local includes."""
        if self.room(name) not in ROOMS:
            self.errors.append(f"{name}: belongs to no room; the rooms are in tests/tools/layers.py")
            return []
        text = (self.root / name).read_text(encoding="utf-8")
        text = STRING_OR_COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
        lines = text.split("\n")
        if name.endswith(".hpp"):
            self.check_header(name, lines)

        local = []
        conditions = 0
        for number, line in enumerate(lines, 1):
            match = DIRECTIVE.match(line)
            if not match:
                continue
            condition, included = match.groups()
            if condition:
                conditions += 1 if condition == "if" else -1
                continue
            where = f"{name}:{number}"
            target = self.resolve(name, included)
            if target is None:
                self.check_fences(where, name, included)
                continue
            local.append(target)
            self.check_arrow(where, name, target)
            if conditions and name not in CONDITIONAL_INCLUDES:
                self.errors.append(f"{where}: a local include inside #if")
        return local

    def resolve(self, name, included):
        """The local file that is meant, or None."""
        for directory in (self.root / name).parent, self.root:
            path = (directory / included).resolve()
            if path.is_file() and self.root in path.parents:
                return str(path.relative_to(self.root))
        return included if included.startswith("coder_users") else None

    def check_header(self, name, lines):
        if "#pragma once" not in lines:
            self.errors.append(f"{name}: no #pragma once")
        count = len(lines) - 1
        if count > LONG and name not in GENERATED:
            found = self.errors if count > TOO_LONG else self.warnings
            found.append(f"{name}: {count} lines; {TOO_LONG} is the most")

    def check_arrow(self, where, name, target):
        if not (self.root / target).is_file():
            self.errors.append(f"{where}: {target} does not exist")
            return
        room, below = self.room(name), self.room(target)
        if room != below and below not in ROOMS[room]:
            allowed = ", ".join(sorted(ROOMS[room])) or "no other room"
            self.errors.append(f"{where}: {room} may not include {target} (it may: {allowed})")

    def check_fences(self, where, name, included):
        for pattern, owners in FENCES.items():
            owners = (owners,) if isinstance(owners, str) else owners
            if re.fullmatch(pattern, included) and name not in owners:
                self.errors.append(f"{where}: <{included}> belongs to {' and '.join(owners)} alone")

    def check_cycles(self):
        done = set()

        def visit(name, path):
            if name in path:
                cycle = path[path.index(name):] + [name]
                self.errors.append("a cycle: " + " -> ".join(cycle))
            elif name not in done:
                for target in self.includes.get(name, []):
                    visit(target, path + [name])
                done.add(name)

        for name in self.includes:
            visit(name, [])


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    house = House(root)
    for warning in house.warnings:
        print("warning:", warning)
    for error in house.errors:
        print(error)
    return 1 if house.errors else 0


if __name__ == "__main__":
    sys.exit(main())
