# Usage: Rscript tools/testthat.R, with R_LIBS naming the library that gaussmix is installed in
# Runs the R tests where they stand, so that new snapshots land in the sources.
Sys.setenv(NOT_CRAN = "true")

snapshots <- list.files("tests/testthat/_snaps", recursive = TRUE, full.names = TRUE)
dates <- file.mtime(snapshots)
sums <- tools::md5sum(snapshots)

results <- as.data.frame(testthat::test_dir(
  "tests/testthat",
  package = "gaussmix",
  load_package = "installed",
  reporter = "summary",
  stop_on_failure = FALSE
))

# testthat writes every snapshot anew. One that says the same keeps its date, or make would build
# the package again.
same <- which(tools::md5sum(snapshots) == sums)
Sys.setFileTime(snapshots[same], dates[same])

failed <- sum(results$failed) + sum(results$error)
cat(sprintf("\ntest result: %s. %d passed; %d failed; %d ignored\n",
            if (failed > 0) "FAILED" else "ok",
            sum(results$passed), failed, sum(results$skipped)))
quit(status = failed > 0)
