#!/bin/bash
# Makes a release from what is committed: everything comes from a clean clone, and two runs write
# the same bytes.
# Usage: release.sh make FOLDER [HTTPLIB_SOURCE]   write the release into a new or empty folder
#        release.sh notes VERSION CHANGELOG        print what a changelog says of a version
#        release.sh check FOLDER                   try the files of a release
# HTTPLIB_SOURCE is a source tree of cpp-httplib, where Debian's package is too old.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export LC_ALL=C TZ=UTC
umask 022
fail() {
    echo "release: $*" >&2
    exit 1
}

notes() { # version, changelog
    local text
    text=$(awk -v heading="## [$1]" '/^## / { inside = index($0, heading) == 1; next } inside' "$2")
    [ -n "${text//[[:space:]]/}" ] || fail "$2 has no section [$1]"
    printf '%s\n' "$text" | sed '/./,$!d'
}

source_archive() { # clone, name, target
    git -C "$1" -c tar.umask=0022 archive --format=tar --prefix="$2/" HEAD | gzip -9n >"$3"
}

# The changelog of the packages says of a version where to read more, and when it was committed.
debian_changelog() { # version, commit time
    printf 'coder-users (%s-1) unstable; urgency=medium\n\n  * Version %s; see CHANGELOG.md.\n\n' "$1" "$1"
    printf ' -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' packages/debian/control)" "$(date -R -d "@$2")"
}

debian_packages() { # unpacked sources, version, commit time, cpp-httplib
    local profile=()
    cd "$1"
    cp -r packages/debian debian
    debian_changelog "$2" "$3" >debian/changelog
    if [ -n "$4" ]; then
        export HTTPLIB_SOURCE=$4
        profile=(-Ppkg.coder-users.bundled-httplib)
    fi
    env DEB_BUILD_OPTIONS=noautodbgsym SOURCE_DATE_EPOCH="$3" \
        dpkg-buildpackage --build=binary --no-sign -ui "${profile[@]}" >../log 2>&1 ||
        { tail -n 40 ../log >&2; fail 'dpkg-buildpackage failed'; }
}

make_release() { # folder, cpp-httplib
    local target version name time work
    mkdir -p "$1"
    target=$(cd "$1" && pwd)
    [ -z "$(ls -A "$target")" ] || fail "$1 is not empty"
    git -C "$root" rev-parse -q --verify HEAD >/dev/null || fail "$root is no clone"
    [ -z "$(git -C "$root" status --porcelain)" ] || echo 'Not in the release: what is not committed'

    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    git clone -q --no-hardlinks "$root" "$work/clone"
    time=$(git -C "$work/clone" log -1 --format=%ct)
    version=$(sed -n 's/.*char\* version = "\([0-9.]*\)".*/\1/p' "$work/clone/coder_users/api.hpp")
    name=coder_users-$version
    notes "$version" "$work/clone/CHANGELOG.md" >"$work/notes.md"
    source_archive "$work/clone" "$name" "$work/$name.tar.gz"

    # What follows comes out of the archive, so nothing is missing in it.
    tar -xzf "$work/$name.tar.gz" -C "$work"
    python3 "$work/$name/tests/tools/amalgamate.py" "$work/single"
    (debian_packages "$work/$name" "$version" "$time" "${2-}")

    mv "$work/$name.tar.gz" "$work/notes.md" "$work/single/coder_users.hpp" "$work"/*.deb "$target"
    (cd "$target" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
    echo "coder_users $version in $target:"
    cat "$target/SHA256SUMS"
}

start_packaged_server() { # root with the packages, folder for the database
    LD_LIBRARY_PATH=$(dirname "$1"/usr/lib/*/libcoder_users.so.*.*.*) "$1/usr/bin/coder-users" \
        --http-address 127.0.0.1:0 --database "$2/users.db" >"$2/out" 2>"$2/err" &
    server=$!
    for _ in $(seq 100); do
        grep -q ' listens on ' "$2/out" && return
        sleep 0.1
    done
    fail "the packaged server does not start: $(cat "$2/err")"
}

# A host that knows the packages and nothing else.
build_with_packages() { # root with the packages, folder
    mkdir "$2"
    cat >"$2/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(host CXX)
find_package(coder_users REQUIRED)
add_executable(host $root/tests/consumers/host.cpp $root/tests/consumers/other.cpp)
target_link_libraries(host PRIVATE coder_users::coder_users)
END
    cmake -S "$2" -B "$2/build" -D CMAKE_PREFIX_PATH="$1/usr" -D CMAKE_BUILD_TYPE=Debug >"$2/log"
    cmake --build "$2/build" >"$2/log"
    "$2/build/host"
}

check_release() { # folder
    local folder work packages server=
    folder=$(cd "$1" && pwd)
    (cd "$folder" && sha256sum --quiet -c SHA256SUMS)
    [ "$(cd "$folder" && ls | grep -vc '^SHA256SUMS$')" = "$(wc -l <"$folder/SHA256SUMS")" ] ||
        fail 'SHA256SUMS does not list every file'
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "[ -z \"\${server-}\" ] || kill \"\$server\" 2>/dev/null || :; rm -rf '$work'" EXIT
    packages=("$folder"/*.deb)
    [ ${#packages[@]} = 3 ] || fail "there are ${#packages[@]} packages"
    for package in "${packages[@]}"; do dpkg-deb -x "$package" "$work/root"; done

    mkdir "$work/data"
    start_packaged_server "$work/root" "$work/data"
    curl -sf "$(grep -o 'http://[0-9.:]*' "$work/data/out")/readyz" >/dev/null || fail 'no answer'
    kill "$server" && wait "$server"
    server=
    build_with_packages "$work/root" "$work/host"
    check_unit "$work/root"
    echo 'The release works'
}

check_unit() { # root with the packages
    local unit
    unit=$(find "$1" -name coder-users.service -path '*/systemd/system/*')
    [ -n "$unit" ] || fail 'there is no unit'
    [ -e "$1/usr/lib/sysusers.d/coder-users.conf" ] || fail 'nothing makes the user of the service'
    grep -q '^User=coder-users$' "$unit" || fail 'the unit names another user'
    command -v systemd-sysusers >/dev/null || return 0
    # The program is not where the unit says until the package is installed.
    sed "s|^ExecStart=|&$1|" "$unit" >"$1/coder-users.service"
    systemd-analyze verify --man=no --recursive-errors=no "$1/coder-users.service"
    mkdir -p "$1/etc"
    systemd-sysusers --root="$1" >/dev/null 2>&1
    grep -q '^coder-users:' "$1/etc/passwd" || fail 'the user of the service is not made'
}

case ${1-} in
    make) make_release "${2:?folder}" "${3-}" ;;
    notes) notes "${2:?version}" "${3:?changelog}" ;;
    check) check_release "${2:?folder}" ;;
    *) fail 'usage: release.sh make FOLDER [HTTPLIB_SOURCE] | notes VERSION CHANGELOG | check FOLDER' ;;
esac
