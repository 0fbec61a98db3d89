#!/usr/bin/env bash
# Installs what `make` needs and this machine lacks; where nothing lacks, it is done in a second.
# Debian and Ubuntu: through apt. Elsewhere: says what to install.
# Usage: tools/setup.sh [test|bench], with what only the tests or the benchmarks need
set -euo pipefail

msrv=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' src/rust/Cargo.toml)

has() { command -v "$1" > /dev/null; }
at_least_msrv() { printf '%s\n' "$msrv" "$1" | sort -CV; }

# Commands first: without R nobody can say which R packages are there.
missing_tools() {
  { has R && has gcc; } || echo r-base-dev
  has pandoc || echo pandoc # vignettes
  has xz || echo xz-utils   # the vendored crates
  # The rest is for R CMD check --as-cran.
  has qpdf || echo qpdf
  has tidy || echo tidy
  has checkbashisms || echo devscripts
}

# The packages DESCRIPTION names and roxygen2, for `make doc`, in whatever library they may be.
missing_r_packages() {
  Rscript --vanilla -e '
    fields <- read.dcf("DESCRIPTION", c("Imports", "Suggests"))
    packages <- c(gsub("\\s|[(].*", "", unlist(strsplit(fields, ","))), "roxygen2")
    missing <- Filter(function(p) !nzchar(system.file(package = p)), packages)
    writeLines(sprintf("r-cran-%s", tolower(missing)))'
}

# A browser for the player of gmm_animate(). Ubuntu has none in apt, and others none by this name:
# then the test is skipped.
missing_browser() {
  has chromium || has chromium-browser || has google-chrome || ! has apt-get && return
  update_apt
  ! apt-cache policy chromium | grep -q 'Candidate: [0-9]' || echo chromium
}

# The peers of gaussmix that are not from PyPI.
missing_peers() {
  Rscript --vanilla -e 'quit(status = !nzchar(system.file(package = "flexmix")))' ||
    echo r-cran-flexmix
  echo '#include <armadillo>' | g++ -E -x c++ - > /dev/null 2>&1 || echo libarmadillo-dev
  python3 -c 'import ensurepip' 2> /dev/null || echo python3-venv
}

rust_is_ready() {
  local version
  version=$(rustc --version | cut -d' ' -f2) && at_least_msrv "$version" &&
    cargo --version && cargo fmt --version && cargo clippy --version
} > /dev/null 2>&1

# The system's Rust where it is new enough. Debian 12 has such a one under `-web` names.
# clippy and cargo come with the version of rustc, whose number is the one that counts.
rust_packages() {
  local kind version
  for kind in '' -web; do
    version=$(apt-cache policy "rustc$kind" | awk '/Candidate:/ { print $2 }')
    if [[ $version == [0-9]* ]] && at_least_msrv "${version%%+*}"; then
      printf '%s\n' ca-certificates {cargo,rustc,rustfmt}"$kind" "rust$kind-clippy"
      return
    fi
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_updated=
update_apt() {
  [ -n "$apt_updated" ] || as_root apt-get update -qq
  apt_updated=yes
}

install() {
  [ $# -gt 0 ] || return 0
  if ! has apt-get; then
    echo 'Please install (names as in Debian; r-cran-x is the R package x from CRAN):' "$@" >&2
    exit 1
  fi
  echo "Installing through apt: $*"
  update_apt
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$@" > /dev/null
}

install_rust() {
  local packages=()
  if has rustup; then
    rustup component add clippy rustfmt
  elif has apt-get && ! has rustc; then
    update_apt
    mapfile -t packages < <(rust_packages)
    install "${packages[@]}"
  fi
  rust_is_ready && return
  echo "gaussmix needs Rust $msrv or later with clippy and rustfmt, and $(
    rustc --version 2> /dev/null || echo 'no rustc') is here. Get it from https://rustup.rs," \
    "or by: rustup update stable" >&2
  exit 1
}

mapfile -t packages < <(missing_tools)
install "${packages[@]}"
rust_is_ready || install_rust
mapfile -t packages < <(missing_r_packages)
install "${packages[@]}"
if [ "${1-}" = test ]; then
  mapfile -t packages < <(missing_browser)
  install "${packages[@]}"
fi
if [ "${1-}" = bench ]; then
  mapfile -t packages < <(missing_peers)
  install "${packages[@]}"
fi
