#!/usr/bin/env python3
"""Counts what single requests cost and fails when one grew by more than 3 %.

growth.py <program> [--write]: compares with growth.txt beside this script, or writes it.
Instructions are counted by callgrind, from the bytes of a request to those of its answer, without
sockets and threads; allocations, writes of pages and system calls over a socket, by strace. The figures are those of Debian 12's compiler and libraries;
elsewhere they are only shown.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ALLOWED = 1.03
FIGURES = pathlib.Path(__file__).with_name("growth.txt")
COLUMNS = ("instructions", "allocations", "page writes", "system calls")
# Those of the client, and those whose number depends on which thread comes first.
NOT_COUNTED = ("read", "write", "futex", "access")


def run(command):
    # Code that is chosen by the processor would count differently elsewhere.
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OPENSSL_ia32cap": "0:0",
             "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-BMI1,-BMI2,-LZCNT,-ERMS,-FSRM,-RTM,"
                               "-SSE4_2,-SSE4_1,-SSSE3"}).stdout


def instructions(program, folder):
    """Of one request of each kind."""
    # Fair, so that the thread that looks at the file gets its turn: without it no session is kept.
    calls = int(run(["valgrind", "--quiet", "--fair-sched=yes", "--tool=callgrind",
                     "--collect-atstart=no",
                     f"--callgrind-out-file={folder}/out", program, "instructions",
                     f"{folder}/instructions.db"]))
    counts = {}
    for part in pathlib.Path(folder).glob("out*"):
        text = part.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.MULTILINE)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if name and total:
            counts[name.group(1)] = int(total.group(1)) / calls
    return counts


def system_calls(log):
    """The calls of each kind of request by name: between two marks."""
    counts, kind = {}, ""
    for line in log.read_text().splitlines():
        mark = re.match(r'\d+ +access\("(\w*)", F_OK', line)
        call = re.match(r"\d+ +(\w+)\(", line)
        if mark:
            kind = mark.group(1)
        elif call and kind and call.group(1) not in NOT_COUNTED:
            named = counts.setdefault(kind, {})
            named[call.group(1)] = named.get(call.group(1), 0) + 1
    return counts


def over_socket(program, folder):
    """Allocations, writes of pages and system calls of one request of each kind."""
    log = pathlib.Path(folder) / "calls"
    *lines, calls = run(["strace", "-f", "-qq", "-e", "signal=none", "-o", str(log), program,
                         "calls", f"{folder}/calls.db"]).splitlines()
    by_name = system_calls(log)
    costs = {}
    for line in lines:
        name, made = line.split()
        named = {call: count / int(calls) for call, count in by_name[name].items()}
        costs[name] = (int(made) / int(calls), named.get("pwrite64", 0), sum(named.values()))
        print(f"{name:10}" + ", ".join(f"{count:.2f} {call}" for call, count in sorted(
            named.items(), key=lambda each: -each[1]) if count >= 0.02))
    return costs


def measure(program):
    with tempfile.TemporaryDirectory() as folder:
        counted = instructions(program, folder)
        costs = {name: (counted[name], *rest)
                 for name, rest in over_socket(program, folder).items()}
    if not costs:
        sys.exit("nothing was counted")
    return costs


def platform():
    release = pathlib.Path("/etc/os-release").read_text()
    compiler = subprocess.run(["c++", "-dumpfullversion"], stdout=subprocess.PIPE, text=True)
    version = re.search(r'^VERSION_ID="?([\w.]+)', release, re.MULTILINE)
    return f"{version.group(1) if version else '?'} {compiler.stdout.strip()}"


def write(costs):
    lines = [f"# {', '.join(COLUMNS)} of one request; platform: {platform()}"]
    lines += [f"{name} {cost[0]:.0f} " + " ".join(f"{each:.2f}" for each in cost[1:])
              for name, cost in costs.items()]
    FIGURES.write_text("\n".join(lines) + "\n")


def compare(costs):
    """Prints the figures; returns those that grew."""
    grown = []
    for row in FIGURES.read_text().splitlines()[1:]:
        name, *known = row.split()
        for column, before, now in zip(COLUMNS, map(float, known), costs[name]):
            ratio = now / before if before else 1.0 if now < 0.01 else float("inf")
            print(f"{name:10}{now:12,.2f} {column:13}{ratio - 1:+8.1%} of {before:,.2f}")
            if ratio > ALLOWED:
                grown.append(f"{column} of {name}")
    return grown


def main():
    costs = measure(sys.argv[1])
    if sys.argv[2:] == ["--write"]:
        return write(costs)
    grown = compare(costs)
    if not FIGURES.read_text().splitlines()[0].endswith(": " + platform()):
        print("another compiler or system than the committed figures are of: not judged")
    elif grown:
        sys.exit(f"more work than before: {', '.join(grown)}. If that is worth it, say why in the "
                 "change and run growth.py --write.")


if __name__ == "__main__":
    main()
