#!/usr/bin/env python3
"""Checks that the rooms of the house include each other downwards only, and that each third-party
library is named only where it belongs, as is JSON.

Usage: layers.py [directory of the project]
"""

import pathlib
import re
import sys

INSIDE = "coder_users/internal/"

# Which other rooms a room may include. It may include the rooms below those, too.
ROOMS = {
    "promise": set(),
    "base": {"promise"},
    "rules": {"base"},
    "store": {"base"},
    "wire": {"base"},
    "operations": {"store", "rules"},
    "login": {"operations", "wire"},
    "http": {"login"},
    "net": {"base"},
    "stand_in": {"rules", "wire"},
    "service": {"net", "http", "stand_in"},
    "control": {"http"},
    "face": {"service", "control"},
    "demo": {"face", "wire"},
}

# The rooms of files by the start of their names.
PLACES = [
    ("coder_users.hpp", "face"),
    ("main.cpp", "demo"),
    ("coder_users/demo/", "demo"),
    (INSIDE, None),  # the folder is the room
]

# Each third-party header: the one file that may include it, its names, and the files or folders
# that may use them.
FENCES = [
    (r"picojson\.h|picojson/.*", INSIDE + "wire/json.hpp", r"picojson::", [INSIDE + "wire/"]),
    (r"SQLiteCpp/.*|sqlite3.*\.h", INSIDE + "store/sqlite/statement.hpp",
     r"\b(sqlite3_\w|SQLITE_[A-Z]|SQLite::)", [INSIDE + "store/sqlite/"]),
    (r"httplib\.h", INSIDE + "net/httplib.hpp", r"\bhttplib::",
     [INSIDE + "net/httplib.hpp", INSIDE + "service/mount.hpp", INSIDE + "service/provider_client.hpp",
      "coder_users/api.hpp", "coder_users/coder_users.cpp"]),
    (r"openssl/.*", INSIDE + "rules/crypto.hpp",
     r"\b(EVP|BN|RAND|CRYPTO|OSSL|RSA|EC|BIO|PEM)_\w", [INSIDE + "rules/"]),
    (r"crypt\.h", INSIDE + "rules/password.hpp", r"\bcrypt_(r|rn|ra|gensalt|data)\w*",
     [INSIDE + "rules/password.hpp"]),
    (r"libpq-fe\.h|libpq/.*|postgres_ext\.h", INSIDE + "store/postgres/libpq.hpp",
     r"\b(PQ[a-z]\w+|PG(conn|result|RES_\w+))\b", [INSIDE + "store/postgres/"]),
    (r"CLI/.*", "coder_users/demo/commands.hpp", r"\bCLI::", ["main.cpp", "coder_users/demo/"]),
    (r"regex", "nobody", r"\bstd::regex", []),  # some texts of clients make it very slow
]
# Where our own names for JSON and for an engine may be used. Elsewhere there are values only.
OWN_FENCES = [
    (r"\bwire::(Json|parse_json|provider_json|member|\w+_member|elements|texts_in)\b",
     [INSIDE + "wire/", INSIDE + "http/", INSIDE + "control/"]),
    (r"\bsqlite::\w", [INSIDE + "store/sqlite/", INSIDE + "store/open_engine.hpp"]),
    (r"\bpostgres::\w", [INSIDE + "store/postgres/", "coder_users/postgres.cpp"]),
    (r"\bJsonWriter\b",
     [INSIDE + "base/", INSIDE + "wire/", INSIDE + "http/", INSIDE + "control/"]),
]
# An engine of the store: its folder, and the files outside that may include it: the place where an
# engine is chosen, and what works on database files without a store.
ENGINES = [
    (INSIDE + "store/sqlite/", [INSIDE + "store/open_engine.hpp"] + [
        INSIDE + f"service/{name}.hpp"
        for name in ("backup", "backup_folder", "data", "secret_key", "testing")]),
    (INSIDE + "store/postgres/", ["coder_users.hpp", "coder_users/postgres.cpp"]),
]
# Words of SQL that one engine alone understands: in texts of the store they come from the dialect.
ONE_ENGINES_SQL = re.compile(
    r"\b(rowid|PRAGMA|INDEXED BY|INSERT OR|CROSS JOIN|json_\w+|group_concat|string_agg|ILIKE)\b")
DIALECT = INSIDE + "store/dialect.hpp"
ALSO_INCLUDES = {("main.cpp", "CLI/CLI.hpp")}

STD_ONLY = re.compile(r"[a-z_]+(\.h)?$")  # foreign headers that the promise may include
CONDITIONAL_INCLUDES = {"coder_users.hpp"}  # does not include the implementation when compiled
INTERNAL_NOTE = "// Internal: may change at any time."

STRING_OR_COMMENT = re.compile(
    r'R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*', re.DOTALL)
LITERAL_OR_COMMENT = re.compile(r'R"(\w*)\(.*?\)\1"|/\*.*?\*/', re.DOTALL)
DIRECTIVE = re.compile(r'[ \t]*#[ \t]*(?:(if|endif)|include[ \t]*[<"]([^>"]+)[>"])')


def below(room):
    """Returns the rooms that a room may include."""
    found = set()
    todo = list(ROOMS[room])
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += ROOMS[each]
    return found


class House:
    """The sources of one project and the errors in them."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.errors = []
        self.includes = {}  # file -> the local files it includes
        self.below = {room: below(room) for room in ROOMS}
        for name in self.sources():
            self.includes[name] = self.read(name)
        self.check_cycles()

    def sources(self):
        inside = (self.root / "coder_users").rglob("*.[hc]pp")
        names = [str(path.relative_to(self.root)) for path in inside]
        return sorted(names + [n for n in ("coder_users.hpp", "main.cpp") if (self.root / n).exists()])

    def room(self, name):
        for start, room in PLACES:
            if name.startswith(start):
                parts = name[len(start):].split("/")
                return room or (parts[0] if len(parts) > 1 else "?")
        if not name.startswith("coder_users/") or name.count("/") > 1:
            return "?"
        return "promise" if name.endswith(".hpp") else "face"

    def read(self, name):
        """Checks one file and returns its local includes."""
        if self.room(name) not in ROOMS:
            self.errors.append(f"{name}: belongs to no room; the rooms are in tests/tools/layers.py")
            return []
        text = (self.root / name).read_text(encoding="utf-8")
        lines = LITERAL_OR_COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text).split("\n")
        if name.endswith(".hpp") and "#pragma once" not in lines:
            self.errors.append(f"{name}: no #pragma once")
        if name.startswith(INSIDE) and INTERNAL_NOTE not in lines[0]:
            self.errors.append(f'{name}: its first line does not say "{INTERNAL_NOTE}"')
        self.check_names(name, text)
        self.check_sql(name, text)

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
                self.check_foreign(where, name, included)
                continue
            local.append(target)
            self.check_arrow(where, name, target)
            if conditions and name not in CONDITIONAL_INCLUDES:
                self.errors.append(f"{where}: a local include inside #if")
        return local

    def resolve(self, name, included):
        """Returns the local file that is included, or None."""
        for directory in (self.root / name).parent, self.root:
            path = (directory / included).resolve()
            if path.is_file() and self.root in path.parents:
                return str(path.relative_to(self.root))
        return included if included.startswith("coder_users") else None

    def check_arrow(self, where, name, target):
        if not (self.root / target).is_file():
            self.errors.append(f"{where}: {target} does not exist")
            return
        room, other = self.room(name), self.room(target)
        if room != other and other not in self.below[room]:
            allowed = ", ".join(sorted(self.below[room])) or "no other room"
            self.errors.append(f"{where}: {room} may not include {target} (it may: {allowed})")
        for folder, places in ENGINES:
            if target.startswith(folder) and not name.startswith(folder) and name not in places:
                self.errors.append(f"{where}: {target} is one engine's; use store/connection.hpp")

    def check_foreign(self, where, name, included):
        for pattern, owner, _, _ in FENCES:
            if re.fullmatch(pattern, included) and name != owner \
                    and (name, included) not in ALSO_INCLUDES:
                self.errors.append(f"{where}: <{included}> belongs to {owner} alone")
        if self.room(name) == "promise" and not STD_ONLY.match(included):
            self.errors.append(f"{where}: the promise includes the standard library alone")

    def check_names(self, name, text):
        text = STRING_OR_COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
        for names, places in [fence[2:] for fence in FENCES] + OWN_FENCES:
            found = re.search(names, text)
            if found and not any(name.startswith(place) for place in places):
                number = text.count("\n", 0, found.start()) + 1
                self.errors.append(
                    f"{name}:{number}: {found.group()} is for {' and '.join(places) or 'nobody'}")

    def check_sql(self, name, text):
        engines = [folder for folder, _ in ENGINES] + [DIALECT]
        if not name.startswith(INSIDE + "store/") or name.startswith(tuple(engines)):
            return
        for literal in STRING_OR_COMMENT.finditer(text):
            found = literal.group().startswith(('"', "R")) and ONE_ENGINES_SQL.search(literal.group())
            if found:
                number = text.count("\n", 0, literal.start()) + 1
                self.errors.append(f"{name}:{number}: {found.group()} is one engine's SQL; see {DIALECT}")

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
    errors = House(root).errors
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
