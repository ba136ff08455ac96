#!/usr/bin/env bash
# Builds the native engine for bench/speed.ts, from the crate versions of the module.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
"${CARGO:-cargo}" build --locked --release --manifest-path "$package/bench/native/Cargo.toml" \
  --target-dir "${NATIVE_TARGET_DIR:-$package/bench/native/target}"
