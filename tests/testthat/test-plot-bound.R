# The evidence lower bound by its definition: independent of the statistics that the plot keeps.
elbo <- function(x, mixture, posterior) {
  log_density <- predict(mixture, x, type = "component_density", log = TRUE)
  joint <- sweep(log_density, 2, log(as.vector(mixture$weights)), "+")
  sum(posterior * joint) - sum(ifelse(posterior > 0, posterior * log(posterior), 0))
}

with_mean <- function(fit, k, j, value) {
  fit$means[k, j] <- value
  bare_mixture(fit)
}

set.seed(1)
fit <- gmm_fit(faithful, k = 2, covariance = "full")
waiting <- gmm_fit(faithful$waiting, k = 2, covariance = "V")
flowers <- gmm_fit(iris[1:4], k = 3, covariance = "full")
kept <- fit_with_path(faithful, faithful_start, 6)

test_that("bounds touch the log-likelihood at their iterate and lie below it elsewhere", {
  pictures <- list(
    drawn(plot(fit, what = "bound"))$value,
    drawn(plot(waiting, what = "bound"))$value,
    drawn(plot(flowers, what = "bound"))$value,
    drawn(plot(flowers, what = "bound", parameter = c(3, "Petal.Width")))$value,
    drawn(plot(kept, what = "bound", at = 0))$value,
    drawn(plot(kept, what = "bound", at = 4))$value,
    drawn(plot(gmm_fit(faithful, k = 1, covariance = "full"), what = "bound"))$value
  )
  for (picture in pictures) {
    curve <- picture$curve
    for (i in seq_len(nrow(picture$iterates))) {
      gap <- curve$loglik - curve[[i + 2]]
      expect_gte(min(gap), -1e-9 * max(abs(curve$loglik)))
      touch <- match(picture$iterates$value[i], curve$value)
      expect_equal(curve[[i + 2]][touch], curve$loglik[touch], tolerance = 1e-10)
    }
    expect_false(is.unsorted(picture$iterates$loglik))
  }
})

test_that("curve and bounds are those computed row by row", {
  shown <- drawn(plot(fit, what = "bound", parameter = c(2, 2)))$value
  first <- with_mean(fit, 2, 2, shown$iterates$value[1])
  posterior <- predict(first, faithful, type = "posterior")
  for (i in c(1, 60, 121)) {
    moved <- with_mean(fit, 2, 2, shown$curve$value[i])
    loglik <- sum(predict(moved, faithful, type = "density", log = TRUE))
    expect_equal(shown$curve$loglik[i], loglik)
    expect_equal(shown$curve$bound_0[i], elbo(faithful, moved, posterior))
  }
})

test_that("the next iterate is where the bound is highest", {
  shown <- drawn(plot(flowers, what = "bound", parameter = c(3, "Petal.Width")))$value
  from <- with_mean(flowers, 3, 4, shown$iterates$value[1])
  posterior <- predict(from, iris[1:4], type = "posterior")
  highest <- optimize(
    function(value) elbo(iris[1:4], with_mean(flowers, 3, 4, value), posterior),
    range(shown$curve$value),
    maximum = TRUE, tol = 1e-9
  )
  expect_equal(shown$iterates$value[2], highest$maximum, tolerance = 1e-6)
  # Also along a line in several columns.
  shown <- drawn(plot(flowers, what = "bound"))$value
  for (i in seq_len(nrow(shown$iterates) - 1)) {
    peak <- shown$curve$value[which.max(shown$curve[[i + 2]])]
    expect_equal(peak, shown$iterates$value[i + 1], tolerance = 0.02)
  }
})

test_that("the bound at an iterate of the fit is highest at the next one", {
  for (at in c(0, 3, 5)) {
    shown <- drawn(plot(kept, what = "bound", at = at))$value
    expect_identical(shown$iterates$iteration, at + 0:1)
    expect_equal(shown$iterates$loglik, kept$trace[at + 1:2])
    bound <- shown$curve[[3]]
    expect_equal(shown$curve$value[which.max(bound)], 1)
  }
})

test_that("the iterates lead to the optimum", {
  shown <- drawn(plot(waiting, what = "bound"))$value
  expect_equal(shown$iterates$value[1], waiting$means[[1]])
  expect_lt(abs(tail(shown$iterates$value, 1) - waiting$means[[2]]), 2)
  expect_lte(max(shown$curve$loglik), waiting$loglik + 1e-6)
})

test_that("the curve does not leave the frame above", {
  for (at in 0:5) {
    drawn({
      shown <- plot(kept, what = "bound", at = at)
      expect_lt(max(shown$curve$loglik), graphics::par("usr")[4])
    })
  }
})

test_that("a parameter is a component and a column, and not given with an iteration", {
  for (parameter in list(c(1, 3), c(3, 1), c(1.5, 1), c("1", "Species"), c(1, NA))) {
    expect_error(plot(fit, what = "bound", parameter = parameter), class = "gmm_error_bad_value")
  }
  expect_error(plot(fit, what = "bound", parameter = 1), class = "gmm_error_bad_type")
  expect_error(plot(fit, what = "bound", parameter = list(1, 2)), class = "gmm_error_bad_type")
  expect_error(plot(kept, what = "bound", at = 6), class = "gmm_error_bad_value")
  expect_error(
    plot(kept, what = "bound", at = 1, parameter = c(1, 1)),
    class = "gmm_error_bad_value"
  )
  expect_equal(
    drawn(plot(fit, what = "bound", parameter = c(1, "waiting")))$value,
    drawn(plot(fit, what = "bound", parameter = c(1, 2)))$value
  )
})

test_that("columns that nearly determine each other, in units far apart, have bounds", {
  set.seed(1)
  x <- rnorm(500)
  thin <- gmm_fit(cbind(a = x, b = x * 1e-6 + rnorm(500) * 1e-10), k = 2, covariance = "full")
  shown <- drawn(plot(thin, what = "bound"))$value
  expect_true(all(is.finite(as.matrix(shown$curve))))
})

test_that("far along a line there are no mixtures, and it ends before", {
  between <- function(value) {
    list(weights = 1, means = matrix(0), covariances = array(1.5 - value, c(1, 1, 1)), k = 1, d = 1)
  }
  range <- mixture_range(between, c(-0.6, 1.9))
  expect_equal(range[1], -0.6)
  expect_gt(range[2], 1.4)
  expect_lt(range[2], 1.5)
})

test_that("Bhattacharyya's coefficient is the integral of the root of the densities' product", {
  root <- function(x) {
    sqrt(dnorm(x, waiting$means[1], sqrt(waiting$covariances[1])) *
      dnorm(x, waiting$means[2], sqrt(waiting$covariances[2])))
  }
  expected <- integrate(root, 0, 150, rel.tol = 1e-10)$value
  expect_equal(bhattacharyya(waiting)[1, 2], expected, tolerance = 1e-7)
  expect_equal(unname(diag(bhattacharyya(flowers))), rep(1, 3))
  expect_identical(closest_components(flowers), c(1L, 3L))
})
