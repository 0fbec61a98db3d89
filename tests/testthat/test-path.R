x <- as.matrix(faithful)
start <- list(means = rbind(c(2, 60), c(3, 60)))

test_that("the path is as long as the trace, and ends at the fit", {
  set.seed(1)
  several <- cbind(rnorm(12000), rnorm(12000, rep(c(0, 4), 6000)))
  fits <- list(
    gmm_fit(x, k = 3, covariance = "full", keep_path = TRUE),
    gmm_fit(x, k = 1:3, keep_path = TRUE),
    gmm_fit(x, k = 2, covariance = "tied", keep_path = TRUE, reg_covar = 0.1),
    gmm_fit(x[, 1], k = 2, keep_path = TRUE),
    gmm_fit(several, k = 2:3, covariance = c("EEE", "VVV"), keep_path = TRUE)
  )
  for (fit in fits) {
    expect_length(fit$path, length(fit$trace))
    last <- fit$path[[length(fit$path)]]
    expect_s3_class(last, "gmm_mixture")
    expect_identical(last[1:3], coef(fit))
    expect_equal(last$k, fit$k)
    expect_equal(last$d, fit$d)
  }
})

test_that("every mixture of the path has the log-likelihood that the trace says", {
  fit <- gmm_fit(x, start = start, covariance = "full", keep_path = TRUE)
  expect_equal(
    vapply(fit$path, loglik_by_hand, 0, x = x), fit$trace,
    tolerance = 1e-11
  )
  found <- gmm_fit(x, k = 3, covariance = "VEI", keep_path = TRUE)
  expect_equal(vapply(found$path, loglik_by_hand, 0, x = x), found$trace, tolerance = 1e-11)
})

test_that("without acceleration the path is that of E- and M-steps by hand", {
  fit <- gmm_fit(
    x,
    start = start, covariance = "full", accelerate = FALSE, tol = 0, max_iter = 30, keep_path = TRUE
  )
  variance <- mean(apply(x, 2, function(column) mean((column - mean(column))^2)))
  mixture <- list(
    weights = c(0.5, 0.5),
    means = start$means,
    covariances = array(variance * diag(2), c(2, 2, 2))
  )
  # The fit's order is that of its last mixture.
  order <- if (fit$path[[1]]$means[1, 1] == 2) 1:2 else 2:1
  for (step in fit$path) {
    expected <- list(
      weights = mixture$weights[order],
      means = mixture$means[order, ],
      covariances = mixture$covariances[, , order]
    )
    expect_same_mixture(step, expected)
    mixture <- m_step_by_hand(x, posterior_by_hand(x, mixture))
  }
})

test_that("a path is kept only if asked for, and changes nothing", {
  set.seed(1)
  without <- gmm_fit(x, k = 1:3)
  set.seed(1)
  with <- gmm_fit(x, k = 1:3, keep_path = TRUE)
  expect_null(without$path)
  expect_false("path" %in% names(without))
  parts <- c("weights", "means", "covariances", "trace", "cluster", "starts")
  expect_identical(with[parts], without[parts])
})

test_that("another model of the table has its path, too", {
  fit <- gmm_fit(x, k = 1:3, covariance = c("EEE", "VVV"), keep_path = TRUE)
  other <- gmm_refit(fit, k = 3, covariance = "full")
  expect_length(other$path, length(other$trace))
  expect_identical(other$path[[length(other$path)]][1:3], coef(other))
  expect_null(gmm_refit(gmm_fit(x, k = 1:2), k = 1)$path)
})

test_that("gmm_trace() has a row per iteration", {
  fit <- gmm_fit(x, k = 2, covariance = "full", keep_path = TRUE)
  trace <- gmm_trace(fit)
  expect_equal(trace$iteration, 0:fit$iterations)
  expect_identical(trace$loglik, fit$trace)
  expect_equal(trace$gain, c(NA, diff(fit$trace)))
  expect_named(trace, c(
    "iteration", "loglik", "gain",
    "weight_1", "mean_1_eruptions", "mean_1_waiting", "sd_1_eruptions", "sd_1_waiting",
    "weight_2", "mean_2_eruptions", "mean_2_waiting", "sd_2_eruptions", "sd_2_waiting"
  ))
  last <- trace[nrow(trace), ]
  expect_equal(last$weight_2, fit$weights[["2"]])
  expect_equal(last$mean_2_waiting, fit$means[2, "waiting"])
  expect_equal(last$sd_1_eruptions, sqrt(fit$covariances[1, 1, 1]))
})

test_that("gmm_trace() names columns that have no name by their number", {
  fit <- gmm_fit(unname(x), k = 1, covariance = "full", keep_path = TRUE)
  expect_named(gmm_trace(fit)[-(1:3)], c("weight_1", "mean_1_1", "mean_1_2", "sd_1_1", "sd_1_2"))
  fit <- gmm_fit(faithful$waiting, k = 2, keep_path = TRUE)
  trace <- gmm_trace(fit)
  expect_named(
    trace[-(1:3)],
    c("weight_1", "mean_1", "sd_1", "weight_2", "mean_2", "sd_2")
  )
  expect_equal(trace$sd_2[nrow(trace)], sqrt(fit$covariances[[2]]))
})

test_that("gmm_trace() without a path is the climb alone", {
  fit <- gmm_fit(x, k = 1, covariance = "full")
  trace <- gmm_trace(fit)
  expect_named(trace, c("iteration", "loglik", "gain"))
  expect_true(is.na(trace$gain[1]))
})

test_that("gmm_trace() refuses what is not a fit", {
  expect_error(gmm_trace(), class = "gmm_error_bad_value")
  error <- expect_error(gmm_trace(faithful), class = "gmm_error_bad_type")
  expect_equal(error$argument, "fit")
  expect_snapshot(gmm_trace(faithful), error = TRUE)
})

test_that("keep_path must be a flag", {
  refused(gmm_fit(x, k = 2, keep_path = 1), "bad_type", argument = "keep_path")
})
