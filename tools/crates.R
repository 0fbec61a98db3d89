# What there is to know about the crates of src/rust/Cargo.lock, from `cargo metadata`.
#
#   Rscript tools/crates.R licences   writes LICENSE.note and inst/AUTHORS
#   Rscript tools/crates.R msrv       checks that no crate needs a newer Rust than we declare

json <- system2("cargo", c("metadata", "--locked", "--format-version=1",
                           "--manifest-path=src/rust/Cargo.toml"), stdout = TRUE)
if (!is.null(attr(json, "status"))) {
  stop("cargo metadata failed")
}
metadata <- jsonlite::fromJSON(json)
ours <- is.na(metadata$packages$source)
own <- metadata$packages[ours, ]
crates <- metadata$packages[!ours, ]
crates <- crates[order(crates$name, crates$version, method = "radix"), ]

# An unchanged file keeps its date, so that make rebuilds nothing for it.
update <- function(file, lines) {
  if (!file.exists(file) || !identical(readLines(file, encoding = "UTF-8"), lines)) {
    writeLines(lines, file, useBytes = TRUE)
  }
}

write_licences <- function() {
  # No addresses: credit needs none. Newer manifests name no authors, but their repository does.
  authors <- gsub(" *<[^>]*>", "", vapply(crates$authors, toString, ""))
  authors <- ifelse(authors == "", paste("see", crates$repository), authors)
  update("inst/AUTHORS", c(
    "gaussmix is compiled with the Rust crates below, which its source package includes.",
    "", sprintf("%s %s: %s", crates$name, crates$version, authors)
  ))
  # Manifests once wrote "MIT/Apache-2.0" for "MIT OR Apache-2.0".
  licences <- gsub(" */ *", " OR ", crates$license)
  update("LICENSE.note", c(
    "gaussmix itself is under the MIT licence. Its source package includes, in",
    "src/rust/vendor.tar.xz, the Rust crates below as their authors published them but for tests",
    "and the like, under the licences named here. inst/AUTHORS names the authors.",
    "", sprintf("%s %s: %s, %s", crates$name, crates$version, licences, crates$repository)
  ))
}

check_msrv <- function() {
  declared <- unique(own$rust_version)
  required <- sub(".*rustc >= ([0-9.]+).*", "\\1", read.dcf("DESCRIPTION", "SystemRequirements"))
  too_new <- !is.na(crates$rust_version) &
    package_version(ifelse(is.na(crates$rust_version), "0.0", crates$rust_version)) > declared
  problems <- c(
    if (!identical(declared, c(required)))
      sprintf("Cargo.toml declares Rust %s, DESCRIPTION %s.", toString(declared), required),
    sprintf("%s %s needs Rust %s.", crates$name, crates$version, crates$rust_version)[too_new]
  )
  writeLines(problems)
  cat(sprintf("Rust %s; %d crates, of which %d declare no version.\n",
              declared, nrow(crates), sum(is.na(crates$rust_version))))
  quit(status = length(problems) > 0)
}

switch(commandArgs(TRUE), licences = write_licences(), msrv = check_msrv())
