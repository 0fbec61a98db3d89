examples <- c(
  "mouse", "four_clusters", "anisotropic", "varied_variance", "ring", "overlap", "assay"
)

test_that("every recipe gives the rows asked for, finite, with the group last", {
  defaults <- c(500, 800, 600, 600, 600, 500, 600)
  for (i in seq_along(examples)) {
    x <- gmm_example(examples[i], seed = 1)
    expect_equal(nrow(x), defaults[i])
    expect_equal(names(x), c("x", "y", if (examples[i] != "ring") "group"))
    expect_true(all(is.finite(as.matrix(x[1:2]))))
    for (n in c(1, 2, 7, 100)) {
      few <- gmm_example(examples[i], n)
      expect_equal(nrow(few), n)
      expect_identical(levels(few$group), levels(x$group))
    }
  }
})

test_that("groups have their parts of the rows", {
  expect_equal(as.vector(table(gmm_example("mouse")$group)), c(350, 75, 75))
  expect_equal(as.vector(table(gmm_example("four_clusters")$group)), rep(200, 4))
  expect_equal(as.vector(table(gmm_example("assay", 10)$group)), c(5, 3, 2))
  for (n in 1:40) {
    sizes <- as.vector(table(gmm_example("anisotropic", n)$group))
    expect_lte(max(abs(sizes - n / 3)), 1)
  }
})

test_that("a seed gives the same data and leaves the generator where it was", {
  set.seed(1)
  before <- .Random.seed
  a <- gmm_example("mouse", seed = 5)
  expect_identical(.Random.seed, before)
  expect_identical(gmm_example("mouse", seed = 5), a)
  expect_false(identical(gmm_example("mouse", seed = 6), a))
  set.seed(5)
  expect_identical(gmm_example("mouse"), a)
  expect_false(identical(.Random.seed, before))
})

test_that("a generator that had not been used stays so, of its kind", {
  kind <- RNGkind("L'Ecuyer-CMRG")
  on.exit(do.call(RNGkind, as.list(kind)))
  rm(".Random.seed", envir = globalenv())
  a <- gmm_example("ring", seed = 1)
  expect_false(exists(".Random.seed", envir = globalenv(), inherits = FALSE))
  expect_equal(RNGkind()[1], "L'Ecuyer-CMRG")
  set.seed(1)
  expect_identical(gmm_example("ring"), a)
})

# Bounds are six standard errors: wrong in a run of a million, and narrower than the mistakes that
# matter, such as a variance in place of a standard deviation.
expect_moments <- function(x, mean, deviation) {
  expect_lt(abs(mean(x) - mean), 6 * deviation / sqrt(length(x)))
  # Wide enough for an exponential part, whose kurtosis is that of no normal number.
  expect_lt(abs(sd(x) / deviation - 1), 6 * sqrt(2 / length(x)))
}

test_that("normal groups have the documented moments", {
  recipes <- list(
    mouse = list(x = c(0, -3, 3), y = c(0, 3, 3), sd = list(c(1.5, 0.4, 0.4), c(1.5, 0.4, 0.4))),
    four_clusters = list(x = c(0, 10, 20, 40), y = rep(0, 4), sd = list(c(1, 2, 1, 2), rep(1, 4))),
    anisotropic = list(x = c(-2, 0, 2), y = c(2, 0, -2), sd = rep(list(rep(sqrt(4.16), 3)), 2)),
    varied_variance = list(x = c(-6, 0, 4), y = c(0, 0, 4), sd = rep(list(c(1, 2.5, 0.5)), 2)),
    overlap = list(x = c(-1.25, 1.25), y = c(0, 0), sd = rep(list(c(1, 1)), 2))
  )
  for (name in names(recipes)) {
    recipe <- recipes[[name]]
    data <- gmm_example(name, 24000, seed = 2)
    for (k in seq_along(recipe$x)) {
      rows <- as.integer(data$group) == k
      expect_moments(data$x[rows], recipe$x[k], recipe$sd[[1]][k])
      expect_moments(data$y[rows], recipe$y[k], recipe$sd[[2]][k])
      expected <- if (name == "anisotropic") (4 - 0.16) / 4.16 else 0
      expect_lt(abs(cor(data$x[rows], data$y[rows]) - expected), 6 / sqrt(sum(rows)))
    }
  }
})

test_that("the assay's groups have the moments of a normal and an exponential number", {
  data <- gmm_example("assay", 60000, seed = 3)
  normal <- list(x = c(2, 3.5, 2.8), y = c(2, 3, 4.3))
  spread <- list(x = c(0.4, 0.4, 0.3), y = c(0.4, 0.4, 0.5))
  skewed <- list(x = c(0.7, 0.8, 0.3), y = c(0.3, 0.8, 0.9))
  for (k in 1:3) {
    rows <- as.integer(data$group) == k
    for (column in c("x", "y")) {
      # An exponential number has mean 1 and variance 1.
      expect_moments(
        data[rows, column],
        normal[[column]][k] + skewed[[column]][k],
        sqrt(spread[[column]][k]^2 + skewed[[column]][k]^2)
      )
    }
    expect_equal(cov(data$x[rows], data$y[rows]), skewed$x[k] * skewed$y[k], tolerance = 0.1)
  }
})

test_that("the ring has its radius, and is as dense all around", {
  data <- gmm_example("ring", 20000, seed = 4)
  expect_moments(sqrt(data$x^2 + data$y^2), 3, 0.3)
  quadrant <- table(data$x > 0, data$y > 0)
  expect_gt(chisq.test(as.vector(quadrant))$p.value, 1e-6)
})

test_that("who knows the recipe of the overlap misclassifies as many as documented", {
  data <- gmm_example("overlap", 40000, seed = 5)
  error <- mean((data$x > 0) != (data$group == "right"))
  expect_lt(abs(error - pnorm(-1.25)), 6 * sqrt(0.1 * 0.9 / 40000))
})

test_that("k-means errs on the mouse, and a mixture hardly does", {
  for (seed in 1:3) {
    mouse <- gmm_example("mouse", seed = seed)
    set.seed(1)
    fit <- gmm_fit(mouse[1:2], k = 3, covariance = c("spherical", "full"))
    means <- kmeans(mouse[1:2], 3, nstart = 20)
    error <- gmm_compare(fit, mouse$group)$error
    expect_lt(error, 0.03)
    expect_gt(gmm_compare(means$cluster, mouse$group)$error, 0.1)
  }
})

test_that("gmm_fit() finds the number of clusters of the lab by itself", {
  data <- gmm_example("four_clusters", seed = 1)
  set.seed(1)
  fit <- gmm_fit(data[1:2])
  expect_equal(fit$k, 4)
  expect_lt(gmm_compare(fit, data$group)$error, 0.01)
})

test_that("bad arguments are refused", {
  expect_error(gmm_example("mouse", n = 0), class = "gmm_error_bad_value")
  expect_error(gmm_example("mouse", n = 1e10), class = "gmm_error_bad_value")
  expect_error(gmm_example("mouse", seed = "a"), class = "gmm_error_bad_type")
  expect_error(gmm_example(1), class = "gmm_error_bad_type")
  expect_snapshot(gmm_example("mose"), error = TRUE)
  expect_snapshot(gmm_example(), error = TRUE)
})
