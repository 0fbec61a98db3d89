set.seed(1)
fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")

test_that("log-likelihood and criteria follow R's conventions", {
  loglik <- logLik(fit)
  expect_s3_class(loglik, "logLik")
  expect_equal(attr(loglik, "df"), 44)
  expect_equal(attr(loglik, "nobs"), 150)
  expect_equal(nobs(fit), 150)
  expect_equal(AIC(fit), -2 * fit$loglik + 2 * 44)
  expect_equal(BIC(fit), -2 * fit$loglik + 44 * log(150))
})

test_that("update() and formula() work with the formula of a fit", {
  by_formula <- gmm_fit(~ log(eruptions) + waiting, data = faithful, k = 2, covariance = "full")
  expect_equal(formula(by_formula), ~ log(eruptions) + waiting, ignore_attr = TRUE)
  expect_equal(colnames(update(by_formula, ~ . - waiting)$means), "log(eruptions)")
  expect_null(formula(fit))
  expect_error(update(fit, ~ . - Petal.Width), class = "gmm_error_bad_value")
  expect_error(update(by_formula, 3), class = "gmm_error_bad_value")
})

test_that("coef() gives the parameters", {
  expect_identical(coef(fit), unclass(fit)[c("weights", "means", "covariances")])
})

test_that("fitted() is the mean that the posterior expects", {
  expected <- predict(fit, type = "posterior") %*% fit$means
  expect_equal(fitted(fit), expected)
  expect_equal(colMeans(fitted(fit)), colMeans(iris[1:4]), tolerance = 1e-4)
})
