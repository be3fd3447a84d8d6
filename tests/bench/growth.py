#!/usr/bin/env python3
"""Counts the instructions of single requests and fails when one grew by more than 5 %.

growth.py <program> [--write]: compares with growth.txt beside this script, or writes it.
The figures are those of Debian 12's compiler and libraries; elsewhere they are only shown.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ALLOWED = 1.05
FIGURES = pathlib.Path(__file__).with_name("growth.txt")
NAMES = ("me", "list", "token")


def measure(program):
    """Instructions of one call of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
             f"--callgrind-out-file={folder}/out", program, f"{folder}/growth.db"],
            # Code that is chosen by the processor would count differently elsewhere.
            env={**os.environ, "OPENSSL_ia32cap": "0:0",
                 "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-BMI1,-BMI2,-LZCNT,-ERMS,-FSRM,"
                                   "-RTM,-SSE4_2,-SSE4_1,-SSSE3"},
            check=True, stdout=subprocess.PIPE, text=True)
        calls = int(run.stdout)
        counts = {}
        for part in pathlib.Path(folder).glob("out*"):
            text = part.read_text()
            name = re.search(r"^desc: Trigger: .*?(\w+)$", text, re.MULTILINE)
            total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
            if name and total and name.group(1) in NAMES:
                counts[name.group(1)] = int(total.group(1)) // calls
    missing = [name for name in NAMES if not counts.get(name)]
    if missing:
        sys.exit(f"nothing counted for {', '.join(missing)}")
    return counts


def platform():
    release = pathlib.Path("/etc/os-release").read_text()
    compiler = subprocess.run(["c++", "-dumpfullversion"], stdout=subprocess.PIPE, text=True)
    version = re.search(r'^VERSION_ID="?([\w.]+)', release, re.MULTILINE)
    return f"{version.group(1) if version else '?'} {compiler.stdout.strip()}"


def main():
    counts = measure(sys.argv[1])
    if sys.argv[2:] == ["--write"]:
        lines = [f"# instructions of one request; platform: {platform()}"]
        lines += [f"{name} {counts[name]}" for name in NAMES]
        FIGURES.write_text("\n".join(lines) + "\n")
        return
    head, *rows = FIGURES.read_text().splitlines()
    known = {name: int(count) for name, count in (row.split() for row in rows)}
    comparable = head.endswith(": " + platform())
    grown = []
    for name in NAMES:
        ratio = counts[name] / known[name]
        print(f"{name:8}{counts[name]:12,} instructions{ratio - 1:+8.1%} of {known[name]:,}")
        if ratio > ALLOWED:
            grown.append(name)
    if not comparable:
        print("another compiler or system than the committed figures are of: not judged")
    elif grown:
        sys.exit(f"more work than before: {', '.join(grown)}. If that is worth it, say why in the "
                 "change and run growth.py --write.")


if __name__ == "__main__":
    main()
