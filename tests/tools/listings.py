#!/usr/bin/env python3
"""Checks that what the pages show is what is built and run.

- A listing of C++, CMake, Python, JavaScript, Go, nginx, Caddy, HAProxy or systemd stands, indentation apart, in a file that is built or run
  by a test. Where it has an empty line, the file may have more.
- Every page with shell commands is run by a script, which names the page.
- Every ./dev command that a page names is there.
- docs/embedding.md has every Action, every EventKind and every call of Caller.

Usage: listings.py [directory of the project]
"""

import pathlib
import re
import sys

# Where listings come from, and what runs commands.
SOURCES = ("examples", "packages", "tests", "coder_users")
RUNNERS = ("tests/scripts", "tests/external", "tests/languages", "tests/tools")
CODE = {"cpp": {".cpp", ".hpp"}, "cmake": {".txt"}, "python": {".py"}, "js": {".mjs"}, "go": {".go"},
        "nginx": {".conf"}, "caddy": {"Caddyfile"}, "haproxy": {".cfg"}, "ini": {".service"}}


def pages_of(root):
    """Yields the pages that people read."""
    yield from sorted(root.glob("*.md"))
    yield from sorted((root / "docs").rglob("*.md"))


def listings_of(page):
    """Yields the language and the lines of every listing of a page."""
    language, lines = None, []
    for line in page.read_text(encoding="utf-8").splitlines():
        if language is None and line.startswith("```"):
            language, lines = line[3:].strip(), []
        elif language is not None and line.startswith("```"):
            yield language, lines
            language = None
        else:
            lines.append(line)


def bare(lines):
    """Returns the lines that hold something, without indentation."""
    return [line.strip() for line in lines if line.strip()]


class Sources:
    """The text of all files that are built, by suffix, or name if they have none."""

    def __init__(self, root):
        self.texts = {}
        for folder in SOURCES:
            for file in (root / folder).rglob("*"):
                kind = file.suffix or file.name
                if file.is_file() and kind in set.union(*CODE.values()):
                    text = "\n".join(bare(file.read_text(encoding="utf-8").splitlines()))
                    self.texts.setdefault(kind, []).append(f"\n{text}\n")
        for page in root.glob("packages/*/README.md"):  # tests/languages runs what stands there
            for language, lines in listings_of(page):
                for kind in CODE.get(language, ()):
                    self.texts.setdefault(kind, []).append("\n" + "\n".join(bare(lines)) + "\n")

    def have(self, language, lines):
        """Says whether a file has the parts of a listing, which empty lines separate, in their order."""
        parts = ["\n" + "\n".join(bare(part.splitlines())) + "\n"
                 for part in re.split(r"\n\s*\n", "\n".join(lines))]
        return any(self.in_order(parts, text) for kind in CODE[language] for text in self.texts.get(kind, ()))

    @staticmethod
    def in_order(parts, text):
        at = 0
        for part in parts:
            at = text.find(part, at)
            if at < 0:
                return False
            at += len(part) - 1  # the end of a line is the beginning of the next
        return True


def runs(root, page):
    """Says whether a script names the page, and so runs its commands."""
    name = str(page.relative_to(root))
    for folder in RUNNERS:
        for script in (root / folder).glob("*.sh"):
            if re.search(rf"(?<![\w/-]){re.escape(name)}\b", script.read_text(encoding="utf-8")):
                return True
    return False


def enumerators(header, name):
    """Returns the names of an enumeration's values."""
    body = re.search(rf"enum class {name} {{(.*?)}};", header.read_text(encoding="utf-8"), re.S)[1]
    return re.findall(r"^\s*(\w+),", re.sub(r"//.*", "", body), re.M)


def calls_of(header):
    """Returns the names of the public member functions of Caller."""
    body = re.search(r"class [\w ]*Caller {\n public:(.*?)\n private:", header.read_text(encoding="utf-8"), re.S)[1]
    return re.findall(r"^    \w[\w:<>, ]*?[ &](\w+)\(", body, re.M)


def errors_of(root):
    """Yields the errors of all pages."""
    sources = Sources(root)
    commands = set(re.findall(r"^\./dev ([\w-]+)", (root / "dev").read_text(encoding="utf-8"), re.M))
    for page in pages_of(root):
        name = page.relative_to(root)
        for language, lines in listings_of(page):
            if language in CODE and not sources.have(language, lines):
                yield f"{name}: no file that is built has this listing: {bare(lines)[0]}"
            if language == "sh" and not runs(root, page):
                yield f"{name}: no script runs its commands"
        for command in re.findall(r"(?<![\w/])\./dev ([a-z][\w-]*)", page.read_text(encoding="utf-8")):
            if command not in commands | {"help"}:
                yield f"{name}: there is no ./dev {command}"
    embedding = (root / "docs/embedding.md").read_text(encoding="utf-8")
    for header, enum in (("action.hpp", "Action"), ("events.hpp", "EventKind")):
        for value in enumerators(root / "coder_users" / header, enum):
            if f"`{value}`" not in embedding:
                yield f"docs/embedding.md: {enum}::{value} is missing"
    for call in calls_of(root / "coder_users/caller.hpp"):
        if f"`{call}`" not in embedding:
            yield f"docs/embedding.md: Caller::{call}() is missing"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    errors = sorted(set(errors_of(root)))
    print("\n".join(errors), end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
