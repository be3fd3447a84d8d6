#!/usr/bin/env python3
"""Checks that every row of docs/guarantees.md names a check, and that the named checks exist.

Usage: guarantees.py [directory of the project]
"""

import pathlib
import re
import sys

# How many threats and promises each letter has. Each must have its row.
IDS = {"R": 21, "P": 21, "T": 17, "L": 12, "O": 16, "H": 24, "D": 11}
BY_OTHER_MEANS = ("by construction: ", "by documentation: ")
ROOMS = ("base", "data", "external", "faults", "memory", "net", "postgres", "routes", "rules", "service",
         "store", "testing", "wire")


def test_names(root):
    """Returns the names of tests as in ctest: with the room in front, or with the kind of test."""
    names = set()
    case = re.compile(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
    for room in ROOMS:
        for source in (root / "tests" / room).glob("*.cpp"):
            for literals in case.findall(source.read_text(encoding="utf-8")):
                title = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
                names.add(f"{room}/" + re.sub(r"\\(.)", r"\1", title))
    names.update("fuzz/" + f.stem for f in (root / "tests/fuzz").glob("*_fuzz.cpp"))
    names.update("script/" + f.stem for f in (root / "tests/scripts").glob("*.sh"))
    cmake = (root / "tests/CMakeLists.txt").read_text(encoding="utf-8")
    names.update("house/" + name for name in re.findall(r"add_house_test\((\w+) ", cmake))
    return names


def errors_of(root):
    """Yields the errors of the page."""
    page = (root / "docs/guarantees.md").read_text(encoding="utf-8")
    names = test_names(root)
    commands = set(re.findall(r"^\./dev ([\w-]+)", (root / "dev").read_text(encoding="utf-8"), re.M))
    seen = set()
    for line in page.splitlines():
        row = re.match(r"\| ([A-Z]\d+) \| .* \| (.*) \|$", line)
        if not row:
            continue
        seen.add(row[1])
        checks = re.findall(r"`([^`]*)`", row[2])
        found = row[2].startswith(BY_OTHER_MEANS)
        for check in checks:
            if check.startswith("./dev "):
                found = True
                if check.split()[1] not in commands:
                    yield f"{row[1]}: there is no {check}"
            elif re.match(r"(%s|fuzz|script|house)/" % "|".join(ROOMS), check):
                found = True
                if check not in names:
                    yield f"{row[1]}: there is no test {check}"
        if not found:
            yield f"{row[1]}: nothing checks it"
    for letter, count in IDS.items():
        for number in range(1, count + 1):
            if f"{letter}{number}" not in seen:
                yield f"{letter}{number} has no row"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    errors = list(errors_of(root))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
