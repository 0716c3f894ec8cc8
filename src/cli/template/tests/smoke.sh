#!/bin/sh
# Builds everything, then starts the program that was built and asks it for its version.
set -eu
cd "$(dirname "$0")/.."
(cd agent && go test ./...)
wingo build
program=$(find out -type f -name 'agent*' -path '*linux*' | head -n 1)
"$program" -version
test -s out/kiosk.wim
