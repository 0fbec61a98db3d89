# What `gmm_fit()` takes as data, and how it refuses the rest.

x <- as.matrix(faithful)

test_that("a non-numeric column is refused by name", {
  refused(gmm_fit(iris, k = 3), "bad_type", columns = "Species")
  refused(gmm_fit(data.frame(a = 1:9, on = TRUE), k = 1), "bad_type", columns = "on")
  refused(gmm_fit(data.frame(a = 1:3, b = I(list(1, 2, 3))), k = 1), "bad_type", columns = "b")
  refused(gmm_fit(data.frame(day = Sys.Date() + 1:3), k = 1), "bad_type", columns = "day")
})

test_that("what is not a numeric table is refused", {
  refused(gmm_fit(dist(iris[1:9, 1:4]), k = 2), "bad_type")
  refused(gmm_fit(iris$Species, k = 2), "bad_type")
  refused(gmm_fit(matrix("a", 3, 2), k = 1), "bad_type")
  refused(gmm_fit(x > 3, k = 2), "bad_type")
  refused(gmm_fit(x + 0i, k = 2), "bad_type")
  refused(gmm_fit(list(1, 2), k = 2), "bad_type")
  refused(gmm_fit(NULL, k = 2), "bad_type")
  refused(gmm_fit(structure(1:9 + 0, class = "integer64"), k = 2), "bad_type")
  refused(gmm_fit(), "bad_value", argument = "x")
  refused(gmm_fit(mean, k = 2), "bad_type")
  refused(gmm_fit(array(0, c(2, 2, 2)), k = 1), "bad_shape")
})

test_that("a sparse matrix is refused with a way out", {
  skip_if_not_installed("Matrix")
  refused(gmm_fit(Matrix::Matrix(x * (x > 4), sparse = TRUE), k = 2), "bad_type")
})

test_that("numbers that came as text or dates are to be converted, labels to be dropped", {
  hint <- function(column) {
    table <- data.frame(faithful, z = column)
    condition <- expect_error(gmm_fit(table, k = 2), class = "gmm_error_bad_type")
    sub("^i ", "", utils::tail(strsplit(cli::ansi_strip(conditionMessage(condition)), "\n")[[1]], 1))
  }
  expect_identical(hint(as.character(1:272)), "Convert with `as.numeric()`.")
  expect_identical(hint(as.Date("2020-01-01") + 1:272), "Convert with `as.numeric()`.")
  expect_match(hint(rep(c("1", "b"), 136)), "Drop what is not a measurement", fixed = TRUE)
  expect_match(hint(factor(1:272)), "Drop what is not a measurement", fixed = TRUE)
})

test_that("missing and infinite values are refused by column", {
  refused(gmm_fit(airquality, k = 2), "non_finite", columns = c("Ozone", "Solar.R"), count = 44)
  refused(gmm_fit(c(1, NaN, 2, 4), k = 1), "non_finite", count = 1)
  # Where some are missing, these come first.
  expect_error(
    gmm_fit(c(1, NaN, NA, 4), k = 1), "2 values are missing", class = "gmm_error_non_finite"
  )
  refused(gmm_fit(cbind(a = c(1, Inf, -Inf), b = 1:3), k = 1), "non_finite", columns = "a")
})

test_that("an empty table is refused", {
  refused(gmm_fit(x[0, ], k = 1), "bad_shape")
  refused(gmm_fit(x[, 0], k = 1), "bad_shape")
  refused(gmm_fit(data.frame(), k = 1), "bad_shape")
})

test_that("too few rows for a covariance are refused", {
  refused(gmm_fit(x[1:2, ], k = 1, covariance = "full"), "too_few_rows")
  refused(gmm_fit(3, k = 1), "too_few_rows")
  refused(gmm_fit(as.matrix(iris[c(1, 51, 101), 1:4]), k = 1, covariance = "full"), "too_few_rows")
})

test_that("a constant column is refused by name", {
  refused(gmm_fit(cbind(faithful, b = 5), k = 2), "constant_column", columns = "b")
  refused(gmm_fit(x[rep(1, 10), ], k = 1), "constant_column", columns = colnames(x))
  refused(gmm_fit(rep(5, 10), k = 1), "constant_column")
})

test_that("a column that others determine is refused by name", {
  fit_with <- function(...) gmm_fit(cbind(x, ...), k = 2, covariance = "full")
  refused(fit_with(again = x[, 1]), "collinear", columns = "again")
  refused(fit_with(sum = x[, 1] + x[, 2]), "collinear", columns = "sum")
  refused(fit_with(x), "collinear")
})

test_that("a scale beyond the numbers is refused", {
  refused(gmm_fit(x * 1e160, k = 2, covariance = "full"), "bad_value", columns = "eruptions")
  refused(gmm_fit(x * 1e-170, k = 2, covariance = "full"), "bad_value", columns = "eruptions")
})

test_that("a collapse names the component, its rows and what they share", {
  set.seed(1)
  cloud <- cbind(a = rnorm(60), b = rnorm(60))
  spike <- cbind(a = rnorm(40, 9), b = 7)
  refused(
    gmm_fit(rbind(cloud, spike), k = 2, covariance = "full"),
    "degenerate",
    rows = as.double(61:100),
    starts = 24
  )
  refused(
    gmm_fit(x, start = rep(1:2, c(270, 2)), covariance = "full"),
    "degenerate",
    component = 2,
    rows = c(271, 272),
    starts = 1
  )
  parts <- rep(1:2, c(60, 40))
  refused(gmm_fit(c(rnorm(60), rep(9, 40)), start = parts, covariance = "full"), "degenerate")
  flat <- rbind(matrix(rnorm(120), 60), cbind(1:40, 1:40))
  refused(gmm_fit(flat, start = parts, covariance = "full"), "degenerate", component = 2)
})

test_that("a collapse is told in the words of the family", {
  set.seed(1)
  spiked <- rbind(cbind(a = rnorm(60), b = rnorm(60)), cbind(a = rnorm(40, 9), b = 7))
  parts <- rep(1:2, c(60, 40))
  refused(gmm_fit(spiked, start = parts, covariance = "VVI"), "degenerate", component = 2)
  few <- matrix(rnorm(120), 12)
  parts <- rep(1:4, 3)
  refused(gmm_fit(few, start = parts, covariance = "VEE"), "degenerate")
  # One component, and so far from zero that rounding is all that varies.
  refused(gmm_fit(1e15 + cbind(1:60 %% 7, 1:60 %% 11) / 10, k = 1), "degenerate")
  refused(
    gmm_fit(few, start = parts, covariance = "EEE"),
    "degenerate",
    component = NULL,
    rows = NULL
  )
  refused(gmm_fit(few, start = seq_len(12), covariance = "EII"), "degenerate", component = NULL)
  far <- list(
    weights = c(0.9, 0.1),
    means = rbind(colMeans(x), c(500, 5000)),
    covariances = array(cov(x), c(2, 2, 2))
  )
  refused(gmm_fit(x, start = far, covariance = "VII"), "degenerate", component = 2)
})

test_that("the family to fall back on is contained in the one that was asked for", {
  all <- engine_families()
  for (family in all$name) {
    simpler <- simpler_family(family)
    if (family == "EII") {
      expect_null(simpler)
    } else {
      name <- resolve_families(simpler, 2, NULL)$name
      level <- function(letters) match(letters, c("I", "E", "V"))
      expect_true(all(level(family_letters(name)) <= level(family_letters(family))))
      expect_false(name == family)
      # Not one that needs more rows.
      expect_lte(is_oriented(name), is_oriented(family))
    }
  }
  expect_identical(simpler_family("V"), "E")
  expect_null(simpler_family("E"))
})

test_that("components that lie millions of standard deviations apart are not a collapse", {
  set.seed(1)
  fit <- gmm_fit(c(rnorm(100), rnorm(100, 2e6)), k = 2, covariance = "full")
  expect_equal(unname(fit$weights), c(0.5, 0.5))
  expect_lt(max(fit$covariances), 2)
})

test_that("too many components for the rows are said to be so", {
  set.seed(1)
  refused(gmm_fit(matrix(rnorm(1010), ncol = 10)[1:12, ], k = 2, covariance = "full"), "degenerate")
})

test_that("regularisation lifts what only a singular covariance forbids", {
  for (data in list(cbind(x, 5), cbind(x, x[, 1]), x[1:2, ])) {
    fit <- gmm_fit(data, k = 1, covariance = "full", reg_covar = 0.1)
    expect_true(is.finite(fit$loglik))
  }
})

test_that("a formula is checked", {
  refused(gmm_fit(waiting ~ eruptions, data = faithful, k = 2), "bad_value")
  refused(gmm_fit(~ eruptions:waiting, data = faithful, k = 2), "bad_value")
  refused(
    gmm_fit(~ eruptions + nowhere, data = faithful, k = 2),
    "missing_columns",
    columns = "nowhere"
  )
  refused(gmm_fit(~Species, data = iris, k = 2), "bad_type", columns = "Species")
  refused(gmm_fit(~a, data = 3, k = 2), "bad_type", argument = "data")
  refused(gmm_fit(~1, data = faithful, k = 2), "bad_value")
  refused(gmm_fit(~ eruptions + offset(waiting), data = faithful, k = 2), "bad_value")
  refused(gmm_fit(~ nowhere(eruptions), data = faithful, k = 2), "bad_value")
  refused(gmm_fit(~ c + eruptions, data = faithful, k = 2), "missing_columns", columns = "c")
  refused(gmm_fit(~., k = 2), "bad_value")
})
