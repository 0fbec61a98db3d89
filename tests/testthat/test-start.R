x <- as.matrix(faithful)

test_that("labels, their indicators and the mixture they give are the same start", {
  labels <- rep(1:2, 136)
  fit <- gmm_fit(x, start = labels, covariance = "full")
  expect_equal(fit$k, 2)
  indicators <- cbind(labels == 1, labels == 2) + 0
  expect_identical(gmm_fit(x, start = indicators, covariance = "full")$trace, fit$trace)
  expect_identical(gmm_fit(x, start = factor(labels), covariance = "full")$trace, fit$trace)
  expect_identical(gmm_fit(x, start = labels == 2, covariance = "full")$trace, fit$trace)
  expect_identical(gmm_fit(x, start = c("b", "c")[labels], covariance = "full")$trace, fit$trace)
  parts <- lapply(1:2, function(k) x[labels == k, ])
  mixture <- list(
    weights = c(0.5, 0.5),
    means = t(vapply(parts, colMeans, numeric(2))),
    covariances = array(unlist(lapply(parts, function(p) cov(p) * 135 / 136)), c(2, 2, 2))
  )
  by_mixture <- gmm_fit(x, start = mixture, covariance = "full")
  expect_equal(by_mixture$trace[1:10], fit$trace[1:10], tolerance = 1e-9)
})

test_that("a fit is a start", {
  fit <- gmm_fit(x, k = 2, covariance = "full")
  again <- gmm_fit(x, start = fit, covariance = "full")
  expect_equal(again$loglik, fit$loglik, tolerance = 1e-9)
  expect_lte(again$iterations, 10)
})

test_that("a mixture with column names is matched by them, and mclust's layout is refused", {
  fit <- gmm_fit(x, k = 2, covariance = "full")
  turned <- gmm_fit(x[, 2:1], start = fit, covariance = "full")
  expect_equal(turned$loglik, fit$loglik, tolerance = 1e-9)
  three <- gmm_fit(x, k = 3, covariance = "full")
  turned <- list(
    weights = three$weights,
    means = t(three$means),
    covariances = three$covariances
  )
  refused(gmm_fit(x, start = turned), "bad_shape", argument = "start")
})

test_that("a start whose first step is huge still climbs to the optimum", {
  pinpoint <- list(
    weights = c(0.5, 0.5),
    means = rbind(c(4, 80), c(2, 55)),
    covariances = array(1e-14 * diag(2), c(2, 2, 2))
  )
  fit <- gmm_fit(x, start = pinpoint, covariance = "full")
  expect_equal(fit$loglik, -1130.26396, tolerance = 1e-8)
})

test_that("a start of the user's own draws no random number", {
  set.seed(1)
  before <- .Random.seed
  gmm_fit(x, start = rep(1:2, 136), covariance = "full")
  expect_identical(.Random.seed, before)
})

test_that("the engine says what is wrong with each covariance", {
  all <- c(2, 1, 1, 3, 2, 1, 2, 3, 2, 3, 3, 2)
  expect_identical(
    engine_covariance_faults(all, 2L), c("", "asymmetric", "not_positive_definite")
  )
})

refused_start <- function(start, class, k = NULL) {
  refused(gmm_fit(x, k = k, start = start), class, argument = "start")
}

test_that("a start that does not fit is refused", {
  refused_start(rep(1:2, 10), "bad_shape")
  refused_start(c(NA, rep(1:2, 135), 1), "bad_value")
  refused_start(mean, "bad_type")
  refused_start(rep(1:2, 136), "bad_value", k = 3)
  refused_start(matrix(0.4, 272, 2), "bad_value")
  refused_start(matrix(NA_real_, 272, 2), "bad_value")
  refused_start(matrix(0.5, 10, 2), "bad_shape")
  refused_start(matrix("a", 272, 2), "bad_type")
  mixture <- list(
    weights = c(0.5, 0.5),
    means = rbind(c(4, 80), c(2, 55)),
    covariances = array(diag(2), c(2, 2, 2))
  )
  refused_start(mixture["weights"], "bad_type")
  refused_start(replace(mixture, "weights", list(c(1, 1))), "bad_value")
  refused_start(replace(mixture, "means", list(matrix(NA_real_, 2, 2))), "bad_type")
  refused_start(replace(mixture, "means", list(matrix(1, 2, 3))), "bad_shape")
  refused_start(replace(mixture, "means", list(matrix(1e300, 2, 2))), "bad_value")
  refused_start(replace(mixture, "covariances", list(mixture$covariances * 1e-30)), "bad_value")
  refused_start(kmeans(x, x[1:2, ]), "bad_type")
  refused_start(as.data.frame(matrix(0.5, 272, 2)), "bad_type")
  refused_start(replace(mixture, "covariances", list(array(1, c(2, 2, 2)))), "bad_value")
})

test_that("means alone are a start, with equal weights and spheres of the mean variance", {
  centres <- faithful[c(1, 2), ]
  variance <- mean(apply(x, 2, function(column) mean((column - mean(column))^2)))
  whole <- list(
    weights = c(0.5, 0.5),
    means = unname(as.matrix(centres)),
    covariances = array(variance * diag(2), c(2, 2, 2))
  )
  expected <- gmm_fit(x, start = whole, covariance = "full")$trace
  expect_equal(gmm_fit(x, start = list(means = centres), covariance = "full")$trace, expected)
  expect_equal(gmm_fit(x, start = whole["means"], covariance = "full")$trace, expected)
  expect_equal(gmm_fit(x, start = whole[c(2, 3)], covariance = "full")$trace, expected)
  for (covariances in list(variance * diag(2), list(variance * diag(2), variance * diag(2)))) {
    start <- list(means = centres, covariances = covariances)
    expect_equal(gmm_fit(x, start = start, covariance = "full")$trace, expected)
  }
  one <- gmm_fit(x[, 2], start = list(means = c(50, 80)), covariance = "V", keep_path = TRUE)
  expect_equal(one$k, 2)
  expect_equal(unname(one$path[[1]]$covariances[, , 1]), mean((x[, 2] - mean(x[, 2]))^2))
  refused_start(list(means = matrix(0, 0, 2)), "bad_shape")
  refused_start(list(means = c(1, 2, 3)), "bad_shape")
  refused_start(list(means = matrix("a", 2, 2)), "bad_type")
  refused_start(list(means = centres, covariances = list(1, diag(2))), "bad_type")
})

test_that("means of other columns are refused, also where they are fixed", {
  other <- rbind(c(a = 2, b = 55), c(4.3, 80))
  err <- expect_error(gmm_fit(x, start = list(means = other)), class = "gmm_error_bad_value")
  expect_identical(err$columns, c("a", "b"))
  err <- expect_error(gmm_fit(x, fix = list(means = other)), class = "gmm_error_bad_value")
  expect_identical(err$argument, "fix")
  bare <- gmm_fit(unname(as.matrix(x)), start = list(means = other), covariance = "full")
  named <- gmm_fit(x, start = list(means = unname(other)), covariance = "full")
  expect_equal(bare$loglik, named$loglik)
})
