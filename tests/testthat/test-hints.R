hinted <- function(code, class) {
  condition <- expect_error(code, class = paste0("gmm_error_", class))
  expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
}

test_that("names that other packages use are translated", {
  translated <- function(argument) {
    arguments <- set_names(list(faithful, 2), c("x", argument))
    condition <- expect_error(do.call(gmm_fit, arguments), class = "gmm_error_unknown_argument")
    expect_identical(condition$argument, argument)
    utils::tail(strsplit(cli::ansi_strip(conditionMessage(condition)), "\n")[[1]], 1)
  }
  names <- c(
    "G", "centers", "modelNames", "nstart", "init", "initialization", "seed", "iter.max", "maxit",
    "na.rm", "na.action", "scale", "weights", "verbose", "trace"
  )
  expect_snapshot(writeLines(paste(names, vapply(names, translated, ""))))
  hinted(gmm_fit(faithful, k = 2, algorithm = "kmeans"), "bad_value")
  hinted(gmm_fit(faithful, k = 2, start = "random"), "bad_shape")
  mixture <- gmm_mixture(means = c(0, 3), covariances = 1)
  hinted(predict(mixture, 1, type = "class"), "bad_value")
  hinted(predict(mixture, 1, type = "prob"), "bad_value")
  hinted(simulate(mixture, 10), "bad_value")
})

test_that("a single row is said to be one", {
  hinted(gmm_fit(5), "too_few_rows")
  hinted(gmm_fit(faithful[1, ]), "too_few_rows")
  hinted(gmm_mstep(faithful[1, ], 1), "too_few_rows")
})

test_that("a variable that is nowhere asks for `data`, and capital letters are pointed out", {
  hinted(gmm_fit(~ nowhere_a + nowhere_b), "missing_columns")
  fit <- gmm_fit(faithful, k = 1, covariance = "full")
  hinted(predict(fit, data.frame(Waiting = 60, eruptions = 3)), "missing_columns")
})

test_that("the way from another object to the argument is shown", {
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  hinted(gmm_compare(fit, kmeans(faithful, 2)), "bad_type")
  hinted(gmm_compare(fit), "bad_value")
  hinted(gmm_fit(simulate(fit)), "bad_type")
})

test_that("swapped arguments are noticed", {
  mixture <- gmm_mixture(means = c(0, 3), covariances = 1)
  step <- gmm_estep(1:3, mixture)
  hinted(gmm_estep(mixture, 1:3), "bad_type")
  hinted(gmm_mstep(step, 1:3), "bad_type")
  hinted(gmm_elbo(mixture, 1:3, step), "bad_type")
})

test_that("what is wrong with parameters is said", {
  hinted(gmm_mixture(c(0.5, 0.6), c(0, 3), 1), "bad_value")
  hinted(gmm_mixture(c(1.5, -0.5), c(0, 3), 1), "bad_value")
  hinted(gmm_mixture(means = diag(2), covariances = matrix(c(1, 2, 0, 1), 2)), "bad_value")
  hinted(gmm_mixture(means = c(1, 2), covariances = matrix(c(1, 2, 2, 1), 2)), "bad_value")
})

test_that("the steps take what the E-step returns", {
  mixture <- gmm_mixture(means = c(50, 80), covariances = 100)
  step <- gmm_estep(faithful$waiting, mixture)
  expect_identical(gmm_mstep(faithful$waiting, step), gmm_mstep(faithful$waiting, step$posterior))
  expect_equal(gmm_elbo(faithful$waiting, mixture, step), step$loglik, tolerance = 1e-12)
})

test_that("update() takes a formula with a left dot, as for models with a response", {
  fit <- gmm_fit(~ mpg + hp + wt, data = mtcars, k = 1, covariance = "full")
  expect_identical(update(fit, . ~ . - hp)$means, update(fit, ~ . - hp)$means)
  expect_error(update(fit, mpg ~ . - hp), class = "gmm_error_bad_value")
})

test_that("a mixture has a summary of its parameters", {
  oracle <- gmm_mstep(iris[1:4], iris$Species)
  found <- summary(oracle)
  second <- iris[51:100, 1:4]
  expect_equal(found$deviations[2, ], sqrt(diag(cov(second)) * 49 / 50))
  expect_equal(found$correlations[, , 2], cor(second))
  expect_equal(found$means[2, ], colMeans(second))
  expect_snapshot(found)
  one <- summary(gmm_mixture(means = c(0, 3), covariances = 1))
  expect_identical(capture.output(print(one)), capture.output(print(one$mixture)))
})

test_that("the package can be cited without a warning", {
  expect_no_warning(found <- citation("gaussmix"))
  expect_match(format(found, style = "text"), "Gaussian Mixture Models")
})
