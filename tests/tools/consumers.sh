#!/bin/sh
# Builds the standalone example as a host project would, with the library as a subdirectory and as
# an installed package, under flags that are stricter than ours, and asks it whether it is well.
# Arguments: what CMake must be told to find cpp-httplib.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

host() { # name, how it gets the library, target, CMake arguments
    name=$1 library=$2 target=$3
    shift 3
    echo "== $name: $target"
    mkdir "$work/$name"
    cat >"$work/$name/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(host CXX)
$library
add_compile_options(-Wall -Wextra -Weffc++ -Wold-style-cast -Wuseless-cast -Werror)
add_executable(host $root/examples/standalone/main.cpp)
target_link_libraries(host PRIVATE $target)
END
    cmake -G Ninja -S "$work/$name" -B "$work/$name/build" "$@" >/dev/null
    cmake --build "$work/$name/build"
    serve "$work/$name"
}

serve() { # directory to run in
    (cd "$1" && exec ./build/host >out 2>&1) &
    server=$!
    tries=0
    until url=$(grep -o 'http://[^ ]*' "$1/out"); do
        tries=$((tries + 1))
        if [ $tries -gt 100 ]; then
            cat "$1/out" >&2
            exit 1
        fi
        sleep 0.1
    done
    curl --silent --show-error --fail --max-time 10 "${url%/}/healthz"
    echo
    kill "$server"
    wait "$server" || [ $? = 143 ] # ended by the signal, where the example does not catch it
    server=
}

host subdirectory "add_subdirectory($root library)" coder_users::coder_users "$@"

cmake --install "$root/build/default" --prefix "$work/installed" >/dev/null
host package 'find_package(coder_users REQUIRED)' coder_users::header_only \
    -D CMAKE_PREFIX_PATH="$work/installed"
