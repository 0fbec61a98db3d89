#!/usr/bin/env bash
# All that CI checks, stage by stage, whether or not an earlier one failed.
# Usage: tools/test.sh [STAGE...], from `make test`, which sets the environment
#
# A stage is a function below. It counts as one check, unless its log has lines such as
#   test result: ok. 12 passed; 0 failed; 1 ignored
# from Cargo, or from an R script of ours that speaks like Cargo: then those are counted.
set -uo pipefail

engine=src/rust/Cargo.toml
properties=tests/properties/Cargo.toml
micro=bench/micro/Cargo.toml
library=$PWD/build/library
check_log=build/gaussmix.Rcheck/00check.log

stage_fmt() {
  cargo fmt --check --all --manifest-path "$engine" &&
    cargo fmt --check --manifest-path "$properties" &&
    cargo fmt --check --manifest-path "$micro"
}

stage_clippy() {
  cargo clippy --locked --workspace --all-targets --manifest-path "$engine" -- -D warnings &&
    cargo clippy --locked --all-targets --manifest-path "$properties" -- -D warnings &&
    cargo clippy --locked --manifest-path "$micro" -- -D warnings
}

stage_crates() { Rscript tools/crates.R msrv; }

stage_engine() {
  cargo test --locked --no-fail-fast --package gaussmix-engine --manifest-path "$engine"
}

stage_properties() { cargo test --locked --no-fail-fast --manifest-path "$properties"; }

stage_install() { make build/library/gaussmix/Meta/package.rds; }

stage_testthat() { stage_install && R_LIBS=$library Rscript tools/testthat.R; }

# Everything generated is generated again, in a copy, from the sources and the library made of them.
stage_docs() {
  local generated=(LICENSE.note NAMESPACE R inst man) copy=build/docs file status=0
  stage_install || return
  rm -rf "$copy"
  mkdir -p "$copy"
  tar -cf - --exclude=target DESCRIPTION src tools "${generated[@]}" | tar -xf - -C "$copy" &&
    (cd "$copy" && Rscript tools/document.R "$library" && Rscript tools/crates.R licences) ||
    return
  for file in "${generated[@]}"; do
    diff -ru "$file" "$copy/$file" || status=1
  done
  [ "$status" -eq 0 ] || echo 'Not current: run "make doc" and commit what it changes.'
  return "$status"
}

stage_check() { make "$check_log" && Rscript tools/check.R "$check_log"; }

# Passed, failed and skipped of the log $1 of a stage that ended with status $2.
count() {
  awk -v status="$2" '
    /^test result: / { results++; passed += $4; failed += $6; skipped += $8 }
    END {
      if (!results) passed = (status == 0)
      if (status != 0 && !failed) failed = 1
      print passed + 0, failed + 0, skipped + 0
    }' "$1"
}

[ $# -gt 0 ] || set -- fmt clippy crates engine properties install testthat docs check
mkdir -p build/logs
total_passed=0
total_failed=0
for stage; do
  log=build/logs/$stage.log
  began=$SECONDS
  "stage_$stage" > "$log" 2>&1
  read -r passed failed skipped < <(count "$log" $?)
  printf '%-12s%5d passed %4d failed %4d skipped %5d s\n' \
    "$stage" "$passed" "$failed" "$skipped" $((SECONDS - began))
  [ "$failed" -eq 0 ] || { tail -n 40 "$log" | sed 's/^/    /'; echo "    ($log)"; }
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
