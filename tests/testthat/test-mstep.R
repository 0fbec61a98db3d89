x <- as.matrix(iris[1:4])
families <- engine_families()$name

test_that("labels give the moments of their groups, divided by their sizes", {
  oracle <- gmm_mstep(iris[1:4], iris$Species)
  expect_s3_class(oracle, "gmm_mixture", exact = TRUE)
  expect_equal(oracle$weights, c(`1` = 1, `2` = 1, `3` = 1) / 3)
  for (k in 1:3) {
    group <- x[as.integer(iris$Species) == k, ]
    expect_equal(oracle$means[k, ], colMeans(group))
    expect_equal(oracle$covariances[, , k], cov(group) * 49 / 50)
  }
})

test_that("labels, their indicators and the order of labels are what the page says", {
  indicators <- cbind(seven_labels == 1, seven_labels == 2) + 0
  by_labels <- gmm_mstep(seven, seven_labels)
  expect_equal(gmm_mstep(seven, indicators), by_labels, tolerance = 1e-15)
  expect_identical(gmm_mstep(seven, c("b", "z")[seven_labels]), by_labels)
  expect_identical(gmm_mstep(seven, seven_labels == 2), by_labels)
  expect_identical(gmm_mstep(seven, c(1, 30)[seven_labels]), by_labels)
  turned <- gmm_mstep(seven, factor(seven_labels, levels = 3:1))
  expect_identical(turned$means[[1, 1]], by_labels$means[[2, 1]])
})

test_that("responsibilities give weighted moments", {
  set.seed(2)
  posterior <- random_posterior(150, 3)
  mixture <- gmm_mstep(x, posterior)
  expect_equal(unname(mixture$weights), colMeans(posterior))
  for (k in 1:3) {
    moments <- cov.wt(x, posterior[, k] / sum(posterior[, k]), method = "ML")
    expect_equal(mixture$means[k, ], moments$center)
    expect_equal(mixture$covariances[, , k], moments$cov)
  }
  equal <- gmm_mstep(x, posterior, equal_weights = TRUE)
  expect_equal(unname(equal$weights), rep(1 / 3, 3))
  expect_identical(equal$means, mixture$means)
})

test_that("every family's M-step is that of the engine, also for one column", {
  set.seed(3)
  posterior <- random_posterior(150, 2)
  for (family in families) {
    found <- engine_m_step(x, 150L, posterior, family, FALSE, 1L)
    ours <- gmm_mstep(x, posterior, family)
    expect_equal(as.double(ours$covariances), found$covariances, tolerance = 1e-12)
  }
  variances <- function(covariance) {
    as.double(gmm_mstep(seven, seven_labels, covariance)$covariances)
  }
  within <- vapply(split(seven, seven_labels), function(g) mean((g - mean(g))^2), 0)
  expect_equal(variances("full"), unname(within))
  expect_equal(variances("tied"), rep(sum(within * c(5, 2)) / 7, 2))
})

test_that("E then M never lowers the log-likelihood, for any family and data", {
  set.seed(4)
  data <- list(x, as.matrix(faithful), matrix(rnorm(300), 100), matrix(rt(200, 2), 200))
  for (x in data) {
    for (family in families) {
      for (equal_weights in c(FALSE, TRUE)) {
        mixture <- gmm_mstep(x, random_posterior(nrow(x), 3), family, equal_weights)
        loglik <- numeric(15)
        for (i in seq_along(loglik)) {
          step <- gmm_estep(x, mixture)
          loglik[i] <- step$loglik
          mixture <- gmm_mstep(x, step$posterior, family, equal_weights)
        }
        expect_gte(min(diff(loglik)), -1e-9 * abs(loglik[1]))
      }
    }
  }
})

test_that("a loop of the two steps follows gmm_fit() from the same start, iterate by iterate", {
  labels <- rep(1:3, 50)
  for (family in c("full", "tied", "diagonal", "spherical", "VEE", "EVE")) {
    mixture <- gmm_mstep(x, labels, family)
    for (i in 1:10) {
      mixture <- gmm_mstep(x, gmm_estep(x, mixture)$posterior, family)
      fit <- gmm_fit(
        x,
        start = labels, covariance = family, accelerate = FALSE, max_iter = i, tol = 0
      )
      expect_identical(fit$iterations, i)
      order <- order(-mixture$weights)
      expect_equal(unname(mixture$weights[order]), unname(fit$weights), tolerance = 1e-10)
      expect_equal(unname(mixture$means[order, ]), unname(fit$means), tolerance = 1e-10)
      expect_equal(
        unname(mixture$covariances[, , order]), unname(fit$covariances),
        tolerance = 1e-10
      )
      expect_equal(gmm_estep(x, mixture)$loglik, fit$loglik, tolerance = 1e-10)
    }
  }
})

test_that("a component without rows or without variance is named, with its rows", {
  degenerate <- function(code, component, rows) {
    condition <- expect_error(code, class = "gmm_error_degenerate")
    expect_equal(condition$component, component)
    expect_equal(condition$rows, rows)
    expect_identical(condition$call, quote(gmm_mstep()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  degenerate(gmm_mstep(seven, c(1, 1, 2, 1, 1, 1, 1)), 2, 3L)
  degenerate(gmm_mstep(c(1, 2, 0.1, 0.1, 0.1, 3), c(1, 1, 2, 2, 2, 1)), 2, 3:5)
  degenerate(gmm_mstep(x, c(1:3, rep(4, 147))), 1, 1L)
  degenerate(gmm_mstep(x, c(rep(1, 3), rep(2, 147))), 1, 1:3)
  degenerate(gmm_mstep(x, cbind(rep(1, 150), 0)), 2, integer())
  degenerate(gmm_mstep(x, cbind(rep(0.999, 150), 0.001)), 2, integer())
  degenerate(gmm_mstep(cbind(seven, 2 * seven), seven_labels), 1, which(seven_labels == 1))
  degenerate(gmm_mstep(x[51:54, ], c(1, 1, 2, 2), "tied"), NULL, NULL)
})

test_that("what has no M-step is refused", {
  stopped <- function(code, class, argument) {
    condition <- expect_error(code, class = paste0("gmm_error_", class))
    expect_identical(condition$argument, argument)
    expect_identical(condition$call, quote(gmm_mstep()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  step <- gmm_estep(seven, gmm_mixture(means = c(1, 4), covariances = 1))
  stopped(gmm_mstep(), "bad_value", "x")
  stopped(gmm_mstep(seven, unclass(step)), "bad_type", "posterior")
  stopped(gmm_mstep(seven, as.data.frame(step$posterior)), "bad_type", "posterior")
  stopped(gmm_mstep(seven, 1:2), "bad_shape", "posterior")
  stopped(gmm_mstep(seven, replace(seven_labels, 2, NA)), "bad_value", "posterior")
  stopped(gmm_mstep(seven, 2 * step$posterior), "bad_value", "posterior")
  stopped(gmm_mstep(seven, step$posterior[1:3, ]), "bad_shape", "posterior")
  stopped(gmm_mstep(seven, seven_labels, "all"), "bad_value", "covariance")
  stopped(gmm_mstep(seven, seven_labels, "ful"), "bad_value", "covariance")
  stopped(gmm_mstep(seven, seven_labels, equal_weights = NA), "bad_type", "equal_weights")
  stopped(gmm_mstep(iris, iris$Species), "bad_type", "x")
  stopped(gmm_mstep(x[0, ], integer()), "bad_shape", "x")
  stopped(gmm_mstep(replace(seven, 1, Inf), seven_labels), "non_finite", "x")
  stopped(gmm_mstep(cbind(a = seven, b = 1), seven_labels), "constant_column", "x")
  hidden <- addNA(factor(replace(seven_labels, 1:3, NA)))
  stopped(gmm_mstep(seven, hidden), "bad_value", "posterior")
})
