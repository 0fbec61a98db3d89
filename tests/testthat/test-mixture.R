two <- list(
  weights = c(0.7, 0.3),
  means = cbind(a = c(0, 5), b = c(1, -2)),
  covariances = array(c(2, 1, 1, 3, 1, 0, 0, 4), c(2, 2, 2))
)
build <- function(...) do.call(gmm_mixture, utils::modifyList(two, list(...)))

test_that("a mixture has its parameters, named like those of a fit, in their own order", {
  mixture <- gmm_mixture(c(0.3, 0.7), two$means, two$covariances)
  expect_s3_class(mixture, "gmm_mixture", exact = TRUE)
  expect_identical(mixture$weights, c(`1` = 0.3, `2` = 0.7))
  expect_identical(unname(mixture$means), unname(two$means))
  expect_identical(unname(mixture$covariances), two$covariances)
  expect_identical(mixture[c("k", "d")], list(k = 2L, d = 2L), ignore_attr = TRUE)
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_s3_class(fit, c("gmm", "gmm_mixture"), exact = TRUE)
  again <- gmm_mixture(fit$weights, fit$means, fit$covariances)
  expect_identical(coef(again), coef(fit))
  expect_identical(again$k, fit$k)
  expect_identical(again$d, fit$d)
})

test_that("convenient shapes are the same mixture as the full ones", {
  mixture <- do.call(gmm_mixture, two)
  matrices <- list(two$covariances[, , 1], two$covariances[, , 2])
  expect_identical(build(covariances = matrices), mixture)
  expect_identical(build(means = as.data.frame(two$means)), mixture)
  expect_identical(build(weights = c(0.7, 0.3) * (1 + 1e-9)), mixture)
  rounded <- c(0.7, 0.3 + 2^-52)
  expect_false(sum(rounded) == 1)
  expect_setequal(build(weights = rounded)$weights, rounded)
  equal <- gmm_mixture(means = two$means, covariances = matrices)
  expect_identical(equal$weights, c(`1` = 0.5, `2` = 0.5))
  shared <- build(covariances = matrices[[1]])
  expect_identical(shared$covariances[, , 2], shared$covariances[, , 1])
  expect_identical(unname(shared$covariances[, , 2]), matrices[[1]])

  line <- gmm_mixture(c(0.7, 0.3), c(0, 5), c(1, 4))
  expect_identical(dim(line$means), 2:1)
  expect_identical(as.double(line$covariances), c(1, 4))
  expect_identical(gmm_mixture(c(0.7, 0.3), cbind(c(0, 5)), array(c(1, 4), c(1, 1, 2))), line)
  expect_identical(gmm_mixture(c(0.7, 0.3), c(0, 5), list(1, 4)), line)
  three <- gmm_mixture(means = c(0, 5, 9), covariances = 2)
  expect_identical(as.double(three$covariances), c(2, 2, 2))

  one <- gmm_mixture(means = c(a = 1, b = 2), covariances = diag(2))
  expect_identical(dim(one$means), 1:2)
  expect_identical(colnames(one$means), c("a", "b"))
  named <- diag(2)
  dimnames(named) <- list(c("a", "b"), c("a", "b"))
  expect_identical(gmm_mixture(means = c(1, 2), covariances = named), one)
  expect_identical(gmm_mixture(means = c(1, 2), covariances = list(named)), one)
})

test_that("a mixture says of rows what its formula says", {
  mixture <- gmm_mixture(c(0.7, 0.3), c(0, 5), c(1, 4))
  x <- c(-1, 2, 2.5, 6)
  joint <- cbind(0.7 * dnorm(x, 0, 1), 0.3 * dnorm(x, 5, 2))
  expect_equal(predict(mixture, x, type = "density"), rowSums(joint), tolerance = 1e-12)
  expect_equal(
    unname(predict(mixture, x, type = "posterior")), joint / rowSums(joint),
    tolerance = 1e-12
  )
  named <- do.call(gmm_mixture, two)
  expect_identical(
    predict(named, data.frame(b = 1:3, a = 4:6), type = "density"),
    predict(named, cbind(4:6, 1:3), type = "density")
  )
})

test_that("a mixture is a start, and its components are then ordered", {
  start <- gmm_mixture(
    means = cbind(eruptions = c(2, 4), waiting = c(55, 80)), covariances = diag(c(0.2, 40))
  )
  by_list <- gmm_fit(faithful, start = unclass(start), covariance = "full")
  by_mixture <- gmm_fit(faithful, start = start, covariance = "full")
  expect_identical(by_mixture$trace, by_list$trace)
  expect_identical(order(-by_mixture$weights), 1:2)
  expect_gt(by_mixture$means[1, "waiting"], by_mixture$means[2, "waiting"])
})

test_that("a mixture prints in a few lines", {
  expect_snapshot(do.call(gmm_mixture, two))
  expect_snapshot(gmm_mixture(means = c(0, 5), covariances = c(1, 4)))
  many <- gmm_mixture(means = matrix(0, 40, 60), covariances = diag(60))
  expect_lt(length(capture.output(print(many))), 60)
})

test_that("parameters that no mixture has are refused by name", {
  refused_part <- function(code, class, argument) {
    condition <- expect_error(code, class = paste0("gmm_error_", class))
    expect_identical(condition$argument, argument)
    expect_identical(condition$call, quote(gmm_mixture()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  refused_part(gmm_mixture(c(0.5, 0.5)), "bad_value", "means")
  refused_part(gmm_mixture(means = 1), "bad_value", "covariances")
  refused_part(build(weights = 1), "bad_shape", "weights")
  refused_part(build(weights = c(0.7, 0.7)), "bad_value", "weights")
  refused_part(build(weights = c(1, 0)), "bad_value", "weights")
  refused_part(build(weights = c("a", "b")), "bad_type", "weights")
  refused_part(build(means = two$means * NA), "bad_type", "means")
  refused_part(build(means = matrix(0, 2, 3)), "bad_shape", "covariances")
  refused_part(build(means = matrix(0, 0, 2), weights = NULL), "bad_shape", "means")
  refused_part(build(means = two$means[0, ], weights = numeric()), "bad_shape", "means")
  refused_part(build(covariances = c(1, 4)), "bad_shape", "covariances")
  refused_part(build(covariances = list(diag(2), diag(3))), "bad_type", "covariances")
  refused_part(build(covariances = list()), "bad_type", "covariances")
  refused_part(build(covariances = -two$covariances), "bad_value", "covariances")
  turned <- diag(2)
  dimnames(turned) <- list(c("b", "a"), c("b", "a"))
  refused_part(build(covariances = turned), "bad_value", "covariances")
  # mclust's layout, variables in rows
  refused_part(
    gmm_mixture(means = matrix(0, 2, 3), covariances = array(diag(2), c(2, 2, 3))),
    "bad_shape", "covariances"
  )
})

test_that("parameters that were changed by hand are checked wherever they are used", {
  mixture <- do.call(gmm_mixture, two)
  changes <- list(
    weights = c(2, 3), means = replace(two$means, 1, NA), covariances = array(1, c(2, 2, 2))
  )
  for (part in names(changes)) {
    changed <- replace(mixture, part, changes[part])
    class <- if (part == "means") "gmm_error_bad_type" else "gmm_error_bad_value"
    expect_error(predict(changed, matrix(0, 3, 2)), class = class)
    expect_error(simulate(changed, n = 3), class = class)
    expect_error(plot(changed), class = class)
  }
  expect_snapshot(predict(changed, matrix(0, 3, 2)), error = TRUE)
  half <- lapply(coef(mixture), unname)
  half <- list(1, half$means[1, , drop = FALSE], half$covariances[, , 1, drop = FALSE])
  fewer <- replace(mixture, c("weights", "means", "covariances"), half)
  expect_identical(unname(predict(fewer, matrix(0, 3, 2))), rep(1L, 3))
})

test_that("what needs data or a fit says so of a mixture", {
  mixture <- do.call(gmm_mixture, two)
  condition <- expect_error(predict(mixture), class = "gmm_error_no_data")
  expect_snapshot(predict(mixture), error = TRUE)
  expect_snapshot(predict(mixture, data.frame(a = 1)), error = TRUE)
  expect_snapshot(predict(mixture, matrix(1, 2, 3)), error = TRUE)
})
