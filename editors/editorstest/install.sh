#!/usr/bin/env bash
# Installs the real editors that `go test -tags realeditors ./editors/editorstest` drives, on a Debian machine, as root:
# Neovim 0.7 and tmux from the machine's own packages, and two small Debian roots, sid (Neovim 0.12, Helix with prompts) and
# trixie (Neovim 0.10, Helix without, Emacs, Kakoune). The roots stay in a cache folder outside the repository, so that a second run takes
# no time. Prints the folder on its last line.
set -euo pipefail

cache=${OPENCODE_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/opencode-lsp-editors}
mkdir -p "$cache"

export DEBIAN_FRONTEND=noninteractive
missing=()
command -v nvim >/dev/null || missing+=(neovim)
command -v tmux >/dev/null || missing+=(tmux)
command -v debootstrap >/dev/null || missing+=(debootstrap)
if ((${#missing[@]})); then
  apt-get update -q >&2
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
fi

# The mirror is the one that the machine's own packages come from.
mirror=$(grep -rhoE 'https?://[^ ]*/debian/? ' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ' || true)
if [[ -z $mirror ]]; then
  mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1 || true)
fi
mirror=${mirror:-http://deb.debian.org/debian}

# root SUITE PACKAGE… makes one Debian root, whole or not at all. Of the further packages nothing recommended is wanted.
root() {
  local suite=$1 dir=$cache/$1
  shift
  if [[ $(cat "$dir/made" 2>/dev/null) != "$suite $*" ]]; then
    rm -rf --one-file-system "$dir.part"
    debootstrap --variant=minbase --include=hx,neovim,ca-certificates "$suite" "$dir.part" "$mirror"
    if (($#)); then
      chroot "$dir.part" apt-get update -q
      chroot "$dir.part" apt-get install -y -q --no-install-recommends "$@"
    fi
    rm -rf "$dir.part/var/cache/apt/archives" "$dir.part/var/lib/apt/lists"
    echo "$suite $*" >"$dir.part/made"
    ! mountpoint -q "$dir/proc" || umount "$dir/proc"
    rm -rf --one-file-system "$dir"
    mv "$dir.part" "$dir"
  fi
  # The server finds its editor's process there. A container may refuse the mount; then it is run without.
  mountpoint -q "$dir/proc" || mount -t proc proc "$dir/proc" 2>/dev/null || echo "no /proc in $dir" >&2
}
# Both at once; what they print is shown where one fails.
root sid >"$cache/sid.log" 2>&1 &
sid=$!
root trixie emacs-nox elpa-lsp-mode kakoune >"$cache/trixie.log" 2>&1 &
trixie=$!
wait $sid || { tail -n 40 "$cache/sid.log" >&2; exit 1; }
wait $trixie || { tail -n 40 "$cache/trixie.log" >&2; exit 1; }
echo "$cache"
