x <- as.matrix(faithful)

#' The sum over the rows of their largest log joint density
classification <- function(x, mixture) {
  sum(apply(joint_by_hand(x, mixture), 1, max))
}

same_partition <- function(a, b) {
  all(rowSums(table(a, b) > 0) == 1) && all(colSums(table(a, b) > 0) == 1)
}

test_that("CEM of equal spheres with equal weights is k-means by Lloyd", {
  set.seed(2)
  clouds <- matrix(rnorm(900), ncol = 3) + rep(c(0, 2, 4), each = 100)
  tables <- list(
    x, as.matrix(iris[1:4]), clouds, as.matrix(quakes[c(1, 2, 4)]), x[, 2, drop = FALSE]
  )
  for (data in tables) {
    for (k in c(2, 3, 5)) {
      centres <- unname(unique(data)[sample(nrow(unique(data)), k), , drop = FALSE])
      kmeans <- kmeans(data, centres, iter.max = 100, algorithm = "Lloyd")
      start <- list(
        weights = rep(1 / k, k), means = centres,
        covariances = array(diag(ncol(data)), c(ncol(data), ncol(data), k))
      )
      fit <- gmm_fit(
        data, k,
        covariance = if (ncol(data) == 1) "E" else "EII",
        algorithm = "cem", equal_weights = TRUE, start = start
      )
      expect_true(fit$converged)
      expect_true(same_partition(fit$cluster, kmeans$cluster))
      order <- do.call("order", as.data.frame(kmeans$centers))
      expect_equal(unname(fit$means), unname(kmeans$centers[order, , drop = FALSE]))
      expect_equal(
        unname(fit$covariances[1, 1, 1]), kmeans$tot.withinss / length(data)
      )
    }
  }
})

test_that("the classification log-likelihood never falls, and is what the trace holds", {
  set.seed(3)
  for (covariance in c("EII", "VVI", "EEE", "VEV", "VVV", "EVE", "VVE", "VEI", "VEE")) {
    fit <- gmm_fit(
      iris[1:4], 3,
      covariance = covariance, algorithm = "cem", n_init = 3, keep_path = TRUE
    )
    expect_true(all(diff(fit$trace) >= -1e-9))
    expect_equal(
      fit$trace, vapply(fit$path, classification, 0, x = as.matrix(iris[1:4])),
      tolerance = 1e-11
    )
    expect_true(fit$converged)
    expect_equal(fit$loglik, loglik_by_hand(as.matrix(iris[1:4]), fit), tolerance = 1e-11)
    expect_equal(BIC(fit), -2 * fit$loglik + fit$df * log(150))
  }
})

test_that("a CEM fit is the M-step of its own partition", {
  fit <- gmm_fit(x, 3, covariance = "full", algorithm = "cem")
  indicators <- outer(fit$cluster, 1:3, `==`) + 0
  expect_same_mixture(fit, m_step_by_hand(x, indicators), 1e-10)
  expect_identical(fit$selection$loglik, fit$loglik)
  expect_equal(fit$starts$finished + fit$starts$degenerate, fit$starts$tried)
})

test_that("a cluster in which a column is constant has collapsed, however moments are rounded", {
  for (seed in 1:20) {
    set.seed(seed)
    group <- rep(1:2, each = 150)
    data <- cbind(
      a = rnorm(300, c(0, 18)[group]),
      b = ifelse(group == 1, 0.1, sample(c(0.1, 1.1), 300, TRUE))
    )
    start <- group
    start[sample(which(group == 2 & data[, "b"] > 1), 5)] <- 1L
    fit <- function(algorithm, max_iter) {
      suppressWarnings(gmm_fit(
        data,
        start = start, covariance = "VVI", algorithm = algorithm, max_iter = max_iter
      ))
    }
    for (algorithm in c("em", "cem", "sem")) {
      expect_error(fit(algorithm, 200), class = "gmm_error_degenerate")
    }
    # A run that ends before it has collapsed is sound.
    for (max_iter in 1:3) {
      for (algorithm in c("cem", "sem")) {
        found <- tryCatch(fit(algorithm, max_iter), gmm_error_degenerate = identity)
        least <- if (inherits(found, "gmm")) min(found$covariances[found$covariances != 0]) else 1
        expect_gt(least, 1e-4)
      }
    }
  }
})

test_that("CEM does not depend on the threads, also where starts come from a sample", {
  set.seed(4)
  many <- matrix(rnorm(30000), ncol = 2) + rep(c(0, 3, 6), each = 5000)
  fit <- function(threads, algorithm) {
    set.seed(5)
    gmm_fit(
      many, 3,
      covariance = "full", algorithm = algorithm, n_init = 4, max_iter = 20, threads = threads,
      keep_path = TRUE
    )
  }
  parts <- c("weights", "means", "covariances", "trace", "cluster", "starts", "path")
  for (algorithm in c("cem", "sem")) {
    one <- suppressWarnings(fit(1, algorithm))
    expect_identical(suppressWarnings(fit(3, algorithm))[parts], one[parts])
    expect_lt(attr(one$selection, "rows"), nrow(many))
  }
})

test_that("SEM reports the best mixture that it has seen, without a warning", {
  set.seed(6)
  fit <- expect_silent(gmm_fit(
    iris[1:4], 3,
    covariance = "VVI", algorithm = "sem", n_init = 2, keep_path = TRUE
  ))
  expect_false(fit$converged)
  expect_equal(fit$iterations, 200)
  expect_identical(fit$loglik, max(fit$trace))
  expect_true(any(diff(fit$trace) < 0))
  best <- fit$path[[which.max(fit$trace)]]
  expect_identical(best[1:3], coef(fit))
  data <- as.matrix(iris[1:4])
  expect_equal(vapply(fit$path[1:20], loglik_by_hand, 0, x = data), fit$trace[1:20])
})

test_that("every step of SEM is the M-step of a partition drawn from the responsibilities", {
  set.seed(7)
  one <- matrix(c(rnorm(4000, 0), rnorm(4000, 1.5)))
  start <- list(
    weights = c(0.7, 0.3), means = rbind(-0.5, 1), covariances = array(c(1, 2), c(1, 1, 2))
  )
  fit <- gmm_fit(
    one, start = start, covariance = "V", algorithm = "sem", max_iter = 40, keep_path = TRUE
  )
  counts <- vapply(fit$path[-1], function(step) step$weights[[1]] * nrow(one), 0)
  expect_equal(counts, round(counts), tolerance = 1e-9)
  # The number of rows drawn has this mean and variance, given the mixture before.
  z <- vapply(1:40, function(i) {
    share <- posterior_by_hand(one, fit$path[[i]])[, 1]
    (counts[i] - sum(share)) / sqrt(sum(share * (1 - share)))
  }, 0)
  expect_lt(abs(mean(z)), 4 / sqrt(40))
  expect_lt(abs(sum(z^2) - 40), 4 * sqrt(2 * 40))
})

test_that("SEM follows set.seed(), also from a start of the user's own", {
  fit <- function(seed, ...) {
    set.seed(seed)
    gmm_fit(x, covariance = "tied", algorithm = "sem", max_iter = 10, ...)$trace
  }
  start <- list(means = rbind(c(3, 60), c(4, 70)))
  expect_identical(fit(1, start = start), fit(1, start = start))
  expect_false(identical(fit(1, start = start), fit(2, start = start)))
  expect_identical(fit(1, k = 2), fit(1, k = 2))
})

test_that("a component that loses its rows ends the start", {
  far <- list(means = rbind(c(3, 70), c(100, 1000)))
  for (algorithm in c("cem", "sem")) {
    error <- expect_error(
      gmm_fit(x, start = far, covariance = "full", algorithm = algorithm),
      class = "gmm_error_degenerate"
    )
    expect_equal(error$component, 2)
  }
})

test_that("one component is the same by every algorithm", {
  fits <- lapply(c("em", "cem", "sem"), function(algorithm) {
    gmm_fit(x, 1, covariance = "full", algorithm = algorithm, max_iter = 5)
  })
  expect_equal(fits[[2]]$loglik, fits[[1]]$loglik)
  expect_equal(fits[[3]]$loglik, fits[[1]]$loglik)
  expect_equal(fits[[2]]$means, fits[[1]]$means)
})

test_that("update(), gmm_refit() and saveRDS() keep the algorithm", {
  fit <- gmm_fit(faithful, k = 2:3, covariance = c("EII", "VVV"), algorithm = "cem")
  expect_equal(fit$algorithm, "cem")
  expect_equal(update(fit, k = 2)$algorithm, "cem")
  expect_equal(update(fit, algorithm = "em")$algorithm, "em")
  other <- gmm_refit(fit, k = 2, covariance = "EII")
  expect_equal(other$algorithm, "cem")
  expect_equal(other$loglik, loglik_by_hand(x, other), tolerance = 1e-11)
  file <- tempfile()
  on.exit(unlink(file))
  saveRDS(fit, file)
  expect_identical(predict(readRDS(file)), predict(fit))
})

test_that("fits by relatives of EM say so", {
  local_plain_rust()
  set.seed(8)
  start <- list(means = rbind(c(2, 50), c(4, 80)))
  expect_snapshot({
    gmm_fit(faithful, start = start, covariance = "EII", algorithm = "cem", equal_weights = TRUE)
    gmm_fit(faithful, k = 3, covariance = "full", algorithm = "cem")
    gmm_fit(faithful, start = start, covariance = "full", algorithm = "sem", max_iter = 20)
  })
})

test_that("an algorithm that does not exist is refused", {
  refused(gmm_fit(x, 2, algorithm = "CEM"), "bad_value", argument = "algorithm")
  refused(gmm_fit(x, 2, algorithm = 1), "bad_type", argument = "algorithm")
})

test_that("CEM that runs out of iterations warns, whatever the tolerance, which it does not use", {
  for (tol in c(1e-6, 0)) {
    expect_warning(
      fit <- gmm_fit(
        quakes[1:4], 3,
        covariance = "full", algorithm = "cem", max_iter = 1, n_init = 1, tol = tol
      ),
      class = "gmm_warning_not_converged"
    )
    expect_output(print(fit), "Not converged after 1 iteration of classification EM")
  }
})
