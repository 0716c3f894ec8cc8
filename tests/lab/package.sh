#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# package.sh: the Debian package built, judged by lintian, installed into a bare Debian, used there without and with Go, removed; the container
# image built without a daemon, unpacked by umoci, run under bubblewrap, where it builds a project. Ends with "N passed, N failed, N skipped".
# WORK names a folder to work in (default: a temporary one, removed at the end). Needs what scripts/install-deps.sh package brings.
# shellcheck disable=SC2317 # functions are called by check
set -uo pipefail
top=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
passed=0 failed=0
for tool in mmdebstrap umoci bwrap lintian dpkg-buildpackage; do
  command -v "$tool" >/dev/null || {
    echo "skipped: package: $tool is not installed (scripts/install-deps.sh package)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
  }
done
if [ -n "${WORK:-}" ]; then
  work=$WORK
  mkdir -p "$work"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

# check NAME COMMAND...: one test.
check() {
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name"
    tail -n 25 "$work/log"
    failed=$((failed + 1))
  fi
}
total() {
  echo "$passed passed, $failed failed, 0 skipped"
  [ "$failed" = 0 ]
  exit
}
# inside ROOT COMMAND...: under bubblewrap, as a user without rights, with the folder work at /work.
inside() {
  local root=$1
  shift
  bwrap --bind "$root" / --proc /proc --dev /dev --perms 1777 --tmpfs /tmp --bind "$work/work" /work --unshare-pid --unshare-ipc --unshare-net \
    --die-with-parent --chdir /work --clearenv --setenv HOME /tmp/home --setenv LC_ALL C.UTF-8 --setenv PATH /usr/bin:/bin:/usr/sbin:/sbin \
    --setenv XDG_CACHE_HOME /tmp/cache "$@"
}
mkdir -p "$work/work"

check "the package builds and lintian is content" env DEB_BUILD_OPTIONS=nocheck "$top/scripts/deb" "$work/deb"
deb=$(ls "$work"/deb/wingo_*.deb 2>/dev/null)
[ -n "$deb" ] || total

# --- without Go: what the package needs and no more
check "it installs into a bare Debian" "$top/scripts/debian-root" "$work/plain.tar" "$deb"
mkdir -p "$work/plain"
tar -C "$work/plain" -xf "$work/plain.tar" --exclude='./dev/*'
rm -f "$work/plain.tar"
cat >"$work/work/wingo.yaml" <<'END'
version: 1
name: plain
images:
  plain:
    base: {synthetic: windows-11}
    registry: [{key: 'HKLM\SOFTWARE\Plain', values: {Ready: 1}}]
    outputs: [wim]
END
mkdir -p "$work/work/withgo"
check "without Go an image without apps is built" inside "$work/plain" wingo build -q
check "the value is in it" inside "$work/plain" sh -c 'wingo reg query out/plain.wim:2 "HKLM\SOFTWARE\Plain" | grep -q Ready'
check "doctor says what to install" inside "$work/plain" sh -c 'wingo doctor | grep -q "apt install golang-go"'
check "schema, manual pages and completions are there" test -f "$work/plain/usr/share/wingo/wingo.schema.json" -a \
  -f "$work/plain/usr/share/bash-completion/completions/wingo" -a -f "$work/plain/usr/share/fish/vendor_completions.d/wingo.fish" -a \
  -f "$work/plain/usr/share/zsh/site-functions/_wingo"
check "every shell library it needs is there" inside "$work/plain" sh -c '! ldd /usr/bin/wingo | grep "not found"'
check "it is removed and leaves nothing" inside "$work/plain" --cap-add ALL --uid 0 sh -c \
  'dpkg --purge wingo && ! find / -xdev -name "*wingo*" -not -path "/work/*" -not -path "/proc/*" -not -path "/tmp/*" | grep .'

# --- the container image, with Go
check "the container image is made without a daemon" "$top/scripts/container-image" "$work/oci" "$deb"
check "umoci unpacks it" umoci unpack --rootless --image "$work/oci:latest" "$work/bundle"
check "its configuration runs wingo" grep -q '"/usr/bin/wingo"' "$work/bundle/config.json"
check "it starts a project" inside "$work/bundle/rootfs" wingo init -q withgo
check "it builds the project with Debian's Go" inside "$work/bundle/rootfs" --chdir /work/withgo wingo build -q
check "the image and the program are there" test -s "$work/work/withgo/out/kiosk.wim" -a -s "$work/work/withgo/out/agent/windows-amd64/agent.exe"
total
