#!/bin/bash
# Builds the Conan package from this checkout, with the system's libraries, and runs its test
# package. Conan comes from PyPI.
# Usage: build.sh FOLDER [HTTPLIB_SOURCE]
# FOLDER keeps Conan and its caches. HTTPLIB_SOURCE is a source tree of cpp-httplib, where the
# system's package is too old.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
conan=$folder/venv/bin/conan
version=2.34.0
if [ "$("$conan" --version 2>/dev/null)" != "Conan version $version" ]; then
    python3 -m venv --clear "$folder/venv"
    "$folder/venv/bin/pip" -q --disable-pip-version-check install "conan==$version"
fi
export CONAN_HOME=$folder/home
rm -rf "$CONAN_HOME"
"$conan" profile detect >"$folder/log" 2>&1
"$conan" remote disable '*' >"$folder/log" 2>&1 # what is not on the system is an error
httplib=()
[ -z "${2-}" ] || httplib=(-c "tools.cmake.cmaketoolchain:extra_variables={'FETCHCONTENT_SOURCE_DIR_HTTPLIB': '$2'}")
"$conan" create "$here" --profile:all "$here/system.profile" -o 'coder_users/*:postgres=True' -o 'coder_users/*:tools=True' "${httplib[@]}" \
    -c "tools.cmake.cmake_layout:test_folder=$folder/test" -c 'tools.cmake.cmaketoolchain:user_presets=' \
    >"$folder/log" 2>&1 || { tail -n 60 "$folder/log" >&2; exit 1; }
grep '^coder_users ' "$folder/log"
