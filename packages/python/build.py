#!/usr/bin/env python3
"""Makes the wheel of coder-users: the package beside this file, with a program inside.

build.py <program> <folder for the wheel>

The program is the target coder_users_portable. The tag of the wheel is found out from what
the program needs of the system. The same files make the same wheel, byte for byte. Nothing is fetched:
a wheel is a zip with a list of its files."""
import base64
import hashlib
import os
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "coder_users"

# What manylinux lets a wheel take from the system, as far as a C++ program can need it.
FROM_THE_SYSTEM = re.compile(r"(libc|libm|libdl|libpthread|librt|libresolv)\.so\.\d+|ld-linux-.*")
# Whose code is linked in, under which licence, and where Debian keeps its text.
LINKED_IN = {"libssl-dev": "Apache-2.0", "libsqlite3-dev": "blessing", "libcrypt-dev": "LGPL-2.1-or-later",
             "libsqlitecpp-dev": "MIT", "picojson-dev": "BSD-2-Clause", "libcli11-dev": "BSD-3-Clause",
             "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1"}


def fail(text: str) -> None:
    sys.exit(f"build.py: {text}")


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def version_of_sources() -> str:
    found = re.search(r'version = "([0-9.]+)"', (ROOT / "coder_users/api.hpp").read_text())
    assert found
    return found[1]


def platform_tag(program: Path) -> str:
    """The oldest manylinux on which the program runs."""
    dynamic = output_of("readelf", "--wide", "--dynamic", "--version-info", program)
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if not FROM_THE_SYSTEM.fullmatch(library):
            fail(f"{program} needs {library}, which other systems may not have: take the "
                 "program of the target coder_users_portable")
    needed = [tuple(map(int, each.split("."))) for each in
              re.findall(r"Name: GLIBC_([0-9.]+)", dynamic)]
    if not needed:
        fail(f"{program} does not say which C library it needs")
    major, minor = max(needed)[:2]
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def licences(program: Path) -> dict[str, bytes]:
    texts = {"LICENSE": (ROOT / "LICENSE").read_bytes()}
    for package in LINKED_IN:
        texts[f"{package}.txt"] = Path("/usr/share/doc", package, "copyright").read_bytes()
    cache = (program.parents[1] / "CMakeCache.txt").read_text()
    source = re.search(r"FETCHCONTENT_SOURCE_DIR_HTTPLIB:[A-Z]+=(.+)", cache)
    httplib = Path(source[1], "LICENSE") if source else \
        Path("/usr/share/doc/libcpp-httplib-dev/copyright")
    texts["cpp-httplib.txt"] = httplib.read_bytes()
    return texts


def metadata(version: str, licence_files: list[str]) -> str:
    licence = " AND ".join(sorted({"MIT", *LINKED_IN.values()}))
    return "\n".join([
        "Metadata-Version: 2.4", "Name: coder-users", f"Version: {version}",
        "Summary: A server with Coder's users API for tests, and fixtures for pytest",
        "Keywords: coder,pytest,testing", f"License-Expression: {licence}",
        *(f"License-File: {each}" for each in licence_files),
        "Requires-Python: >=3.10", "Classifier: Framework :: Pytest",
        "Classifier: Operating System :: POSIX :: Linux", "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown", "", (HERE / "README.md").read_text()])


def files_of(program: Path, version: str, tag: str) -> dict[str, bytes]:
    files = {path.relative_to(HERE / "src").as_posix(): path.read_bytes()
             for path in sorted((HERE / "src" / NAME).iterdir()) if path.is_file()}
    files[f"{NAME}/bin/coder-users"] = program.read_bytes()
    info = f"{NAME}-{version}.dist-info"
    texts = licences(program)
    files |= {f"{info}/licenses/{name}": text for name, text in texts.items()}
    written = {
        "METADATA": metadata(version, sorted(texts)),
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: coder_users\nRoot-Is-Purelib: false\nTag: {tag}\n",
        "entry_points.txt": f"[console_scripts]\ncoder-users = {NAME}.__main__:main\n\n"
                            f"[pytest11]\n{NAME} = {NAME}.pytest_plugin\n"}
    files |= {f"{info}/{name}": text.encode() for name, text in written.items()}
    record = f"{info}/RECORD"
    lines = [f"{name},sha256={digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    return files


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    if len(sys.argv) != 3:
        fail("arguments: <program> <folder for the wheel>")
    program, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    version = version_of_sources()
    if output_of(program, "--version").split()[-1] != version:
        fail(f"{program} is not of version {version}, as the sources are: build it anew")
    tag = f"py3-none-{platform_tag(program)}"
    files = files_of(program, version, tag)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{NAME}-*.whl"):
        old.unlink()
    wheel = folder / f"{NAME}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if "/bin/" in name else 0o100644) << 16
            archive.writestr(entry, content)
    print(f"{wheel} ({os.path.getsize(wheel) / 1e6:.1f} MB)")


main()
