#!/usr/bin/env bash
# The image of packages/container, made with buildah and used. It stands on a Debian made of the packages of
# this system's archive, since no registry of images may be reached. As root. Arguments: the program that needs
# nothing but a C library, a Debian mirror, the folder of run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
program=$(realpath "$1") mirror=$2 made=$(realpath -m "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build() { buildah --storage-driver vfs --root "$work/images" --runroot "$work/run" "$@"; }
not_tried() { # why
    echo "The image is not tried, for this system cannot: $1"
    exit 0
}

base=$made/debian.tar
if [ ! -e "$base" ]; then
    mmdebstrap --quiet --variant=extract --include=base-files,bash,coreutils,dash,libc-bin,libc6 \
        bookworm "$made/unfinished.tar" "$mirror" || not_tried 'no base can be made'
    mv "$made/unfinished.tar" "$base"
fi
container=$(build from scratch)
build add --quiet "$container" "$base" / >"$work/said"
# Not every system lets even root start a program in another root folder.
build run --isolation chroot "$container" -- true >"$work/said" 2>&1 || not_tried "buildah: $(tail -n 1 "$work/said")"
build commit --quiet "$container" localhost/base >"$work/said"
build build --quiet --format docker --isolation chroot --build-arg BASE=localhost/base \
    -f "$source/packages/container/Containerfile" -t coder-users "$(dirname "$program")" >"$work/said"
"$made/environment/bin/python" "$here/image_test.py" "$(build from localhost/coder-users)" \
    buildah --storage-driver vfs --root "$work/images" --runroot "$work/run"
