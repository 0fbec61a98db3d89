test_that("a fit and its summary print in a few lines", {
  set.seed(1)
  fit <- gmm_fit(faithful, k = 2)
  expect_snapshot(fit)
  expect_snapshot(summary(fit))
  set.seed(1)
  expect_snapshot(gmm_fit(faithful$waiting, k = 2))
  expect_snapshot(summary(gmm_fit(unname(as.matrix(faithful)), start = fit)))
})

test_that("what became of the starts, and what to doubt, is said in lines of their own", {
  set.seed(1)
  lines <- capture.output(fit <- print(gmm_fit(mtcars[1:4], k = 2)))
  expect_gt(fit$starts$degenerate, 0)
  expect_match(lines, "^[0-9]+ starts? ended with a component that collapsed", all = FALSE)
  lines <- capture.output(print(gmm_fit(mtcars, k = 2, reg_covar = 0.01)))
  expect_match(lines, "^It has more free parameters than rows", all = FALSE)
  expect_error(print(fit, digits = "a"), class = "gmm_error_bad_type")
  expect_error(print(summary(fit), digits = 0), class = "gmm_error_bad_value")
})

test_that("a run that has not converged does not claim an optimum", {
  set.seed(1)
  tail_of <- function(fit) tail(capture.output(print(fit)), 1)
  fit <- suppressWarnings(gmm_fit(faithful, k = 3, max_iter = 3, short_iter = 1))
  expect_match(tail_of(fit), paste(
    "^Not converged after 3 iterations. Of 20 starts [0-9]+ were followed, [0-9]+ of them to within",
    "1e-4 of this log-likelihood.$"
  ))
  fit <- gmm_fit(faithful, k = 3, max_iter = 3, tol = 0)
  expect_match(tail_of(fit), "^Stopped after 3 iterations, as asked \\(`tol = 0`\\). Of 20 starts")
  fit <- gmm_fit(faithful, start = rep(1:2, 136), max_iter = 3, tol = 0)
  expect_match(tail_of(fit), "^Stopped after 3 iterations from one start, as asked \\(`tol = 0`\\).$")
  fit <- gmm_fit(faithful, k = 2)
  fit$starts$finished <- fit$starts$reached <- 1
  expect_match(tail_of(fit), "Of 20 starts 1 was followed to the end.$")
})

test_that("printing returns its argument and never floods the console", {
  set.seed(1)
  x <- matrix(rnorm(60000), ncol = 30)
  fit <- gmm_fit(x, k = 25, n_init = 1, tol = 10)
  lines <- capture.output(returned <- withVisible(print(fit)))
  expect_false(returned$visible)
  expect_identical(returned$value, fit)
  expect_lt(length(lines), 50)
  expect_match(lines, "5 more components, 21 more columns", all = FALSE)
  expect_lt(length(capture.output(print(summary(fit)))), 200)
})

test_that("summary() has the numbers that it prints", {
  set.seed(1)
  fit <- gmm_fit(iris[1:4], k = 3)
  s <- summary(fit)
  expect_equal(sum(s$components$rows), 150)
  expect_equal(s$deviations[2, ], sqrt(diag(fit$covariances[, , 2])))
  expect_equal(s$correlations[, , 3], cov2cor(fit$covariances[, , 3]))
  expect_equal(s$criteria[["BIC"]], BIC(fit))
  uncertain <- predict(fit, type = "uncertainty")
  expect_equal(s$components$uncertainty[1], mean(uncertain[fit$cluster == 1]))
})
