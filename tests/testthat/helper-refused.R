#' Expect a classed error of `gmm_fit()` or `gmm_control()`, with these fields, in the words of
#' the snapshot
refused <- function(code, class, ...) {
  condition <- expect_error(code, class = paste0("gmm_error_", class))
  expect_s3_class(condition, "gmm_error")
  expect_true(as.character(condition$call) %in% c("gmm_fit", "gmm_control"))
  fields <- list(...)
  for (field in names(fields)) {
    expect_equal(condition[[field]], fields[[field]])
  }
  expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
}
