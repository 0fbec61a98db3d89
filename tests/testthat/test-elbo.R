x <- as.matrix(iris[1:4])
set.seed(1)
mixture <- gmm_mstep(x, random_posterior(150, 3), "VVI")

test_that("the bound is its formula", {
  posterior <- random_posterior(7, 2)
  line <- gmm_mixture(c(0.6, 0.4), c(1, 4), c(1, 2))
  log_joint <- cbind(
    log(0.6) + dnorm(seven, 1, 1, log = TRUE),
    log(0.4) + dnorm(seven, 4, sqrt(2), log = TRUE)
  )
  expected <- sum(posterior * log_joint) - sum(posterior * log(posterior))
  expect_equal(gmm_elbo(seven, line, posterior), expected, tolerance = 1e-12)
})

test_that("the bound touches the log-likelihood at the mixture's own responsibilities", {
  for (m in list(mixture, gmm_fit(x, k = 4), gmm_mstep(x, rep(1:5, 30)))) {
    step <- gmm_estep(x, m)
    expect_equal(gmm_elbo(x, m, step$posterior), step$loglik, tolerance = 1e-9)
  }
})

test_that("it lies below everywhere else, by the divergence of the responsibilities", {
  set.seed(2)
  own <- gmm_estep(x, mixture)
  for (i in 1:20) {
    other <- random_posterior(150, 3)
    gap <- own$loglik - gmm_elbo(x, mixture, other)
    expect_gt(gap, 0)
    expect_equal(gap, sum(other * log(other / own$posterior)), tolerance = 1e-9)
  }
})

test_that("the E-step raises the bound to the log-likelihood, and the M-step raises it further", {
  set.seed(3)
  before <- random_posterior(150, 3)
  step <- gmm_estep(x, mixture)
  expect_gt(gmm_elbo(x, mixture, step$posterior), gmm_elbo(x, mixture, before))
  better <- gmm_mstep(x, step$posterior, "VVI")
  expect_gt(gmm_elbo(x, better, step$posterior), step$loglik)
  expect_gt(gmm_estep(x, better)$loglik, gmm_elbo(x, better, step$posterior))
})

test_that("with one component for every row it is the classification log-likelihood", {
  line <- gmm_mixture(c(0.6, 0.4), c(1, 4), c(1, 2))
  expected <- sum(
    log(c(0.6, 0.4)[seven_labels]) +
      dnorm(seven, c(1, 4)[seven_labels], sqrt(c(1, 2))[seven_labels], log = TRUE)
  )
  indicators <- cbind(seven_labels == 1, seven_labels == 2) + 0
  expect_equal(gmm_elbo(seven, line, seven_labels), expected, tolerance = 1e-12)
  expect_equal(gmm_elbo(seven, line, indicators), expected, tolerance = 1e-12)
  # Component 2 has no row.
  expect_true(is.finite(gmm_elbo(seven, line, rep(1, 7))))
  expect_identical(gmm_elbo(numeric(), line, matrix(0, 0, 2)), 0)
})

test_that("a density of zero counts only where it has responsibility", {
  line <- gmm_mixture(means = c(0, 0), covariances = c(1, 1e300))
  far <- c(1, 1e160)
  expect_identical(gmm_elbo(far, line, matrix(0.5, 2, 2)), -Inf)
  expect_identical(gmm_elbo(far, line, cbind(c(1, 1), 0)), -Inf)
  expect_equal(
    gmm_elbo(far, line, diag(2)),
    2 * log(0.5) + dnorm(1, log = TRUE) + dnorm(1e160, sd = 1e150, log = TRUE)
  )
})

test_that("responsibilities of something else are refused", {
  stopped <- function(code, class, argument) {
    condition <- expect_error(code, class = paste0("gmm_error_", class))
    expect_identical(condition$argument, argument)
    expect_identical(condition$call, quote(gmm_elbo()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  stopped(gmm_elbo(x, mixture, random_posterior(150, 2)), "bad_shape", "posterior")
  stopped(gmm_elbo(x, mixture, random_posterior(10, 3)), "bad_shape", "posterior")
  stopped(gmm_elbo(x, mixture, -random_posterior(150, 3)), "bad_value", "posterior")
  stopped(gmm_elbo(x, mixture, iris$Species), "bad_type", "posterior")
  stopped(gmm_elbo(x, mixture, rep(0:2, 50)), "bad_value", "posterior")
  stopped(gmm_elbo(x, mixture, rep(1.5, 150)), "bad_value", "posterior")
  stopped(gmm_elbo(x, mixture, 1:3), "bad_shape", "posterior")
  stopped(gmm_elbo(x, mixture), "bad_value", "posterior")
  stopped(gmm_elbo(x, "a", 1:3), "bad_type", "mixture")
})
