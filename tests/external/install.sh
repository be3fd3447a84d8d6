#!/usr/bin/env bash
# Installs the packages of a package-lock.json into a folder, unless they are there already.
# Arguments: the folder; where package-lock.json is, if not beside this script.
set -euo pipefail
here=$(cd "${2:-$(dirname "$0")}" && pwd)
if ! command -v node >/dev/null; then
    echo 'Skipped: there is no Node (Debian: nodejs, npm), so no real provider.'
    exit 0
fi
mkdir -p "$1"
cd "$1"
exec 9>lock
flock 9
if [ -d node_modules ] && cmp -s "$here/package-lock.json" package-lock.json; then
    exit 0
fi
rm -f package-lock.json
cp "$here/package.json" .
cp "$here/package-lock.json" npm-shrinkwrap.json
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
mv npm-shrinkwrap.json package-lock.json # its presence says that all of them are there
