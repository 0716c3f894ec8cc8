#!/bin/sh
# Runs the agent on this machine: http://127.0.0.1:8080/healthz
set -eu
cd "$(dirname "$0")/../agent"
exec go run . -listen 127.0.0.1:8080
