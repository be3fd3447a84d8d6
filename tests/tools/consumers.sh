#!/bin/bash
# Builds and runs hosts that use the library in every way it can be had. Needs build/default with
# the library in it; everything else lies in a folder of its own that goes at the end.
# $CODER_USERS_TEST_DATABASE is the address of an empty database of PostgreSQL.
# Arguments: what CMake must be told to find cpp-httplib.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
other=
trap 'kill $other 2>/dev/null || :; rm -rf "$work"' EXIT
export CMAKE_GENERATOR=Ninja CMAKE_BUILD_TYPE=Debug CTEST_OUTPUT_ON_FAILURE=1
quick=(-D CMAKE_CXX_FLAGS=-O0 -D CMAKE_CXX_FLAGS_DEBUG=) # what is tested is how it fits together
clang=$(command -v clang++ || true)

consumer() { # name, compiler, CMake arguments
    local name=$1 compiler=$2 start=$SECONDS results
    shift 2
    cmake -S "$root/tests/consumers" -B "$work/$name" -D CMAKE_CXX_COMPILER="$compiler" \
        "${quick[@]}" "$@" >"$work/$name.log" || { cat "$work/$name.log"; exit 1; }
    cmake --build "$work/$name" --parallel 1 >"$work/$name.log" || { cat "$work/$name.log"; exit 1; }
    results=$(ctest --test-dir "$work/$name" --no-tests=error) || { echo "== $name"; echo "$results"; exit 1; }
    printf '== %s (%d s)\n%s\n' "$name" $((SECONDS - start)) "$(grep -E '^ *[0-9]+/' <<<"$results")"
}

installed=$work/installed
cmake --install "$root/build/default" --prefix "$installed" >/dev/null

from_package() {
    consumer package g++ -D HOW=package -D COMPONENTS=postgres -D STANDARDS='17;20;23' -D CMAKE_PREFIX_PATH="$installed"
    [ -z "$clang" ] || consumer package-clang "$clang" -D HOW=package -D STANDARDS=17 \
        -D CMAKE_PREFIX_PATH="$installed"
    consumer header-only "${clang:-g++}" -D HOW=package -D COMPONENTS=postgres -D FORM=header_only \
        -D CMAKE_PREFIX_PATH="$installed"
}

# The lines that docs/installing.md shows name a repository and the tag of this version: these
# sources with that tag, which git is told to look for here.
make_repository() {
    local version repository=$work/repository git
    version=$(sed -n 's/.*char\* version = "\([0-9.]*\)".*/\1/p' "$root/coder_users/api.hpp")
    mkdir "$repository"
    tar -C "$root" -c --exclude=./build --exclude=./.git . | tar -x -C "$repository"
    git=(git -C "$repository" -c user.name=consumer -c user.email=consumer@example.com)
    git init -q "$repository"
    "${git[@]}" add -A
    "${git[@]}" commit -q --no-verify --no-gpg-sign -m 'A version'
    "${git[@]}" tag "v$version"
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$repository.insteadOf" \
        GIT_CONFIG_VALUE_0=https://example.com/coder_users.git
}

# What CPM fetches is built like any subdirectory, so nothing is compiled here.
by_cpm() {
    local hosts=$work/cpm-hosts cpm=https://github.com/cpm-cmake/CPM.cmake/releases/download/v0.40.2/CPM.cmake
    cp -r "$root/tests/consumers" "$hosts"
    mkdir "$hosts/cmake"
    if ! curl -fsSL --max-time 30 -o "$hosts/cmake/CPM.cmake" "$cpm" 2>/dev/null; then
        echo '== CPM.cmake cannot be fetched: a stand-in reads its lines'
        cp "$root/tests/consumers/cpm_stand_in.cmake" "$hosts/cmake/CPM.cmake"
    fi
    cmake -S "$hosts" -B "$work/cpm" "${quick[@]}" -D HOW=cpm -D LIBRARY="$root" -D STANDARDS=17 "$@" \
        >"$work/cpm.log" 2>&1 || { cat "$work/cpm.log"; exit 1; }
    [ -e "$work/cpm/_deps/coder_users-src/coder_users.hpp" ] || { echo 'nothing was fetched' >&2; exit 1; }
    echo '== cpm: configured'
}

from_sources() {
    make_repository
    by_cpm "$@"
    # The static form is what is installed above; fetched, it is built as a shared library, once.
    consumer fetch g++ -D HOW=fetch -D LIBRARY="$root" -D STANDARDS=17 -D BUILD_SHARED_LIBS=ON \
        -D CODER_USERS_INSTALL=ON -D CODER_USERS_POSTGRES=ON -D CMAKE_POSITION_INDEPENDENT_CODE=ON "$@"

    echo '== shared library'
    cmake --install "$work/fetch" --prefix "$work/shared-installed" >/dev/null
    library=$(find "$work/shared-installed" -name 'libcoder_users.so')
    [ -n "$library" ] || { echo 'no shared library was installed' >&2; exit 1; }
    # But for what tells the library of its part for PostgreSQL.
    if nm -DC --defined-only "$library" | grep -E '^[0-9a-f]+ . coder_users::v0::(base|fields|store|rules|wire|operations|login|http|net|service|control|stand_in)::' |
        grep -v ' coder_users::v0::store::open_postgres$'; then
        echo 'the inside of the library is exported' >&2
        exit 1
    fi
    consumer shared g++ -D HOW=package -D COMPONENTS=postgres -D STANDARDS=17 -D CMAKE_PREFIX_PATH="$work/shared-installed"

    # Nothing to build beforehand, and without the page. clang++ takes a third of the time of g++.
    consumer subdirectory "${clang:-g++}" -D HOW=subdirectory -D LIBRARY="$root" -D FORM=header_only \
        -D CODER_USERS_WEB_PAGE=OFF "$@"
}

without_cmake() {
    echo '== pkg-config'
    export PKG_CONFIG_PATH=$installed/lib/pkgconfig:$installed/lib/$(gcc -dumpmachine)/pkgconfig
    for compiler in g++ $clang; do
        # shellcheck disable=SC2046
        "$compiler" -std=c++17 -O0 "$root"/tests/consumers/{host,other}.cpp -o "$work/by-pkg-config" \
            $(pkg-config --cflags --libs coder_users)
        "$work/by-pkg-config"
    done
    # shellcheck disable=SC2046
    g++ -std=c++17 -O0 -D HAS_POSTGRES "$root/tests/consumers/postgres.cpp" -o "$work/postgres-by-pkg-config" \
        $(pkg-config --cflags --libs coder_users-postgres)
    "$work/postgres-by-pkg-config"

    echo '== macros of cpp-httplib that differ are a link error'
    # shellcheck disable=SC2046
    if g++ -std=c++17 -O0 "$root/tests/consumers/mount.cpp" -o "$work/mismatch" \
        $(pkg-config --cflags coder_users) -U CPPHTTPLIB_OPENSSL_SUPPORT \
        $(pkg-config --libs coder_users) 2>"$work/log"; then
        echo 'it linked' >&2
        exit 1
    fi
    grep -m1 -o 'undefined reference to .*HttpAbi<[0-9a-z]*>' "$work/log"
}

single_header() {
    echo '== single header'
    "$root/tests/tools/amalgamate.py" "$work/single"
    # One source, since each takes a minute; the tests have hundreds (./dev single-header).
    printf '#include "%s"\n' "$root"/tests/consumers/{host,other}.cpp >"$work/single/both.cpp"
    # shellcheck disable=SC2046
    g++ -std=c++17 -O0 -I "$work/single" "$work/single/both.cpp" -o "$work/single/host" \
        $(pkg-config --cflags coder_users | sed 's/-DCODER_USERS_COMPILED//') \
        $(pkg-config --libs coder_users | sed 's/-lcoder_users//')
    "$work/single/host"
}

projects_of_pages() {
    echo '== projects of the pages'
    mkdir "$work/project"
    cp "$root/examples/projects/subdirectory/CMakeLists.txt" "$work/project"
    ln -s "$root" "$work/project/coder_users"
    # That it builds and runs is shown below, of the same sources.
    cmake -S "$work/project" -B "$work/subdirectory-project" "$@" >"$work/project.log" 2>&1 ||
        { cat "$work/project.log"; exit 1; }
    # The target is there; what is built with it is shown above.
    mkdir "$work/postgres-project"
    cp "$root/examples/projects/postgres/CMakeLists.txt" "$work/postgres-project"
    cp "$root/tests/consumers/postgres.cpp" "$work/postgres-project/main.cpp"
    cmake -S "$work/postgres-project" -B "$work/postgres-project/build" -D CMAKE_PREFIX_PATH="$installed" \
        >"$work/project.log" 2>&1 || { cat "$work/project.log"; exit 1; }
    cmake -S "$root/examples/integration_test" -B "$work/project-tests" "${quick[@]}" \
        -D CMAKE_CXX_FLAGS="-O0 -I$root/tests/catch2_shim" -D CMAKE_PREFIX_PATH="$installed" >"$work/project.log"
    cmake --build "$work/project-tests" --parallel 1 >"$work/project.log" || { cat "$work/project.log"; exit 1; }
    ctest --test-dir "$work/project-tests" --no-tests=error | grep -E '^ *[0-9]+/|tests (passed|failed)'
}

# Two at once, each with one compiler: a header-only host takes more than a gigabyte to compile.
of_what_is_installed() {
    from_package
    projects_of_pages "$@"
    without_cmake
    single_header
}
of_what_is_installed "$@" &
other=$!
from_sources "$@"
wait "$other"
other= # nothing is left to end
echo 'every consumer works'
