#!/usr/bin/env bash
# The demo server is built to make what slips through hard to use.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readelf --wide --file-header --program-headers --dynamic --symbols "$DEMO" >"$work/elf"

has() { # what it is, pattern
    grep -Eq -- "$2" "$work/elf" || {
        echo "$DEMO: no $1" >&2
        exit 1
    }
}
has 'position-independent code' 'Type: +DYN'
has 'relocations that become read-only' 'GNU_RELRO'
has 'binding at start' 'BIND_NOW|Flags:.* NOW'
has 'stack that holds no code' 'GNU_STACK.* RW '
has 'stack protector' '__stack_chk_fail'
case ${CONFIG-} in
    Release | RelWithDebInfo | MinSizeRel) has 'checked copies' '_chk(@|$)' ;;
esac
