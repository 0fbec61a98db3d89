set.seed(1)
fit <- gmm_fit(faithful, k = 2, covariance = "full")

test_that("simulate() gives data sets of the size of the fit", {
  drawn <- simulate(fit, nsim = 3, seed = 1)
  expect_named(drawn, c("sim_1", "sim_2", "sim_3"))
  for (x in drawn) {
    expect_equal(dim(x), dim(faithful))
    expect_equal(colnames(x), names(faithful))
    expect_true(all(attr(x, "component") %in% 1:2))
  }
  expect_false(identical(drawn[[1]], drawn[[2]]))
})

test_that("seed and set.seed() govern, as for every simulate() method", {
  a <- simulate(fit, seed = 7)
  expect_identical(simulate(fit, seed = 7), a)
  set.seed(7)
  b <- simulate(fit)
  expect_identical(b$sim_1, a$sim_1)
  set.seed(9)
  before <- .Random.seed
  c <- simulate(fit, seed = 7)
  expect_identical(.Random.seed, before)
  expect_equal(as.numeric(attr(c, "seed")), 7)
  set.seed(9)
  d <- simulate(fit)
  expect_identical(attr(d, "seed"), before)
})

test_that("the draws have the moments of the mixture", {
  drawn <- do.call(rbind, simulate(fit, nsim = 200, seed = 3))
  component <- unlist(lapply(simulate(fit, nsim = 200, seed = 3), attr, "component"))
  n <- nrow(drawn)
  expect_equal(mean(component == 1), fit$weights[[1]], tolerance = 0.02)
  for (k in 1:2) {
    part <- drawn[component == k, ]
    expect_equal(colMeans(part), fit$means[k, ], tolerance = 0.01)
    expect_equal(cov(part), fit$covariances[, , k], tolerance = 0.05)
  }
})

test_that("a refit to a simulated data set finds the mixture again", {
  again <- gmm_fit(simulate(fit, seed = 1)$sim_1, k = 2, covariance = "full")
  expect_equal(again$means, fit$means, tolerance = 0.05)
})

test_that("stratified draws have the proportions of the mixture exactly, component by component", {
  for (n in c(272, 1000, 3)) {
    x <- simulate(fit, seed = 1, n = n, method = "stratified")$sim_1
    component <- attr(x, "component")
    expect_identical(component, rep(1:2, round(n * fit$weights)))
    expect_identical(dim(x), c(length(component), 2L))
  }
  x <- simulate(fit, seed = 1, n = 1e5, method = "stratified")$sim_1
  for (k in 1:2) {
    part <- x[attr(x, "component") == k, ]
    expect_equal(colMeans(part), fit$means[k, ], tolerance = 0.01)
    expect_equal(cov(part), fit$covariances[, , k], tolerance = 0.05)
  }
})

test_that("rounding may change the number of rows, down to none", {
  thirds <- gmm_mixture(means = c(a = 0, b = 5, c = 9), covariances = 1)
  size <- function(n) nrow(simulate(thirds, seed = 1, n = n, method = "stratified")$sim_1)
  expect_identical(vapply(c(1, 2, 3, 7), size, 0L), c(0L, 3L, 3L, 6L))
  expect_identical(ncol(simulate(thirds, seed = 1, n = 1, method = "stratified")$sim_1), 1L)
})

test_that("a mixture draws as many rows as it is told, and a fit of it as many as it has", {
  mixture <- do.call(gmm_mixture, coef(fit))
  expect_identical(simulate(mixture, seed = 3, n = 272), simulate(fit, seed = 3))
  expect_identical(dim(simulate(mixture, 2, n = 10)$sim_2), c(10L, 2L))
  expect_identical(dim(simulate(fit, n = 10)$sim_1), c(10L, 2L))
  condition <- expect_error(simulate(mixture), class = "gmm_error_bad_value")
  expect_identical(condition$argument, "n")
  expect_snapshot(simulate(mixture), error = TRUE)
})

test_that("either procedure takes one number per data set from R's generator", {
  for (method in c("categorical", "stratified")) {
    set.seed(4)
    simulate(fit, 3, method = method)
    after <- .Random.seed
    set.seed(4)
    runif(3)
    expect_identical(.Random.seed, after)
    expect_identical(
      simulate(fit, seed = 5, method = method), simulate(fit, seed = 5, method = method)
    )
  }
})

test_that("bad arguments are refused", {
  expect_error(simulate(fit, nsim = 0), class = "gmm_error_bad_value")
  expect_error(simulate(fit, seed = "a"), class = "gmm_error_bad_type")
  expect_error(simulate(fit, seed = 1e10), class = "gmm_error_bad_value")
  expect_error(simulate(fit, n = 0), class = "gmm_error_bad_value")
  expect_error(simulate(fit, n = 1e10), class = "gmm_error_bad_value")
  expect_error(simulate(fit, n = "a"), class = "gmm_error_bad_type")
  expect_error(simulate(fit, method = "strata"), class = "gmm_error_bad_value")
  expect_error(simulate(fit, rows = 5), class = "gmm_error_unknown_argument")
})
