#!/usr/bin/env python3
"""Writes the headers that embed the schemas of both engines; --check only compares them."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORE = ROOT / "coder_users" / "internal" / "store"
# The texts, with the header and the namespace of each.
SCHEMAS = [
    (ROOT / "schema.sql", STORE / "sqlite" / "schema_sql.hpp", "store"),
    (STORE / "postgres" / "schema.sql", STORE / "postgres" / "schema_sql.hpp", "store postgres"),
]
LITERAL_LIMIT = 60_000  # bytes; some compilers refuse longer string literals

TEMPLATE = """\
// Internal: may change at any time.
// The text of {source}, written by tests/tools/embed_schema.py.
#pragma once

namespace coder_users {{ inline namespace v0 {{ {opened}

inline constexpr const char schema_sql[] = {literals};

{closed}  // namespace coder_users::v0::{inner}
"""


def literals(source):
    """Returns the text as adjacent raw strings, cut between lines."""
    sql = source.read_text(encoding="utf-8")
    if ')sql"' in sql:
        sys.exit(f'{source.name} holds )sql", which would end the string')
    pieces = [""]
    for line in sql.splitlines(keepends=True):
        if len((pieces[-1] + line).encode()) > LITERAL_LIMIT:
            pieces.append("")
        pieces[-1] += line
    return "\n".join(f'R"sql(\n{piece})sql"' for piece in pieces)


def header_of(source, namespaces):
    inner = namespaces.split()
    return TEMPLATE.format(
        source=source.relative_to(ROOT).as_posix().removeprefix("coder_users/internal/"), literals=literals(source),
        opened=" ".join(f"namespace {each} {{" for each in inner),
        closed="}" * (len(inner) + 2), inner="::".join(inner))


def main():
    for source, header, namespaces in SCHEMAS:
        text = header_of(source, namespaces)
        if sys.argv[1:] != ["--check"]:
            header.write_text(text, encoding="utf-8")
        elif not header.exists() or header.read_text(encoding="utf-8") != text:
            sys.exit(f"{header.name} does not hold {source.name}: run tests/tools/embed_schema.py")


if __name__ == "__main__":
    main()
