#!/usr/bin/env bash
# Builds, checks and times everything on a machine with an NVIDIA GPU, in one go: see `run.sh --help`.
# Where Node or its packages were carried along in .device/, they are unpacked first; there is no need of a network.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x node_modules/.bin/node ] || [ ! -f .device/setup.sh ] || . .device/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH:/usr/local/cuda/bin"
if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 22 ? 0 : 1)' 2>/dev/null; then
  echo "no Node.js 22 or later here: run npm ci, or carry it in .device/" >&2
  exit 2
fi
exec node bench/device/main.ts "$@"
