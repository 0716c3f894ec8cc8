#!/bin/sh
# Tests the agent, builds everything, and asks the program that was built for its version.
set -eu
cd "$(dirname "$0")/.."
(cd agent && go test ./...)
wingo build
out/agent/linux-amd64/agent -version
test -s out/kiosk.wim
