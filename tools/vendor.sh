#!/usr/bin/env bash
# Packs the crates of src/rust/Cargo.lock so that the source package builds offline.
# Usage: tools/vendor.sh DIRECTORY   writes DIRECTORY/vendor.tar.xz and DIRECTORY/vendor-config.toml
# The same lockfile gives the same bytes, so a tarball can be checked against the repository.
set -euo pipefail

out=$1
rm -rf "$out/vendor"
mkdir -p "$out"

# The configuration Cargo prints names the directory relative to where Makevars unpacks it.
manifest=$PWD/src/rust/Cargo.toml
(cd "$out" && cargo vendor --locked --manifest-path "$manifest" vendor > vendor-config.toml)

for crate in "$out"/vendor/*/; do
  # What no build reads. Licences stay, and so does any Markdown that a source file includes.
  (cd "$crate"
    rm -rf tests benches examples doc docs ci .[!.]*/ Cargo.lock Cargo.toml.orig .cargo_vcs_info.json
    find . -name '*.md' ! -iname '*licen[cs]e*' ! -iname '*copying*' | while read -r file; do
      grep -rqF --include='*.rs' "${file##*/}" . || rm "$file"
    done
    # Cargo wants the sum of the crate as published, and of such files as are listed: none.
    sum=$(sed 's/.*"package":"\([0-9a-f]*\)".*/\1/' .cargo-checksum.json)
    echo "{\"files\":{},\"package\":\"$sum\"}" > .cargo-checksum.json)
done

tar --sort=name --mtime='2000-01-01 00:00Z' --owner=0 --group=0 --numeric-owner \
  --mode='u=rwX,go=rX' --format=ustar -C "$out" -cf - vendor | xz -9e > "$out/vendor.tar.xz"
rm -rf "$out/vendor"
