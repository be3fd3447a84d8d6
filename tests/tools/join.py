#!/usr/bin/env python3
"""Writes one source that holds several test files, each in a namespace of its own.

What they include and instantiate alike is then compiled once. Their includes come first, so that none
is left to do inside a namespace. A compiler names the file and the line of an error, as ever.

    join.py <output> <file>...
    join.py --joinable <file>...   prints those files that can be joined, with a semicolon between
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r"^#include\s+(<[^>]+>|\"[^\"]+\")", re.MULTILINE)
# What has no place in a namespace, and macros, which know none.
ALONE = re.compile(r"^(#define|#undef|template <>|extern \"C\"|int main)", re.MULTILINE)


def joinable(text: str) -> bool:
    return not ALONE.search(text)


def absolute(include: str, folder: pathlib.Path) -> str:
    beside = folder / include[1:-1]
    return f'"{beside}"' if include[0] == '"' and beside.exists() else include


def joined(files: list[pathlib.Path]) -> str:
    includes: dict[str, None] = {}
    bodies = []
    for file in files:
        text = file.read_text()
        if not joinable(text):
            sys.exit(f"{file} cannot be joined any more: configure again")
        for include in INCLUDE.findall(text):
            includes[absolute(include, file.parent)] = None
        bodies.append(f'namespace joined_{file.stem} {{\n#include "{file}"\n}}\n')
    return "".join(f"#include {each}\n" for each in includes) + "\n" + "\n".join(bodies)


def main() -> None:
    first, *names = sys.argv[1:]
    files = [pathlib.Path(name).resolve() for name in names]
    if first == "--joinable":
        print(";".join(str(file) for file in files if joinable(file.read_text())), end="")
        return
    output, text = pathlib.Path(first), joined(files)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)


if __name__ == "__main__":
    main()
