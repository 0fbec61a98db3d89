x <- as.matrix(faithful)
truth <- list(
  weights = c(0.3, 0.7),
  means = rbind(c(2, 55), c(4.2, 80)),
  covariances = array(c(0.1, 0.5, 0.5, 30, 0.2, 1, 1, 40), c(2, 2, 2))
)

test_that("fixed parameters stay, bit by bit, in their order, and cost no degree of freedom", {
  free <- gmm_fit(x, 2, covariance = "full")$df
  cost <- c(weights = 1, means = 4, covariances = 6)
  for (parts in list("weights", "means", "covariances", c("weights", "means"), names(cost))) {
    fit <- gmm_fit(x, covariance = "full", fix = truth[parts], keep_path = TRUE)
    expect_equal(fit$k, 2)
    expect_equal(fit$df, free - sum(cost[parts]))
    for (part in parts) {
      expect_identical(c(unname(fit[[part]])), c(truth[[part]]))
      expect_identical(c(unname(fit$path[[1]][[part]])), c(truth[[part]]))
    }
    expect_identical(names(fit$fix), intersect(names(truth), parts))
    expect_equal(fit$loglik, loglik_by_hand(x, fit), tolerance = 1e-11)
    expect_true(all(diff(fit$trace) >= -1e-9))
    expect_true(fit$converged)
  }
})

test_that("the log-likelihood never falls, whatever is fixed and whatever the family", {
  data <- as.matrix(iris[1:4])
  start <- gmm_fit(data, 3, covariance = "full")
  means <- unname(start$means) + 0.3
  cases <- list(
    list(means = means), list(weights = c(0.2, 0.3, 0.5)),
    list(weights = c(0.2, 0.3, 0.5), means = means)
  )
  for (fix in cases) {
    fit <- gmm_fit(data, covariance = "all", fix = fix)
    expect_identical(nrow(fit$selection), 14L)
    for (family in fit$selection$covariance) {
      cell <- gmm_refit(fit, covariance = family)
      expect_true(all(diff(cell$trace) >= -1e-8))
      expect_true(cell$converged)
    }
    full <- gmm_fit(data, covariance = "full", fix = fix, start = start)
    expect_true(all(diff(full$trace) >= -1e-8))
  }
})

test_that("an optimum stays one if its own parameters are fixed", {
  fit <- gmm_fit(x, 2, covariance = "full", tol = 1e-9)
  for (part in c("weights", "means", "covariances")) {
    again <- gmm_fit(x, covariance = "full", fix = coef(fit)[part], start = fit, tol = 1e-9)
    expect_equal(again$loglik, fit$loglik, tolerance = 1e-9)
    expect_equal(coef(again), coef(fit), tolerance = 1e-4)
  }
})

test_that("the mean of one component may be a vector, by name or in the order of the columns", {
  by_name <- gmm_fit(x, fix = list(means = c(waiting = 70, eruptions = 3.5)), covariance = "full")
  expect_identical(by_name$means, rbind(`1` = c(eruptions = 3.5, waiting = 70)))
  by_order <- gmm_fit(x, fix = list(means = c(3.5, 70)), covariance = "full")
  expect_identical(by_order$loglik, by_name$loglik)
  start <- list(means = c(waiting = 70, eruptions = 3.5))
  started <- gmm_fit(x, start = start, covariance = "full", keep_path = TRUE)
  expect_identical(started$path[[1]]$means, by_name$means)
})

test_that("columns are matched by the names of means or of covariances", {
  turned <- truth
  turned$means <- cbind(waiting = truth$means[, 2], eruptions = truth$means[, 1])
  turned$covariances <- truth$covariances[2:1, 2:1, ]
  fit <- gmm_fit(x, covariance = "full", fix = truth[c("means", "covariances")])
  expect_identical(gmm_fit(x, covariance = "full", fix = turned[2:3])$trace, fit$trace)
  turned$covariances <- list(turned$covariances[, , 1], turned$covariances[, , 2])
  expect_identical(gmm_fit(x, covariance = "full", fix = turned[2:3])$trace, fit$trace)
  turned$covariances <- truth$covariances
  dimnames(turned$covariances) <- list(colnames(x), colnames(x), NULL)
  expect_identical(gmm_fit(x, covariance = "full", fix = turned[2:3])$trace, fit$trace)
  start <- gmm_fit(x, covariance = "full", start = truth)
  expect_identical(gmm_fit(x, covariance = "full", start = turned)$trace, start$trace)
})

test_that("with fixed means the M-step is about these", {
  fit <- gmm_fit(
    x,
    covariance = "full", fix = truth["means"], start = truth, max_iter = 1, tol = 0,
    keep_path = TRUE
  )
  expect_same_mixture(fit$path[[1]], truth)
  expected <- m_step_by_hand(x, posterior_by_hand(x, truth), truth$means)
  expect_same_mixture(fit$path[[2]], expected)
})

test_that("the families' scatters are about the fixed means", {
  within <- m_step_by_hand(x, posterior_by_hand(x, truth), truth$means)
  pooled <- within$weights[1] * within$covariances[, , 1] +
    within$weights[2] * within$covariances[, , 2]
  traces <- apply(within$covariances, 3, function(s) sum(diag(s))) / 2
  expected <- list(
    EEE = array(pooled, c(2, 2, 2)),
    EEI = array(diag(diag(pooled)), c(2, 2, 2)),
    EII = array(diag(sum(diag(pooled)) / 2, 2), c(2, 2, 2)),
    VII = simplify2array(lapply(traces, diag, 2)),
    VVI = simplify2array(lapply(1:2, function(j) diag(diag(within$covariances[, , j]))))
  )
  for (family in names(expected)) {
    fit <- gmm_fit(
      x,
      covariance = family, fix = truth["means"], start = truth, max_iter = 1, tol = 0
    )
    expect_equal(unname(fit$covariances), expected[[family]], tolerance = 1e-10)
  }
})

test_that("one iteration with identity covariances is the soft k-means of the lecture", {
  centres <- rbind(c(2, 60), c(4, 62), c(3, 64))
  fit <- gmm_fit(
    x,
    start = list(means = centres), fix = list(weights = rep(1 / 3, 3), covariances = diag(2)),
    max_iter = 1, tol = 0
  )
  squares <- vapply(1:3, function(j) colSums((t(x) - centres[j, ])^2), numeric(nrow(x)))
  share <- exp(-squares / 2)
  share <- share / rowSums(share)
  expect_equal(unname(fit$means), unname(t(share) %*% x / colSums(share)), tolerance = 1e-10)
  expect_equal(fit$df, 6)
  expect_equal(fit$covariance, "EII")
})

test_that("soft k-means with small spheres is k-means", {
  centres <- unname(x[c(1, 2, 30), ])
  kmeans <- kmeans(x, centres, algorithm = "Lloyd", iter.max = 100)
  fit <- gmm_fit(
    x,
    start = list(means = centres),
    fix = list(weights = rep(1 / 3, 3), covariances = 1e-4 * diag(2))
  )
  expect_equal(unname(fit$cluster), unname(kmeans$cluster))
  expect_equal(unname(fit$means), unname(kmeans$centers), tolerance = 1e-6)
})

test_that("one covariance for all leaves the number of components open", {
  fit <- gmm_fit(x, fix = list(covariances = diag(c(0.1, 30))))
  expect_identical(fit$selection$k, 1:9)
  expect_identical(unique(fit$selection$covariance), "EEI")
  expect_equal(fit$selection$df, 3 * (1:9) - 1)
  # Nothing else is fixed by its number.
  expect_identical(order(-fit$weights), seq_len(fit$k))
})

test_that("fixed covariances get the smallest family that has them", {
  family <- function(...) {
    data <- x[, seq_len(sqrt(length(..1)))]
    fix <- list(covariances = simplify2array(list(...)))
    gmm_fit(data, k = 2, fix = fix, max_iter = 1, tol = 0)$covariance
  }
  full <- matrix(c(1, 2, 2, 30), 2)
  expect_equal(family(diag(2), diag(2)), "EII")
  expect_equal(family(diag(2), 2 * diag(2)), "VII")
  expect_equal(family(diag(1:2), diag(1:2)), "EEI")
  expect_equal(family(diag(1:2), diag(2)), "VVI")
  expect_equal(family(full, full), "EEE")
  expect_equal(family(full, 2 * full), "VVV")
  expect_equal(family(1, 1), "E")
  expect_equal(family(1, 2), "V")
})

test_that("fixed weights and covariances find the clusters that are theirs", {
  set.seed(1)
  cloud <- function(n, mean, sd) matrix(rnorm(2 * n, mean, sd), n)
  data <- rbind(cloud(400, 0, 1), cloud(60, 8, 0.3), cloud(140, -8, 2))
  for (order in list(1:3, c(3, 1, 2), c(2, 3, 1))) {
    weights <- (c(400, 60, 140) / 600)[order]
    covariances <- array(vapply(c(1, 0.3, 2)[order], function(s) diag(s^2, 2), diag(2)), c(2, 2, 3))
    by_weights <- gmm_fit(data, covariance = "spherical", fix = list(weights = weights))
    expect_equal(unname(by_weights$means[, 1]), c(0, 8, -8)[order], tolerance = 0.1)
    by_covariances <- gmm_fit(data, fix = list(covariances = covariances))
    expect_equal(unname(by_covariances$means[, 1]), c(0, 8, -8)[order], tolerance = 0.1)
  }
})

test_that("one column, names and one component are no exception", {
  fit <- gmm_fit(x[, 2], fix = list(means = c(50, 80), covariances = 36))
  expect_equal(unname(fit$covariances[1, 1, ]), c(36, 36))
  expect_equal(fit$df, 1)
  fit <- gmm_fit(x[, 2], fix = list(means = c(50, 80), covariances = c(30, 40)))
  expect_equal(unname(fit$covariances[1, 1, ]), c(30, 40))
  turned <- faithful[1:2, 2:1]
  fit <- gmm_fit(faithful, covariance = "diagonal", fix = list(means = turned))
  expect_equal(unname(fit$means), unname(as.matrix(faithful[1:2, ])))
  s <- matrix(c(40, 1, 1, 2), 2, dimnames = rep(list(c("waiting", "eruptions")), 2))
  fit <- gmm_fit(faithful, 2, fix = list(covariances = s))
  expect_equal(unname(diag(fit$covariances[, , 1])), c(2, 40))
  fit <- gmm_fit(x, covariance = "full", fix = list(means = t(colMeans(x))))
  expect_equal(unname(fit$covariances[, , 1]), unname(cov(x)) * 271 / 272)
})

test_that("fewer rows than columns are enough for fixed covariances", {
  set.seed(2)
  wide <- matrix(rnorm(40), 4)
  fit <- gmm_fit(wide, 2, fix = list(covariances = diag(10) + 0.5))
  expect_equal(fit$loglik, loglik_by_hand(wide, fit), tolerance = 1e-10)
})

test_that("CEM and SEM keep fixed parameters, too", {
  for (algorithm in c("cem", "sem")) {
    for (parts in list("means", c("means", "covariances"), "weights", "covariances")) {
      fit <- gmm_fit(
        x,
        covariance = "full", fix = truth[parts], algorithm = algorithm, max_iter = 20, n_init = 3
      )
      for (part in parts) {
        expect_identical(c(unname(fit[[part]])), c(truth[[part]]))
      }
      expect_equal(fit$loglik, loglik_by_hand(x, fit), tolerance = 1e-10)
    }
  }
})

test_that("update() and gmm_refit() keep what is fixed", {
  fit <- gmm_fit(faithful, covariance = c("EEE", "VVV"), fix = truth["means"])
  other <- gmm_refit(fit, covariance = "EEE")
  expect_identical(other$fix, fit$fix)
  expect_identical(c(unname(other$means)), c(truth$means))
  expect_equal(update(fit, covariance = "EEE")$loglik, other$loglik, tolerance = 1e-12)
  expect_null(update(fit, fix = NULL, k = 2)$fix)
  fixed <- gmm_fit(faithful, k = 2, fix = list(covariances = diag(2)))
  expect_equal(eval(gmm_refit(fixed)$call)$loglik, fixed$loglik, tolerance = 1e-12)
})

test_that("fits with fixed parameters say so", {
  local_plain_rust()
  expect_snapshot({
    gmm_fit(faithful, covariance = "full", fix = truth["means"])
    summary(gmm_fit(faithful, fix = truth[c("weights", "covariances")]))
  })
})

test_that("nothing fixed is no constraint", {
  set.seed(1)
  free <- gmm_fit(x, 2, covariance = "full")
  for (fix in list(list(), list(means = NULL))) {
    set.seed(1)
    fit <- gmm_fit(x, 2, covariance = "full", fix = fix)
    expect_identical(fit$trace, free$trace)
    expect_null(fit$fix)
  }
})

refused_fix <- function(fix, class, ...) {
  refused(gmm_fit(x, ..., fix = fix), class, argument = "fix")
}

test_that("what cannot be fixed is refused", {
  refused_fix(1, "bad_type")
  refused_fix(faithful, "bad_type")
  refused_fix(list(diag(2)), "bad_value")
  refused_fix(list(mean = diag(2)), "bad_value")
  refused_fix(list(means = "a"), "bad_type")
  refused_fix(list(means = matrix(NA_real_, 2, 2)), "bad_type")
  refused_fix(list(means = matrix(1, 2, 3)), "bad_shape")
  refused_fix(list(means = matrix(1, 0, 2)), "bad_value")
  refused_fix(list(weights = c(0.5, 0.5), means = matrix(1, 3, 2)), "bad_shape")
  refused_fix(list(weights = c(1, 1)), "bad_value")
  refused_fix(list(covariances = diag(3)), "bad_shape")
  refused_fix(list(covariances = 1), "bad_shape")
  refused_fix(list(covariances = matrix(1, 2, 2)), "bad_value")
  refused_fix(list(covariances = array(c(diag(2), -diag(2)), c(2, 2, 2))), "bad_value")
  refused_fix(list(weights = c(0.5, 0.5)), "bad_value", k = 3)
  refused_fix(list(covariances = 1e-40 * diag(2)), "bad_value", k = 2)
  refused_fix(list(means = matrix(1e300, 2, 2), covariances = diag(2)), "bad_value")
  refused_fix(list(covariances = array(0, c(2, 2, 0))), "bad_value")
})

test_that("arguments that fixed parameters contradict are refused", {
  covariances <- list(covariances = diag(2))
  refused(
    gmm_fit(x, fix = truth["weights"], equal_weights = TRUE), "bad_value",
    argument = "equal_weights"
  )
  refused(gmm_fit(x, 2, fix = covariances, reg_covar = 1), "bad_value", argument = "reg_covar")
  refused(
    gmm_fit(x, 2, fix = covariances, min_eigen_ratio = 0.1), "bad_value",
    argument = "min_eigen_ratio"
  )
  refused(
    gmm_fit(x, 2, covariance = "spherical", fix = list(covariances = diag(1:2))), "bad_value",
    argument = "covariance"
  )
  three <- rep(1:3, length.out = 272)
  refused(gmm_fit(x, fix = truth["means"], start = three), "bad_value", argument = "start")
})

test_that("a fixed mean without rows ends the only start", {
  error <- expect_error(
    gmm_fit(x, covariance = "full", fix = list(means = rbind(c(4, 70), c(100, 1000)))),
    class = "gmm_error_degenerate"
  )
  expect_equal(error$component, 2)
})
