# All that takes labels, with what is left of them: the partition of seven rows.
takers <- list(
  fit = function(labels) gmm_compare(labels, 1:7)$table,
  truth = function(labels) gmm_compare(1:7, labels)$table,
  posterior = function(labels) gmm_mstep(seven, labels, "spherical"),
  start = function(labels) gmm_fit(seven, start = labels, covariance = "E")$trace
)

test_that("whole numbers, strings, logicals and factors are labels, wherever labels are taken", {
  kinds <- list(
    seven_labels, as.integer(seven_labels), -10 * rev(2:1)[seven_labels], c("b", "z")[seven_labels],
    seven_labels == 2, factor(seven_labels), factor(seven_labels, levels = 1:5),
    ordered(seven_labels), array(seven_labels)
  )
  for (take in takers[c("posterior", "start")]) {
    for (labels in kinds[-3]) {
      expect_identical(take(labels), take(seven_labels))
    }
  }
  for (labels in kinds) {
    expect_identical(dim(takers$fit(labels)), c(2L, 7L))
    expect_identical(dim(takers$truth(labels)), c(7L, 2L))
  }
})

test_that("what is no label is refused by all of them", {
  stopped <- function(labels, class, ...) {
    for (arg in names(takers)) {
      condition <- expect_error(takers[[arg]](labels), class = paste0("gmm_error_", class))
      expect_identical(condition$argument, arg)
      expect_equal(condition[["rows"]], list(...)[["rows"]])
    }
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  stopped(replace(seven_labels, 3, 1.5), "bad_value")
  stopped(replace(seven_labels, 5:6, Inf), "bad_value")
  stopped(replace(seven_labels, 2:3, NA), "bad_value", rows = 2:3)
  stopped(addNA(factor(c("a", "b", NA, "a", "b", "a", "b"))), "bad_value", rows = 3L)
  stopped(as.Date("2020-01-01") + seven_labels, "bad_type")
  stopped(structure(seven_labels, class = "integer64"), "bad_type")
  stopped(seven_labels + 0i, "bad_type")
  stopped(array(seven_labels, c(7, 1, 1)), "bad_type")
})
