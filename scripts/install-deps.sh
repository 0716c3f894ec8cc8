#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install-deps.sh [build|test|lab|package]...: installs the Debian packages of these sets that are missing (default: build test).
# package brings build, too: a package is built with what `make` needs. Does nothing, without network, when all are there. Uses sudo when not root. scripts/packages says what each is for.
#   --list    print the packages of the sets that are missing, install nothing; ends with 1 when there are any
set -eu

here=$(cd "$(dirname "$0")" && pwd)
list_only=false
sets=
for arg in "$@"; do
  case $arg in
  --list) list_only=true ;;
  build | test | lab) sets="$sets $arg" ;;
  package) sets="$sets build package" ;;
  *)
    echo "install-deps.sh: '$arg' is none of build, test, lab, package, --list" >&2
    exit 2
    ;;
  esac
done
[ -n "$sets" ] || sets=" build test"

# Go may come from anywhere; what apt knows matters only where there is none.
skip_package() {
  case $1 in
  golang-go) command -v go >/dev/null 2>&1 ;;
  *) return 1 ;;
  esac
}

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "install-deps.sh: this is no Debian; what scripts/packages names must be there already" >&2
  exit 0
fi

wanted=
while read -r set package _reason; do
  case "$set" in '' | '#'*) continue ;; esac
  case "$sets " in *" $set "*) ;; *) continue ;; esac
  skip_package "$package" || wanted="$wanted $package"
done <"$here/packages"

# One question for all packages: those that are not "ii" are missing.
# shellcheck disable=SC2086 # a list of words
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^ii *//p' || true)
missing=
for package in $wanted; do
  printf '%s\n' "$installed" | grep -qx "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
  exit 0
fi
if $list_only; then
  for package in $missing; do
    echo "$package"
  done
  exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "install-deps.sh: as root, please: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "install-deps.sh: installing$missing" >&2
apt_install() {
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
    install --no-install-recommends $missing </dev/null >&2
}
# The lists on this machine may be missing or old: only then are they fetched.
# shellcheck disable=SC2086
if ! apt-get -qq -s install --no-install-recommends $missing >/dev/null 2>&1 || ! apt_install; then
  $as_root apt-get -q -o Acquire::Retries=3 update </dev/null >&2
  apt_install
fi
