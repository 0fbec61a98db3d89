# Plots are drawn to a file; what they show is returned, and looked at by people.

drawn <- function(code) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  withVisible(code)
}

set.seed(1)
fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")

test_that("every dimension can be plotted, and the data come back invisibly", {
  for (columns in list(1:4, 1:2, 1)) {
    one <- gmm_fit(iris[columns], k = 2, covariance = "full")
    result <- drawn(plot(one))
    expect_false(result$visible)
    expect_equal(unname(result$value$cluster), unname(one$cluster))
    expect_equal(names(result$value), c(names(iris)[columns], "cluster"))
  }
  bare <- gmm_fit(unname(as.matrix(iris[1:2])), k = 2, covariance = "full")
  expect_equal(names(drawn(plot(bare))$value), c("x[, 1]", "x[, 2]", "cluster"))
})

test_that("columns and graphical parameters can be chosen", {
  result <- drawn(plot(fit, columns = c("Petal.Width", "Petal.Length"), main = "a", col = 4:6))
  expect_equal(names(result$value), c("Petal.Width", "Petal.Length", "cluster"))
  expect_equal(names(drawn(plot(fit, col = 4:6))$value), c(names(iris)[1:4], "cluster"))
  drawn(plot(fit, columns = 3, breaks = 12, xlab = "cm"))
  drawn(plot(fit, level = 0.9, pch = 16, cex = 2))
})

test_that("the ellipse holds its part of the probability", {
  covariance <- matrix(c(2, 0.7, 0.7, 1), 2)
  outline <- ellipse(c(1, 2), covariance, 0.9)
  expect_equal(mahalanobis(outline, c(1, 2), covariance), rep(qchisq(0.9, 2), nrow(outline)))
})

test_that("bad arguments are refused", {
  expect_error(plot(fit, col = fit$cluster), class = "gmm_error_bad_value")
  expect_error(plot(fit, what = "pie"), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = 1), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = NULL), class = "gmm_error_bad_type")
  expect_error(plot(fit, level = numeric()), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = "a"), class = "gmm_error_bad_type")
  expect_error(plot(fit, columns = c(1, 1)), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = "Species"), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = 7), class = "gmm_error_bad_value")
})
