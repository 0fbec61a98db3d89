kept <- fit_with_path(faithful, faithful_start, 8)

test_that("iterations show the start, those asked for, and the last in place of those beyond", {
  shown <- drawn(plot(kept, what = "iterations"))$value
  expect_identical(unique(shown$iteration), c(0:6, 8) + 0)
  expect_equal(shown$loglik, rep(kept$trace[c(0:6, 8) + 1], each = 2))
  last <- shown[shown$iteration == 8, ]
  expect_equal(last$weight, unname(kept$weights))
  expect_equal(last$waiting, unname(kept$means[, "waiting"]))
  some <- drawn(plot(kept, what = "iterations", at = c(50, 0, 100, 2)))$value
  expect_identical(unique(some$iteration), c(0, 2, 8))
})

test_that("iterations of one and of many columns are drawn", {
  start <- bare_mixture(list(
    weights = c(0.5, 0.5), means = matrix(c(60, 70)), covariances = array(100, c(1, 1, 2))
  ))
  line <- fit_with_path(faithful$waiting, start, 3)
  shown <- drawn(plot(line, what = "iterations", breaks = 20))$value
  expect_identical(names(shown), c("iteration", "loglik", "component", "weight", "x"))
  # In the order of the fit's components.
  expect_setequal(shown$x[1:2], c(60, 70))
  many <- fit_with_path(iris[1:4], gmm_fit(iris[1:4], start = rep(1:2, 75), max_iter = 1, tol = 0,
    covariance = "full"), 3)
  shown <- drawn(plot(many, what = "iterations", columns = c(4, 2)))$value
  expect_identical(names(shown)[5:6], c("Petal.Width", "Sepal.Width"))
})

test_that("without a path there are no iterations, and the error says how to keep one", {
  plain <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_error(plot(plain, what = "iterations"), class = "gmm_error_no_path")
  expect_error(plot(plain, what = "bound", at = 1), class = "gmm_error_no_path")
  expect_error(plot(bare_mixture(plain), what = "iterations"), class = "gmm_error_no_path")
  for (at in list(-1, 0.5, "a", NA, c(1, -1))) {
    expect_error(plot(kept, what = "iterations", at = at), class = "gmm_error")
  }
})

test_that("the climb has its gains, and what is left after each iteration", {
  shown <- drawn(plot(kept, what = "loglik"))$value
  expect_equal(shown$iteration, 0:8)
  expect_equal(shown$loglik, kept$trace)
  expect_equal(cumsum(shown$gain[-1]), kept$trace[-1] - kept$trace[1])
  expect_equal(shown$left + shown$loglik, rep(max(kept$trace), 9))
})

test_that("the climb takes two places of the user's layout", {
  drawn({
    graphics::par(mfrow = c(2, 2))
    plot(kept, what = "loglik")
    expect_identical(graphics::par("mfg")[1:2], c(1L, 2L))
  })
})
