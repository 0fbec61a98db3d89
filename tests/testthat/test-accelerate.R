# Textbook EM for full covariances: the log-likelihood of the start and after each iteration.
textbook_em <- function(x, mixture, iterations) {
  k <- length(mixture$weights)
  loglik <- numeric(iterations + 1)
  for (i in seq_len(iterations + 1)) {
    joint <- vapply(seq_len(k), function(j) {
      mixture$weights[j] * mvtnorm::dmvnorm(x, mixture$means[j, ], mixture$covariances[, , j])
    }, numeric(nrow(x)))
    loglik[i] <- sum(log(rowSums(joint)))
    posterior <- joint / rowSums(joint)
    mass <- colSums(posterior)
    mixture$weights <- mass / nrow(x)
    for (j in seq_len(k)) {
      mean <- colSums(posterior[, j] * x) / mass[j]
      centred <- sweep(x, 2, mean)
      mixture$means[j, ] <- mean
      mixture$covariances[, , j] <- crossprod(centred, posterior[, j] * centred) / mass[j]
    }
  }
  loglik
}

# Components that overlap, so that EM is slow.
overlapping <- function(n) {
  set.seed(1)
  rbind(
    matrix(rnorm(n), ncol = 2),
    matrix(rnorm(n, c(1.2, 0.4), 1.4), ncol = 2, byrow = TRUE)
  )
}

test_that("without acceleration every iteration is one of textbook EM", {
  skip_if_not_installed("mvtnorm")
  x <- as.matrix(faithful)
  start <- list(
    weights = c(0.5, 0.5),
    means = rbind(c(2, 70), c(4, 70)),
    covariances = array(diag(c(1, 100)), c(2, 2, 2))
  )
  fit <- gmm_fit(
    x, covariance = "full", start = start, accelerate = FALSE, max_iter = 40, tol = 0
  )
  expect_equal(fit$trace, textbook_em(x, start, 40), tolerance = 1e-12)
})

test_that("acceleration reaches the same optimum in far fewer iterations, and never steps down", {
  x <- overlapping(2000)
  labels <- 1 + (x[, 1] > 0.5)
  for (family in c("VVV", "VVI", "VII", "EEE", "VEE", "VVE", "EEV")) {
    slow <- gmm_fit(x, covariance = family, start = labels, accelerate = FALSE, max_iter = 1e5)
    fast <- gmm_fit(x, covariance = family, start = labels)
    expect_gt(fast$loglik, slow$loglik - 1e-5)
    expect_lt(fast$iterations, slow$iterations)
    expect_true(all(diff(fast$trace) >= 0))
    expect_true(fast$converged)
  }
  within <- function(fit, best) which(fit$trace > best - 1e-4)[1]
  slow <- gmm_fit(
    x, covariance = "full", start = labels, accelerate = FALSE, max_iter = 1e5, tol = 1e-9
  )
  fast <- gmm_fit(x, start = labels, covariance = "full")
  best <- max(slow$loglik, fast$loglik)
  expect_lt(10 * within(fast, best), within(slow, best))
})

test_that("EM gains next to nothing where an accelerated fit has ended", {
  x <- overlapping(600)
  for (family in engine_families()$name) {
    set.seed(2)
    fit <- gmm_fit(x, k = 3, covariance = family)
    on <- gmm_fit(
      x, covariance = family, start = fit, accelerate = FALSE, max_iter = 2000, tol = 0
    )
    expect_lt(on$loglik - fit$loglik, 1e-5)
    expect_gt(on$loglik - fit$loglik, -1e-6)
  }
})

test_that("a number of iterations that is asked for is made, accelerated or not", {
  for (accelerate in c(TRUE, FALSE)) {
    set.seed(3)
    fit <- gmm_fit(
      faithful, k = 2, covariance = "full", max_iter = 30, tol = 0, accelerate = accelerate
    )
    expect_length(fit$trace, 31)
  }
  refused(gmm_fit(faithful, k = 2, accelerate = 1), "bad_type", argument = "accelerate")
  refused(gmm_fit(faithful, k = 2, equal_weights = NA), "bad_type", argument = "equal_weights")
})

test_that("nearly collinear columns end every run where only rounding is left", {
  set.seed(3)
  a <- rnorm(600) + rep(c(0, 4), each = 300)
  noise <- rnorm(600)
  for (family in engine_families()$name) {
    for (size in c(1e-2, 1e-3, 1e-4)) {
      x <- cbind(a, a + size * noise)
      fit <- gmm_fit(x, start = rep(1:2, each = 300), covariance = family)
      expect_true(fit$converged)
      expect_lt(fit$iterations, 200)
      expect_true(all(diff(fit$trace) >= 0))
      by_row <- sum(predict(fit, type = "density", log = TRUE))
      expect_equal(by_row, fit$loglik, tolerance = 1e-8)
    }
  }
})

test_that("runs with a penalty are those of plain EM", {
  for (family in c("EEE", "VVE", "VVV")) {
    fits <- lapply(c(TRUE, FALSE), function(accelerate) {
      gmm_fit(
        iris[1:4],
        covariance = family, start = iris$Species, reg_covar = 0.01, accelerate = accelerate
      )
    })
    expect_identical(fits[[1]]$trace, fits[[2]]$trace)
  }
})

test_that("runs that cannot catch up give up", {
  set.seed(4)
  x <- matrix(rnorm(40000), ncol = 4) + 1.5 * sample(4, 10000, replace = TRUE)
  # From random labels, components that share a covariance take thousands of iterations.
  set.seed(5)
  search <- gmm_fit(x, k = 4, covariance = "EEE")
  alone <- suppressWarnings(gmm_fit(
    x, covariance = "EEE", start = sample(4, 10000, replace = TRUE), max_iter = 300
  ))
  expect_false(alone$converged)
  expect_lt(search$starts$finished, search$starts$tried)
  expect_gt(search$loglik, alone$loglik)
})
