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

test_that("bad arguments are refused", {
  expect_error(simulate(fit, nsim = 0), class = "gmm_error_bad_value")
  expect_error(simulate(fit, seed = "a"), class = "gmm_error_bad_type")
  expect_error(simulate(fit, seed = 1e10), class = "gmm_error_bad_value")
  expect_error(simulate(fit, rows = 5), class = "gmm_error_unknown_argument")
})
