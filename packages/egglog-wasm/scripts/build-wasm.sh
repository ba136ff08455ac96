#!/usr/bin/env bash
# Builds wasm/egglog.wasm and wasm/manifest.json from crate/.
#
# Wants a Rust that can build the standard library for wasm32. Debian has one:
#   apt-get install rustc-web cargo-web rust-web-src binaryen
# and `rust-lld`, which rustup's toolchains bring. Other places by environment:
#   CARGO, RUSTC (default /usr/bin/cargo, /usr/bin/rustc), RUST_LLD, WASM_OPT.
set -euo pipefail
package=$(cd "$(dirname "$0")/.." && pwd)
cargo=${CARGO:-/usr/bin/cargo}
export RUSTC=${RUSTC:-/usr/bin/rustc}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-$package/crate/target}

find_lld() {
  command -v rust-lld && return
  find "$("$RUSTC" --print sysroot)" "${RUSTUP_HOME:-$HOME/.rustup}" -name rust-lld -type f 2>/dev/null | sort | head -n 1
}
lld=${RUST_LLD:-$(find_lld)}
[ -n "$lld" ] || { echo "rust-lld not found; set RUST_LLD" >&2; exit 1; }

# No path of this machine ends up in the file.
rust_source=$(readlink -f "$("$RUSTC" --print sysroot)/lib/rustlib/src/rust")
flags=(
  --cfg 'getrandom_backend="custom"'
  -C "linker=$lld"
  -C target-feature=+simd128
  --remap-path-prefix "$package/crate=egglog-wasm"
  --remap-path-prefix "$rust_source=rust"
)
for registry in "$cargo_home"/registry/src/*; do
  flags+=(--remap-path-prefix "$registry=crates")
done
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP=1
export INPUTS_SHA256=$(node "$package/scripts/manifest.ts" inputs)

"$cargo" build --locked --release --target wasm32-unknown-unknown -Z build-std=std,panic_abort \
  --manifest-path "$package/crate/Cargo.toml" --target-dir "$target"

mkdir -p "$package/wasm"
built=$target/wasm32-unknown-unknown/release/egglog_wasm.wasm
wasm=$package/wasm/egglog.wasm
wasm_opt=${WASM_OPT:-none}
if [ "$wasm_opt" = none ]; then
  cp "$built" "$wasm"
else
  "$wasm_opt" -O3 --all-features "$built" -o "$wasm"
fi
node "$package/scripts/manifest.ts" write "$("$RUSTC" --version)" "$wasm_opt"
