x <- as.matrix(iris[1:4])
set.seed(1)
fit <- gmm_fit(x, k = 3, covariance = "full")

test_that("the E-step of seven numbers is that worked by hand", {
  groups <- split(seven, seven_labels)
  means <- vapply(groups, mean, 0)
  variances <- vapply(groups, function(g) mean((g - mean(g))^2), 0)
  mixture <- gmm_mstep(seven, seven_labels)
  expect_equal(means, c(`1` = 1.754, `2` = 3.805))
  expect_equal(mixture$means[, 1], means)
  expect_equal(mixture$weights, c(`1` = 5 / 7, `2` = 2 / 7))
  joint <- cbind(
    5 / 7 * dnorm(seven, means[1], sqrt(variances[1])),
    2 / 7 * dnorm(seven, means[2], sqrt(variances[2]))
  )
  step <- gmm_estep(seven, mixture)
  expect_equal(unname(step$posterior), joint / rowSums(joint), tolerance = 1e-12)
  expect_equal(step$log_density, log(rowSums(joint)), tolerance = 1e-12)
  expect_equal(step$loglik, sum(log(rowSums(joint))), tolerance = 1e-12)
})

test_that("the E-step agrees with mvtnorm in several dimensions", {
  skip_if_not_installed("mvtnorm")
  joint <- vapply(1:3, function(k) {
    fit$weights[k] * mvtnorm::dmvnorm(x, fit$means[k, ], fit$covariances[, , k])
  }, numeric(150))
  step <- gmm_estep(x, fit)
  expect_equal(unname(step$posterior), joint / rowSums(joint), tolerance = 1e-10)
  expect_equal(unname(step$log_density), log(rowSums(joint)), tolerance = 1e-10)
  expect_equal(step$loglik, fit$loglik, tolerance = 1e-10)
})

test_that("rows keep their names, columns are found by name, and a list of parameters will do", {
  named <- iris[c("Species", "Petal.Width", "Petal.Length", "Sepal.Width", "Sepal.Length")]
  rownames(named) <- paste0("flower_", 1:150)
  step <- gmm_estep(named, fit)
  expect_identical(rownames(step$posterior), rownames(named))
  expect_identical(colnames(step$posterior), c("1", "2", "3"))
  expect_identical(names(step$log_density), rownames(named))
  expect_equal(step$posterior, gmm_estep(x, fit)$posterior, ignore_attr = TRUE)
  expect_identical(gmm_estep(named, coef(fit)), step)
  expect_identical(dim(gmm_estep(x[7, ], fit)$posterior), c(1L, 3L))
  expect_identical(gmm_estep(x[0, ], fit)$loglik, 0)
})

test_that("a fit from a formula takes its variables, or a matrix of its columns", {
  by_formula <- gmm_fit(~ log(eruptions) + waiting, data = faithful, k = 2, covariance = "full")
  step <- gmm_estep(faithful, by_formula)
  expect_equal(step$loglik, by_formula$loglik, tolerance = 1e-12)
  expect_identical(gmm_estep(by_formula$data, by_formula), step)
})

test_that("rows far from all components have responsibilities, and a density of zero", {
  step <- gmm_estep(c(0, 1e200), gmm_mixture(means = c(0, 5), covariances = 1))
  expect_equal(rowSums(step$posterior), c(1, 1))
  expect_identical(step$log_density[2], -Inf)
  expect_identical(step$loglik, -Inf)
})

test_that("an E-step prints in a few lines", {
  expect_snapshot(gmm_estep(seven, gmm_mstep(seven, seven_labels)))
})

test_that("what has no E-step is refused", {
  stopped <- function(code, class, argument) {
    condition <- expect_error(code, class = paste0("gmm_error_", class))
    expect_identical(condition$argument, argument)
    expect_identical(condition$call, quote(gmm_estep()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  stopped(gmm_estep(x), "bad_value", "mixture")
  stopped(gmm_estep(x, 3), "bad_type", "mixture")
  stopped(gmm_estep(x, kmeans(x, 2)), "bad_type", "mixture")
  stopped(gmm_estep(x, replace(fit, "weights", list(c(1, 1, 1)))), "bad_value", "mixture")
  stopped(gmm_estep(x[, 1:3], fit), "missing_columns", "x")
  stopped(gmm_estep(unname(x[, 1:3]), fit), "bad_shape", "x")
  stopped(gmm_estep(c(1, 2), fit), "bad_shape", "x")
  stopped(gmm_estep(replace(x, 3, NA), fit), "non_finite", "x")
  stopped(gmm_estep(mean, fit), "bad_type", "x")
  stopped(gmm_estep("a", gmm_mstep(seven, seven_labels)), "bad_type", "x")
})
