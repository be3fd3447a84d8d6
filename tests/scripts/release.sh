#!/usr/bin/env bash
# Making a release: the notes are what the changelog says, and what cannot be made is refused. The
# release itself is made and tried by ./dev release --check.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}
release() { "$SOURCE/packages/release.sh" "$@"; }
refused() { # what is said, arguments
    local text=$1
    shift
    if release "$@" >"$work/out" 2>&1; then fail "accepted: $*"; fi
    grep -qF -- "$text" "$work/out" || fail "$* says: $(cat "$work/out")"
}

printf '# Changelog\n\n## [1.2.0]\n\n### Added\n\n- New.\n\n## [1.1.0]\n\n- Old.\n\n## [1.0.0]\n' >"$work/changes.md"
[ "$(release notes 1.2.0 "$work/changes.md")" = "$(printf '### Added\n\n- New.')" ] || fail 'wrong notes'
[ "$(release notes 1.1.0 "$work/changes.md")" = '- Old.' ] || fail 'wrong notes of an older version'
refused 'has no section [1.0.0]' notes 1.0.0 "$work/changes.md"
refused 'has no section [1.2]' notes 1.2 "$work/changes.md"
version=$("$DEMO" --version | sed 's/coder_users //')
[ "$(release notes "$version" "$SOURCE/CHANGELOG.md" | wc -l)" -ge 3 ] || fail "no notes of $version"

mkdir "$work/full" "$work/copy"
touch "$work/full/file"
refused 'is not empty' make "$work/full"
cp -r "$SOURCE/packages" "$work/copy"
if GIT_CEILING_DIRECTORIES=$work "$work/copy/packages/release.sh" make "$work/new" >"$work/out" 2>&1; then
    fail 'a folder without history made a release'
fi
grep -qF 'is no clone' "$work/out" || fail "without history: $(cat "$work/out")"
refused usage unknown
