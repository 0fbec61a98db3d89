test_that("k must be a whole number between 1 and the number of distinct rows", {
  refused(gmm_fit(faithful, k = 0), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = -1), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = 1.5), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = NA), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = Inf), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = "2"), "bad_type", argument = "k")
  refused(gmm_fit(faithful, "full"), "bad_type", argument = "k")
  refused(gmm_fit(faithful, k = 273), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = c(2, 2.5)), "bad_value", argument = "k")
  refused(gmm_fit(faithful, k = numeric()), "bad_type", argument = "k")
  refused(gmm_fit(rep(c(1, 2, 3), 20), k = 4), "bad_value", argument = "k")
})

test_that("a misspelt covariance suggests the nearest", {
  refused(gmm_fit(faithful, k = 2, covariance = "ful"), "bad_value", argument = "covariance")
  refused(gmm_fit(faithful, k = 2, covariance = "vvv"), "bad_value", argument = "covariance")
  refused(gmm_fit(faithful, k = 2, covariance = 3), "bad_type", argument = "covariance")
  refused(gmm_fit(faithful, covariance = "all diagnal"), "bad_value", argument = "covariance")
  refused(gmm_fit(faithful, covariance = c("EEE", "VVX")), "bad_value", argument = "covariance")
  expect_equal(gmm_fit(faithful, k = 2, covariance = "VVV")$covariance, "VVV")
})

test_that("unknown arguments are refused, with the nearest known one", {
  refused(gmm_fit(faithful, k = 2, n_int = 5), "unknown_argument", argument = "n_int")
  refused(gmm_fit(faithful, 2, "full", 3), "unknown_argument", argument = "")
  refused(gmm_fit(faithful, k = 2, control = list(tolerance = 1)), "unknown_argument", argument = "tolerance")
})

test_that("names from elsewhere and data in the wrong place are pointed to the right one", {
  refused(gmm_fit(faithful, k = 2, equal_weight = TRUE), "unknown_argument")
  refused(gmm_fit(faithful, G = 2), "unknown_argument", argument = "G")
  refused(gmm_fit(faithful, k = 2, modelNames = "VVV"), "unknown_argument")
  refused(gmm_fit(faithful, K = 2), "unknown_argument", argument = "K")
  refused(gmm_fit(faithful, k = 2, n = 2), "unknown_argument", argument = "n")
  refused(gmm_fit(faithful, data = faithful, k = 2), "unknown_argument", argument = "data")
  refused(gmm_fit(data = faithful, k = 2), "bad_value", argument = "x")
  # What is unknown need not exist.
  refused(
    gmm_fit(~eruptions, faithful, k = 2, subset = no_such_column > 3), "unknown_argument",
    argument = "subset"
  )
})

test_that("the criterion is one of four", {
  refused(gmm_fit(faithful, criterion = "bic"), "bad_value", argument = "criterion")
  refused(gmm_fit(faithful, criterion = c("BIC", "ICL")), "bad_type", argument = "criterion")
})

test_that("settings are checked", {
  refused(gmm_control(n_init = 0), "bad_value", argument = "n_init")
  refused(gmm_control(n_int = 5), "unknown_argument", argument = "n_int")
  refused(gmm_control(n_init = 2e9), "bad_value", argument = "n_init")
  refused(gmm_fit(faithful, k = 2, control = list(3)), "bad_value", argument = "control")
  refused(gmm_control(n_final = 1.5), "bad_value", argument = "n_final")
  refused(gmm_control(short_iter = NULL), "bad_type", argument = "short_iter")
  refused(gmm_control(max_iter = NA), "bad_value", argument = "max_iter")
  refused(gmm_control(search = "through"), "bad_value", argument = "search")
  refused(gmm_control(min_eigen_ratio = 1), "bad_value", argument = "min_eigen_ratio")
  refused(gmm_control(min_eigen_ratio = -1), "bad_value", argument = "min_eigen_ratio")
  refused(gmm_control(tol = -1), "bad_value", argument = "tol")
  refused(gmm_control(reg_covar = "a"), "bad_type", argument = "reg_covar")
  refused(gmm_control(threads = 0), "bad_value", argument = "threads")
  refused(gmm_fit(faithful, k = 2, control = 3), "bad_type", argument = "control")
  refused(gmm_fit(faithful, k = 2, keep_data = NA), "bad_type", argument = "keep_data")
})

test_that("settings come from control and from the dots, which win", {
  fit_with <- function(...) gmm_fit(faithful, k = 2, covariance = "full", ...)
  fit <- fit_with(n_init = 3, control = gmm_control(n_init = 7, n_final = 2))
  expect_equal(fit$control$n_init, 3)
  expect_equal(fit$control$n_final, 2)
  expect_equal(fit$starts$tried, 3)
  expect_lte(fit$starts$finished, fit$starts$tried)
  expect_equal(fit_with(control = list(n_init = 4))$starts$tried, 4)
})

test_that("search stands for numbers of starts, which can be given, too", {
  effort <- function(...) {
    fit <- gmm_fit(faithful, k = 2, covariance = "EII", ...)
    unname(unlist(fit$control[c("n_init", "n_final", "rounds", "explorations")]))
  }
  expect_equal(effort(), c(24, 4, 4, 12))
  expect_equal(effort(algorithm = "cem")[1], 12)
  expect_equal(effort(search = "quick"), c(6, 1, 2, 0))
  expect_equal(effort(search = "thorough"), c(120, 4, 6, 24))
  expect_equal(effort(search = "quick", n_init = 8, rounds = 0, explorations = 3), c(8, 1, 0, 3))
  by_dots <- effort(search = "quick", control = gmm_control(search = "thorough"))
  expect_equal(by_dots, c(6, 1, 2, 0))
})

test_that("of few models, the search for each is harder", {
  explorations <- function(k) {
    gmm_fit(faithful[1:60, ], k = k, covariance = "EII")$control$explorations
  }
  expect_equal(explorations(1:3), 12)
  expect_equal(explorations(1:4), 2)
})

test_that("of many models, those of many numbers explore oftener", {
  explorations <- function(x, ...) {
    gmm_fit(x, k = 1:4, covariance = "EII", ...)$control$explorations
  }
  # One for every 200.
  expect_equal(explorations(faithful[1:249, ]), 2)
  expect_equal(explorations(faithful[1:251, ]), 3)
  expect_equal(explorations(iris[1:4]), 3)
  expect_equal(explorations(quakes[1:2]), 6)
  expect_equal(explorations(quakes[1:2], search = "quick"), 0)
})
