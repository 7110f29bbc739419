#!/bin/sh
# Installs mpm-hook from this checkout: ./install.sh [arguments of `mpm install`]
# - Brings packages and Node, builds, registers the hooks, starts the monitor, and sends an event all the way through.
# - Run again, it changes nothing. `mpm uninstall` undoes it.
set -eu

case $0 in */*) cd "${0%/*}" ;; esac
OLDEST_NODE=24

say() { printf 'mpm: %s\n' "$*"; }
fail() {
  printf 'mpm: %s\n' "$*" >&2
  exit 1
}

command -v npm >/dev/null || fail "npm was not found. Install Node.js (any version from 18 on), then run this again."

# newer FILE OTHER...: some other is newer than the file, or the file is missing
newer() {
  file=$1
  shift
  ! [ -e "$file" ] || [ -n "$(find "$@" -newer "$file" | head -n 1)" ]
}

if newer node_modules/.package-lock.json package-lock.json; then
  say "installing packages (npm ci)"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

# The machine's own Node, where it is recent; else the one among the packages, of which the installer keeps a copy.
node=$(command -v node || true)
major=$("${node:-false}" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
[ "$major" -ge "$OLDEST_NODE" ] || node=$PWD/node_modules/node/bin/node
"$node" -e '' || fail "$node does not run on this machine. Install Node.js $OLDEST_NODE or newer, then run this again."

if newer dist/cli.js src build.ts package.json; then
  say "building"
  PATH=$PWD/node_modules/.bin:$PATH npm run --silent build
fi

exec "$node" dist/cli.js install --try "$@"
