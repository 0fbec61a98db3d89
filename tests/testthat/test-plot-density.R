set.seed(1)
plane <- gmm_fit(faithful, k = 2, covariance = "full")
fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")

test_that("the density of two columns is that of predict()", {
  for (type in c("contour", "image", "persp")) {
    shown <- drawn(plot(plane, what = "density", type = type))$value
    grid <- cbind(eruptions = shown$x[c(5, 40, 66)], waiting = shown$y[c(20, 33, 60)])
    expect_equal(
      shown$density[cbind(c(5, 40, 66), c(20, 33, 60))],
      predict(plane, grid, type = "density")
    )
  }
})

test_that("the density of one column is that of its components, and holds all", {
  line <- gmm_fit(faithful$waiting, k = 2, covariance = "V")
  shown <- drawn(plot(line, what = "density"))$value
  expect_equal(shown$density, unname(predict(line, shown$x, type = "density")))
  expect_equal(shown$component_1 + shown$component_2, shown$density)
  curve <- density_curve(bare_mixture(line), c(0, 150))
  expect_equal(sum(diff(curve$value) * (head(curve$density, -1) + curve$density[-1]) / 2), 1,
    tolerance = 1e-4
  )
})

test_that("regions hold their part of the probability, here of simulated rows", {
  shown <- drawn(plot(fit, what = "density", columns = c(1, 3)))$value
  simulated <- simulate(fit, 400, seed = 1)
  rows <- do.call(rbind, simulated)[, c(1, 3)]
  part <- list(
    weights = fit$weights, means = fit$means[, c(1, 3)],
    covariances = fit$covariances[c(1, 3), c(1, 3), ]
  )
  density <- predict(bare_mixture(part), rows, type = "density")
  held <- vapply(shown$levels, function(level) mean(density >= level), 0)
  # 60,000 rows: three standard errors are 0.006.
  expect_equal(unname(held), c(0.5, 0.75, 0.9, 0.95), tolerance = 0.01)
  expect_named(shown$levels, c("50%", "75%", "90%", "95%"))
})

test_that("the edge of a region of one component is where the normal distribution says", {
  one <- gmm_fit(faithful, k = 1, covariance = "full")
  level <- c(0.2, 0.5, 0.99)
  shown <- drawn(plot(one, what = "density", level = level))$value
  # The density falls to a part of its peak outside the ellipse that holds the rest.
  peak <- 1 / (2 * pi * sqrt(det(one$covariances[, , 1])))
  expect_equal(unname(shown$levels), peak * (1 - level), tolerance = 2e-3)
})

test_that("marginal densities of pairs are those of the components' marginals", {
  skip_if_not_installed("mvtnorm")
  shown <- drawn(plot(fit, what = "density"))$value
  expect_length(shown, 6)
  one <- shown[["Sepal.Width~Petal.Width"]]
  at <- c(one$x[30], one$y[70])
  expected <- sum(vapply(1:3, function(k) {
    fit$weights[[k]] * mvtnorm::dmvnorm(at, fit$means[k, c(2, 4)], fit$covariances[c(2, 4), c(2, 4), k])
  }, 0))
  expect_equal(one$density[30, 70], expected)
  expect_named(drawn(plot(fit, what = "density", type = "image", columns = 1:3))$value)
})

test_that("grids are fine enough for a narrow component", {
  narrow <- bare_mixture(list(
    weights = c(0.5, 0.5),
    means = rbind(c(0, 0), c(10, 10)),
    covariances = array(c(diag(2) * 0.01, diag(2)), c(2, 2, 2))
  ))
  shown <- drawn(plot(narrow, what = "density"))$value
  expect_lt(diff(shown$x[1:2]), 0.1)
  # Within the grid nearly all is held.
  cell <- diff(shown$x[1:2]) * diff(shown$y[1:2])
  expect_equal(sum(shown$density) * cell, 1, tolerance = 0.03)
})

test_that("a surface needs two columns", {
  expect_error(plot(fit, what = "density", type = "persp"), class = "gmm_error_bad_value")
  line <- gmm_fit(faithful$waiting, k = 2, covariance = "V")
  expect_error(plot(line, what = "density", type = "image"), class = "gmm_error_bad_value")
  expect_error(plot(plane, what = "density", type = "pie"), class = "gmm_error_bad_value")
})

test_that("an image and a surface take colours, and a surface its angles", {
  greys <- grey.colors(9)
  page <- function(...) page_of(plot(plane, what = "density", ...))
  expect_false(identical(page(type = "image", col = greys), page(type = "image")))
  unshaded <- page(type = "persp", col = greys, shade = NA)
  expect_true(all(vapply(greys, function(grey) has_colour(unshaded, grey), logical(1))))
  expect_false(identical(page(type = "persp", theta = 60), page(type = "persp")))
  expect_false(identical(page(type = "persp", phi = 10), page(type = "persp")))
})

test_that("pairs show all columns, in all numbers of them", {
  expect_identical(names(drawn(plot(fit, what = "pairs"))$value), c(names(iris)[1:4], "cluster"))
  expect_identical(nrow(drawn(plot(plane, what = "pairs"))$value), 272L)
  expect_identical(nrow(drawn(plot(fit, what = "pairs", columns = 2))$value), 150L)
})
