#!/bin/bash
# Builds and tests in a clean Debian 13, made with debootstrap: its cpp-httplib 0.18, Catch2 3 and
# SQLiteCpp 3.3. As root. Leaves no mounts and no root behind.
# Usage: debian13.sh <Debian mirror> [what ./dev is to do there; default: test]
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
mirror=$1
shift
fail() {
    echo "debian13: $*" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail 'making a root needs root'
[ -n "$mirror" ] || fail 'no Debian archive in the apt settings'
if ! command -v debootstrap >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends debootstrap \
        >/dev/null
fi

# Not below the sources: they are copied into it.
root=$(mktemp -d "${TMPDIR:-/var/tmp}/coder-users-debian13.XXXXXX")
chmod 755 "$root" # apt gives its rights away to download
clean() {
    # A busy /dev or /proc of the root must never be taken for a folder to be removed.
    for mounted in proc dev; do
        ! mountpoint -q "$root/$mounted" || umount -l "$root/$mounted"
    done
    if grep -q " $root/" /proc/mounts; then
        fail "still mounted below $root, which therefore stays"
    fi
    rm -rf "$root"
}
trap clean EXIT
trap 'exit 130' INT TERM

echo "Making a root of Debian 13 from the archive of this system"
debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$mirror" >"$root.log" ||
    { tail -20 "$root.log"; rm -f "$root.log"; exit 1; }
rm -f "$root.log"
# What this system needs to reach its archive, the root needs, too.
for file in /etc/resolv.conf /etc/hosts; do
    [ ! -r $file ] || cp -L $file "$root$file"
done
trusted=/etc/ssl/certs/ca-certificates.crt # a proxy's certificate may be among them
[ ! -r $trusted ] || cp -L $trusted "$root$trusted"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    ! grep -q '^Acquire::' "$file" 2>/dev/null || cp "$file" "$root/etc/apt/apt.conf.d/"
done

mkdir "$root/src"
(cd "$source" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$root/src"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
chroot "$root" env HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive /bin/sh -c 'cd /src && exec ./dev "$@"' dev "${@:-test}"
echo 'Debian 13: everything works'
