#!/usr/bin/env python3
"""Writes coder_users/internal/store/sqlite/schema_sql.hpp from schema.sql; --check only compares them."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "schema.sql"
HEADER = ROOT / "coder_users" / "internal" / "store" / "sqlite" / "schema_sql.hpp"
LITERAL_LIMIT = 60_000  # bytes; some compilers refuse longer string literals

TEMPLATE = """\
// Internal: may change at any time.
// The text of schema.sql, written by tests/tools/embed_schema.py.
#pragma once

namespace coder_users {{ inline namespace v0 {{ namespace store {{

inline constexpr const char schema_sql[] = {literals};

}}}}}}  // namespace coder_users::v0::store
"""


def literals(sql):
    """Returns the text as adjacent raw strings, cut between lines."""
    if ')sql"' in sql:
        sys.exit(f'{SOURCE.name} holds )sql", which would end the string')
    pieces = [""]
    for line in sql.splitlines(keepends=True):
        if len((pieces[-1] + line).encode()) > LITERAL_LIMIT:
            pieces.append("")
        pieces[-1] += line
    return "\n".join(f'R"sql(\n{piece})sql"' for piece in pieces)


def main():
    header = TEMPLATE.format(literals=literals(SOURCE.read_text(encoding="utf-8")))
    if sys.argv[1:] != ["--check"]:
        HEADER.write_text(header, encoding="utf-8")
    elif not HEADER.exists() or HEADER.read_text(encoding="utf-8") != header:
        sys.exit(f"{HEADER.name} does not hold {SOURCE.name}: run tests/tools/embed_schema.py")


if __name__ == "__main__":
    main()
