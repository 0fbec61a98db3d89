# Usage: Rscript tools/testthat.R, with R_LIBS naming the library that gaussmix is installed in
# Runs the R tests where they stand, so that new snapshots land in the sources.
Sys.setenv(NOT_CRAN = "true")

results <- as.data.frame(testthat::test_dir(
  "tests/testthat",
  package = "gaussmix",
  load_package = "installed",
  reporter = "summary",
  stop_on_failure = FALSE
))

failed <- sum(results$failed) + sum(results$error)
cat(sprintf("\ntest result: %s. %d passed; %d failed; %d ignored\n",
            if (failed > 0) "FAILED" else "ok",
            sum(results$passed), failed, sum(results$skipped)))
quit(status = failed > 0)
