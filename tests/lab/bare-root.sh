#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bare-root.sh [demo|test|check]...: each `make` target as the first command on a fresh Debian 12 (default: demo test).
# A bare root file system (apt, make, git, nothing else) is made by mmdebstrap, HEAD is cloned into it, and the target is run
# inside under bubblewrap. Packages come from where this machine's apt gets them. Needs root, mmdebstrap, bwrap, a network.
# WORK names a folder to work in (default: a temporary one, removed at the end).
set -eu

top=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
[ $# -gt 0 ] || set -- demo test
for tool in mmdebstrap bwrap git; do
  command -v "$tool" >/dev/null || {
    echo "bare-root.sh: skipped: $tool is not installed (scripts/install-deps.sh lab)"
    exit 77
  }
done
if [ "$(id -u)" != 0 ]; then
  echo "bare-root.sh: skipped: needs root, for the owners of the files of packages"
  exit 77
fi
if [ -n "${WORK:-}" ]; then
  work=$WORK
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

if [ ! -f "$work/root.tar" ]; then
  echo "bare-root.sh: making the root file system"
  "$top/scripts/debian-root" "$work/root.tar" make git ca-certificates
fi
apt-config dump | grep -E '^Acquire::(http|https)::' | grep -iE 'Proxy|CaInfo|CaPath|Verify' >"$work/proxy.conf" || true

targets=$*
failed=0
for target in $targets; do
  root=$work/root-$target
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$work/root.tar" --exclude='./dev/*'
  # What this machine trusts and resolves, the sandbox does too.
  cp "$work/proxy.conf" "$root/etc/apt/apt.conf.d/90proxy"
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  for file in /etc/resolv.conf /etc/hosts; do
    cp -L "$file" "$root$file" 2>/dev/null || true
  done
  git clone -q "$top" "$root/srv/wingo"
  set -- --bind "$root" / --proc /proc --dev /dev --perms 1777 --tmpfs /tmp --unshare-pid --unshare-ipc --unshare-uts --die-with-parent \
    --cap-add ALL --chdir /srv/wingo --clearenv --setenv HOME /root --setenv LC_ALL C.UTF-8 \
    --setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  for name in GOPROXY GOSUMDB GONOSUMDB GOFLAGS http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || set -- "$@" --setenv "$name" "$value"
  done
  bwrap "$@" update-ca-certificates </dev/null >"$work/$target.log" 2>&1
  echo "bare-root.sh: make $target"
  began=$(date +%s)
  code=0
  bwrap "$@" make "$target" </dev/null >>"$work/$target.log" 2>&1 || code=$?
  tail -n 40 "$work/$target.log"
  echo "bare-root.sh: make $target ended with $code after $(($(date +%s) - began)) s; log: $work/$target.log"
  [ "$code" = 0 ] || failed=1
done
exit $failed
