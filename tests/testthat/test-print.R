test_that("a fit and its summary print in a few lines", {
  set.seed(1)
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_snapshot(fit)
  expect_snapshot(summary(fit))
  set.seed(1)
  expect_snapshot(gmm_fit(faithful$waiting, k = 2, covariance = "full"))
  expect_snapshot(summary(gmm_fit(unname(as.matrix(faithful)), start = fit, covariance = "full")))
})

test_that("what became of the starts, and what to doubt, is said in lines of their own", {
  set.seed(1)
  suppressWarnings(
    fit <- gmm_fit(mtcars[1:4], k = 2, covariance = "full"),
    classes = "gmm_warning_discrete"
  )
  lines <- capture.output(print(fit))
  expect_gt(fit$starts$degenerate, 0)
  expect_match(lines, "^[0-9]+ starts? ended with a component that collapsed", all = FALSE)
  fit <- suppressWarnings(
    gmm_fit(mtcars, k = 2, covariance = "full", reg_covar = 0.01),
    classes = "gmm_warning_discrete"
  )
  lines <- capture.output(print(fit))
  expect_match(lines, "^It has more free parameters than rows", all = FALSE)
  expect_error(print(fit, digits = "a"), class = "gmm_error_bad_type")
  expect_error(print(summary(fit), digits = 0), class = "gmm_error_bad_value")
})

test_that("a run that has not converged does not claim an optimum", {
  set.seed(1)
  tail_of <- function(fit) tail(capture.output(print(fit)), 1)
  fit <- suppressWarnings(
    gmm_fit(faithful, k = 3, covariance = "full", max_iter = 3, short_iter = 1)
  )
  expect_match(tail_of(fit), paste(
    "^Not converged after 3 iterations. Of [0-9]+ starts [0-9]+ were followed, [0-9]+ of them to within",
    "1e-4 of this log-likelihood.$"
  ))
  fit <- gmm_fit(faithful, k = 3, covariance = "full", max_iter = 3, tol = 0)
  expect_match(tail_of(fit), "^Stopped after 3 iterations, as asked \\(`tol = 0`\\). Of [0-9]+ starts")
  fit <- gmm_fit(faithful, start = rep(1:2, 136), max_iter = 3, tol = 0, covariance = "full")
  expect_match(tail_of(fit), "^Stopped after 3 iterations from one start, as asked \\(`tol = 0`\\).$")
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  fit$starts$finished <- fit$starts$reached <- 1
  expect_match(tail_of(fit), "Of 12 starts 1 was followed to the end.$")
})

test_that("a family is said in words", {
  expect_identical(describe_family("EII"), "EII (spherical, equal volume)")
  expect_identical(describe_family("EEV"), "EEV (equal volume and shape, varying orientation)")
  expect_identical(describe_family("VVV"), "VVV (\"full\")")
  words <- vapply(c(engine_families()$name, "E", "V"), describe_letters, character(1))
  expect_snapshot(cat(paste(names(words), words), sep = "\n"))
})

test_that("a summary leaves out what the family fixes", {
  # Up to what depends on the rows.
  tables <- function(family) {
    fit <- gmm_fit(iris[1:3], start = iris$Species, covariance = family)
    lines <- capture.output(printed <- print(summary(fit)))
    expect_identical(dim(printed$deviations), c(3L, 3L))
    expect_identical(dim(printed$correlations), c(3L, 3L, 3L))
    end <- grep("^Overlap", lines) - 2
    cat(lines[1:2], lines[match("Standard deviations", lines):end], sep = "\n")
  }
  for (family in c("EII", "VII", "EEI", "VEI", "EEE", "VEE", "EEV")) {
    expect_snapshot(tables(family))
  }
  lines <- capture.output(summary(gmm_fit(faithful$waiting, start = rep(1:2, 136), covariance = "E")))
  expect_match(lines, "^Covariances: one variance for all$", all = FALSE)
  expect_match(lines, "^all +5.869$", all = FALSE)
})

test_that("printing returns its argument and never floods the console", {
  set.seed(1)
  x <- matrix(rnorm(60000), ncol = 30)
  fit <- gmm_fit(x, k = 25, covariance = "full", n_init = 1, tol = 10)
  lines <- capture.output(returned <- withVisible(print(fit)))
  expect_false(returned$visible)
  expect_identical(returned$value, fit)
  expect_lt(length(lines), 52)
  expect_match(lines, "5 more components, 21 more columns", all = FALSE)
  expect_lt(length(capture.output(print(summary(fit)))), 200)
})
