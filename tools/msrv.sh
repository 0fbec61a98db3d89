#!/usr/bin/env bash
# Builds the crates, and runs the engine's tests, with the oldest Rust at hand: rustup's toolchain of
# just the version we declare where there is one, or the first from it on that apt has. The latter is
# unpacked into build/msrv, never installed.
set -euo pipefail

msrv=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' src/rust/Cargo.toml)
root=$PWD/build/msrv

use_apt() {
  command -v apt-get > /dev/null || {
    echo "There is neither apt nor rustup's $msrv. Try: rustup toolchain install $msrv" >&2
    exit 1
  }

  # Debian 12 has its newer compilers under `-web` names.
  oldest=$(apt-cache madison rustc rustc-web | awk '{ print $3, $1 }' | sort -V |
    awk -v msrv="$msrv" '{ split($1, v, "."); split(msrv, m, ".") }
      v[1] > m[1] || (v[1] == m[1] && v[2] + 0 >= m[2] + 0) { print; exit }')
  [ -n "$oldest" ] || { echo "apt has no Rust $msrv or later." >&2; exit 1; }
  read -r version name <<< "$oldest"
  kind=${name#rustc}

  if [ ! -e "$root/ready" ]; then
    # Without their dependencies they would not run; apt knows which of these are not here.
    mkdir -p "$root/packages"
    apt-get install --simulate --no-install-recommends \
      {cargo,rustc}"$kind=$version" "libstd-rust$kind-dev=$version" |
      sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p' > "$root/needed"
    (cd "$root/packages" && xargs --no-run-if-empty apt-get download -qq < "$root/needed")
    find "$root/packages" -name '*.deb' -exec dpkg -x {} "$root" \;
    touch "$root/ready"
  fi

  libraries=$root/usr/lib/$(uname -m)-linux-gnu
  export PATH=$root/usr/bin:$PATH
  export LD_LIBRARY_PATH=$libraries
}

toolchain=$(rustup toolchain list 2> /dev/null | grep -o -m 1 "^${msrv}[.-][^ ]*" || true)
if [ -n "$toolchain" ]; then export RUSTUP_TOOLCHAIN=$toolchain; else use_apt; fi

export CARGO_TARGET_DIR=$root/target
rustc --version
cargo --version
cargo build --locked --lib --manifest-path src/rust/Cargo.toml
cargo test --locked --package gaussmix-engine --manifest-path src/rust/Cargo.toml
