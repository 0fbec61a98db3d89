kept <- fit_with_path(faithful, faithful_start, 8)

test_that("iterations show the start, those asked for, and the last in place of those beyond", {
  shown <- drawn(plot(kept, what = "iterations"))$value
  expect_identical(unique(shown$iteration), 0:8 + 0)
  expect_equal(shown$loglik, rep(kept$trace, each = 2))
  last <- shown[shown$iteration == 8, ]
  expect_equal(last$weight, unname(kept$weights))
  expect_equal(last$waiting, unname(kept$means[, "waiting"]))
  some <- drawn(plot(kept, what = "iterations", at = c(50, 0, 100, 2)))$value
  expect_identical(unique(some$iteration), c(0, 2, 8))
})

test_that("by default nine frames are shown, the last always among them", {
  call <- quote(plot())
  # Half of the way is one step; before and after it nothing happens.
  cliff <- rep(c(0, 7, 14), c(100, 1, 126)) + (0:226) * 1e-6
  expect_equal(check_iterations(NULL, cliff, call), c(0:5, 100, 101, 226))
  slope <- 0:70
  expect_equal(check_iterations(NULL, slope, call), c(0, 1, 10, 20, 30, 40, 50, 60, 70))
  # Of stochastic EM, which falls at times.
  expect_equal(check_iterations(NULL, c(0, 5, 3, 7, 6), call), 0:4)
  expect_equal(check_iterations(NULL, c(-2, -1, 0), call), 0:2)
  expect_equal(check_iterations(NULL, -2, call), 0)
})

test_that("a path that begins near the optimum is said to, with a start that shows more", {
  near <- fit_with_path(faithful, kept, 3)
  note <- "The path begins near the optimum; `start = sample(2, 272, TRUE)` shows more."
  expect_true(note %in% written(plot(near, what = "iterations"))$text)
  expect_false(note %in% written(plot(kept, what = "iterations"))$text)
})

test_that("SEM's wandering has no gains left, and a flat log-likelihood a narrow axis", {
  set.seed(1)
  wandering <- gmm_fit(faithful, k = 2, covariance = "full", algorithm = "sem")
  drawn({
    graphics::par(mfrow = c(2, 2))
    plot(wandering, what = "loglik")
    expect_identical(graphics::par("mfg")[1:2], c(1L, 1L))
  })
  drawn({
    plot(gmm_fit(faithful, k = 1, covariance = "full"), what = "loglik")
    expect_lt(diff(graphics::par("usr")[3:4]), 2)
    expect_equal(round(graphics::par("usr")[1:2]), 0:1)
  })
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
