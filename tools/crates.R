# What there is to know about the crates of src/rust/Cargo.lock, from `cargo metadata`.
#
#   Rscript tools/crates.R licences   writes LICENSE.note and inst/AUTHORS
#   Rscript tools/crates.R msrv       checks that no crate needs a newer Rust than we declare

metadata <- jsonlite::fromJSON(
  system2("cargo", c("metadata", "--locked", "--format-version=1",
                     "--manifest-path=src/rust/Cargo.toml"), stdout = TRUE)
)
ours <- is.na(metadata$packages$source)
own <- metadata$packages[ours, ]
crates <- metadata$packages[!ours, ]
crates <- crates[order(crates$name, crates$version, method = "radix"), ]

write_licences <- function() {
  authors <- vapply(crates$authors, paste, "", collapse = ", ")
  # Newer manifests name no authors; their repositories do.
  authors[authors == ""] <- paste("see", crates$repository[authors == ""])
  # No addresses: they are not needed to give credit.
  authors <- gsub(" *<[^>]*>", "", authors)
  dir.create("inst", showWarnings = FALSE)
  writeLines(
    c("The source package includes the Rust crates below, which its library is compiled with.",
      "", sprintf("%s %s: %s", crates$name, crates$version, authors)),
    "inst/AUTHORS"
  )
  # "MIT/Apache-2.0" is how manifests once wrote "MIT OR Apache-2.0".
  licence <- gsub(" *\\bOR\\b *|/", " OR ", crates$license)
  writeLines(
    c("gaussmix itself is under the MIT licence. Its source package includes, in",
      "src/rust/vendor.tar.xz, the Rust crates below under the licences they name; the full texts",
      "are in there. Their authors are in inst/AUTHORS.",
      "", sprintf("%s %s: %s, %s", crates$name, crates$version, licence, crates$repository)),
    "LICENSE.note"
  )
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
