#!/usr/bin/env python3
"""Writes coder_users/internal/http/page_files.hpp from the files below web/; --check only compares them."""

import gzip
import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "web"
HEADER = ROOT / "coder_users" / "internal" / "http" / "page_files.hpp"
FOR_TYPES_ONLY = {"types.js"}
LIMIT = 90 * 1024  # bytes of all files together, as gzip
LINE = 96  # columns of a line of bytes

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

TEMPLATE = """\
// Internal: may change at any time.
// The files of the web page as gzip, written from web/ by tests/tools/embed_page.py.
#pragma once

#include <vector>

#include "coder_users/config.hpp"
#include "coder_users/internal/http/page_file.hpp"

// clang-format off
#ifndef CODER_USERS_NO_WEB_PAGE
namespace coder_users {{ inline namespace v0 {{ namespace http {{

CODER_USERS_INLINE const std::vector<PageFile>& page_files() {{
    static const std::vector<PageFile> files = {{
{files}    }};
    return files;
}}

}}}}}}  // namespace coder_users::v0::http
#else
namespace coder_users {{ inline namespace v0 {{ namespace http {{

CODER_USERS_INLINE const std::vector<PageFile>& page_files() {{
    static const std::vector<PageFile> none;
    return none;
}}

}}}}}}  // namespace coder_users::v0::http
#endif
"""

FILE = """\
        {{"/{path}", "{type}", "\\"{tag}\\"", {{
{literals}, {size}}}}},
"""

ENTRY = re.compile(r'\{"/([^"]+)", "([^"]+)", "\\"(\w+)\\"", \{\n((?:"[^"]*"\n?)+), (\d+)\}\},')


def source_files():
    """Returns the files by their paths below web/."""
    return {str(path.relative_to(SOURCE)): path.read_bytes()
            for path in sorted(SOURCE.rglob("*"))
            if path.suffix in TYPES and path.name not in FOR_TYPES_ONLY}


def check_preloads(files):
    """Scripts that the document does not name would be fetched one after another."""
    document = files["index.html"].decode()
    missing = [path for path in files if path.endswith(".js") and f'"./{path}"' not in document]
    if missing:
        sys.exit(f"web/index.html does not preload {', '.join(missing)}")


def tag(content):
    return hashlib.sha256(content).hexdigest()[:20]


def literals(packed):
    """Returns the bytes as adjacent strings. Letters and digits stand for themselves, all else is
    octal, so that no reader of the source sees a comment in it."""
    lines = [""]
    for byte in packed:
        text = chr(byte) if chr(byte).isascii() and chr(byte).isalpha() else f"\\{byte:03o}"
        if len(lines[-1]) + len(text) > LINE:
            lines.append("")
        lines[-1] += text
    return "\n".join(f'"{line}"' for line in lines)


def packed_bytes(text):
    found = re.findall(r"\\(\d{3})|([A-Za-z])", text.replace('"', ""))
    return bytes(int(octal, 8) if octal else ord(letter) for octal, letter in found)


def embedded_files(header):
    """Returns the files that the header holds. Other versions of zlib pack other bytes, so what they
    hold is compared."""
    return {path: (type_, tag_, gzip.decompress(packed_bytes(text)))
            for path, type_, tag_, text, _ in ENTRY.findall(header)}


def write():
    total = 0
    files = ""
    sources = source_files()
    check_preloads(sources)
    for path, content in sources.items():
        packed = gzip.compress(content, 9, mtime=0)
        total += len(packed)
        files += FILE.format(path=path, type=TYPES[pathlib.Path(path).suffix], tag=tag(content),
                             literals=literals(packed), size=len(packed))
    if total > LIMIT:
        sys.exit(f"web/ has {total} bytes as gzip, more than {LIMIT}")
    text = TEMPLATE.format(files=files)
    if not HEADER.exists() or HEADER.read_text(encoding="utf-8") != text:
        HEADER.write_text(text, encoding="utf-8")
    print(f"{total} of {LIMIT} bytes")


def check():
    header = HEADER.read_text(encoding="utf-8") if HEADER.exists() else ""
    total = sum(int(size) for _, _, _, _, size in ENTRY.findall(header))
    if total > LIMIT:
        sys.exit(f"{HEADER.name} has {total} bytes of gzip, more than {LIMIT}")
    wanted = {path: (TYPES[pathlib.Path(path).suffix], tag(content), content)
              for path, content in source_files().items()}
    if not wanted or embedded_files(header) != wanted:
        sys.exit(f"{HEADER.name} does not hold the files of web/: run tests/tools/embed_page.py")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else write()
