#!/usr/bin/env bash
# Builds the crates, and runs the engine's tests, with the oldest Rust that apt has and that is no
# older than the version we declare. It is unpacked into build/msrv, never installed.
set -euo pipefail

msrv=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' src/rust/Cargo.toml)
root=$PWD/build/msrv

command -v apt-get > /dev/null || {
  echo "Only Debian and Ubuntu keep old compilers; elsewhere try: rustup run $msrv cargo test" >&2
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
export CARGO_TARGET_DIR=$root/target
rustc --version
cargo --version
cargo build --locked --lib --manifest-path src/rust/Cargo.toml
cargo test --locked --package gaussmix-engine --manifest-path src/rust/Cargo.toml
