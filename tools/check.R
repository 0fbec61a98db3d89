# Usage: Rscript tools/check.R 00check.log
# Judges what R CMD check found: OK passes; an error, a warning, or a note that cran-comments.md
# does not explain, fails. An explained note is one in a bullet such as
#   * `CRAN incoming feasibility`: why it is there

log <- commandArgs(TRUE)
checks <- tools::check_packages_in_dir_details(logs = log, drop_ok = FALSE)
name <- sub("^checking ", "", checks$Check)

comments <- readLines("cran-comments.md")
bullet <- "^\\* `([^`]*)`: .*"
explained <- sub(bullet, "\\1", grep(bullet, comments, value = TRUE))

# The note to CRAN's maintainers is no NOTE: it names the address of ours, whatever it is.
ok <- checks$Status %in% c("OK", "NONE", "SKIPPED", "Note_to_CRAN_maintainers")
noted <- checks$Status == "NOTE" & name %in% explained
failed <- !ok & !noted

report <- function(which, as) {
  writeLines(sprintf("%s: %s ... %s\n%s", as, name, checks$Status, checks$Output)[which])
}
report(noted, "explained")
report(failed, "FAILED")

cat(sprintf("test result: %s. %d passed; %d failed; %d ignored\n",
            if (any(failed)) "FAILED" else "ok", sum(ok), sum(failed), sum(noted)))
if (any(failed)) {
  # Older than the tarball, so that the next `make check` looks again, and still there to read.
  Sys.setFileTime(log, as.POSIXct(0, origin = "1970-01-01"))
}
quit(status = any(failed))
