# Every way to pair the parts of a table, to find the least error by trying all of them.
permutations <- function(items) {
  if (length(items) < 2) {
    return(list(items))
  }
  unlist(
    lapply(seq_along(items), function(i) {
      lapply(permutations(items[-i]), function(rest) c(items[i], rest))
    }),
    recursive = FALSE
  )
}

least_error <- function(a, b) {
  counts <- unclass(table(a, b))
  size <- max(dim(counts))
  square <- matrix(0, size, size)
  square[seq_len(nrow(counts)), seq_len(ncol(counts))] <- counts
  right <- vapply(
    permutations(seq_len(size)),
    function(order) sum(square[cbind(seq_len(size), order)]),
    numeric(1)
  )
  1 - max(right) / length(a)
}

random_labels <- function(n, k, truth = NULL) {
  labels <- sample(k, n, replace = TRUE)
  # Partly the truth, so that some pairs stand out.
  if (!is.null(truth)) ifelse(runif(n) < 0.6, pmin(truth, k), labels) else labels
}

test_that("the error is the least of all matchings, for any numbers of clusters and labels", {
  set.seed(1)
  for (i in 1:60) {
    truth <- random_labels(50, sample(6, 1))
    cluster <- random_labels(50, sample(6, 1), truth)
    found <- gmm_compare(cluster, truth)
    expect_equal(found$error, least_error(cluster, truth))
    is_right <- found$matching[as.character(cluster)] == truth
    expect_equal(found$misclassified, which(!is_right %in% TRUE))
  }
})

test_that("the adjusted Rand index and the error are those of mclust", {
  skip_if_not_installed("mclust")
  set.seed(2)
  for (i in 1:40) {
    k <- sample(2:5, 1)
    truth <- random_labels(80, k)
    cluster <- random_labels(80, k, truth)
    found <- gmm_compare(cluster, truth)
    expect_equal(found$adjusted_rand, mclust::adjustedRandIndex(cluster, truth))
    expect_equal(found$error, mclust::classError(cluster, truth)$errorRate)
    other <- random_labels(80, 7)
    expect_equal(
      gmm_compare(cluster, other)$adjusted_rand,
      mclust::adjustedRandIndex(cluster, other)
    )
  }
})

test_that("a case worked by hand", {
  truth <- rep(c("a", "b", "c"), c(4, 3, 3))
  cluster <- c(2, 2, 2, 1, 1, 1, 1, 3, 3, 1)
  found <- gmm_compare(cluster, truth)
  expect_equal(found$matching, c(`1` = "b", `2` = "a", `3` = "c"))
  expect_equal(found$misclassified, c(4, 10))
  expect_equal(found$error, 0.2)
  expect_equal(found$n, 10)
  expect_equal(dim(found$table), c(3, 3))
  # Pairs together in both: 3 + 3 + 1; in clusters 10 + 3 + 1; in labels 6 + 3 + 3; of 45.
  expect_equal(found$adjusted_rand, (7 - 14 * 12 / 45) / (13 - 14 * 12 / 45))
})

test_that("the numbers of clusters mean nothing, and both sides weigh the same", {
  set.seed(3)
  truth <- random_labels(60, 4)
  cluster <- random_labels(60, 3, truth)
  found <- gmm_compare(cluster, truth)
  renamed <- gmm_compare(c(7, 3, 5)[cluster], letters[truth])
  expect_equal(renamed$error, found$error)
  expect_equal(renamed$adjusted_rand, found$adjusted_rand)
  expect_equal(renamed$misclassified, found$misclassified)
  turned <- gmm_compare(truth, cluster)
  expect_equal(turned$error, found$error)
  expect_equal(turned$adjusted_rand, found$adjusted_rand)
})

test_that("a fit, labels of any type and another fit are all partitions", {
  set.seed(1)
  fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")
  by_factor <- gmm_compare(fit, iris$Species)
  expect_equal(by_factor$error, 5 / 150)
  expect_equal(by_factor$matching[["1"]], names(which.max(by_factor$table[1, ])))
  expect_equal(gmm_compare(fit$cluster, as.character(iris$Species))$error, by_factor$error)
  expect_equal(gmm_compare(iris$Species, fit)$error, by_factor$error)
  same <- gmm_compare(fit, fit)
  expect_equal(same$error, 0)
  expect_equal(same$adjusted_rand, 1)
  expect_identical(same$misclassified, integer())
  expect_equal(
    gmm_compare(fit, iris$Species == "setosa")$error,
    least_error(fit$cluster, iris$Species == "setosa")
  )
})

test_that("what has no counterpart is matched with nothing", {
  found <- gmm_compare(c(1, 1, 2, 2, 3), c("a", "a", "a", "a", "b"))
  expect_equal(sum(is.na(found$matching)), 1)
  expect_equal(found$error, 0.4)
  # A pair without a row in common is none, and neither is a level without rows.
  found <- gmm_compare(c(1, 1, 1, 2), factor(c("a", "a", "b", "a"), levels = c("z", "a", "b")))
  expect_equal(found$matching, c(`1` = "a", `2` = NA))
  expect_equal(found$misclassified, 3:4)
})

test_that("one part, one row and single rows are no divisions by zero", {
  expect_equal(gmm_compare(1, "a")$adjusted_rand, 1)
  expect_equal(gmm_compare(c(1, 1), c("a", "a"))$adjusted_rand, 1)
  expect_equal(gmm_compare(1:5, letters[1:5])$adjusted_rand, 1)
  expect_equal(gmm_compare(rep(1, 5), 1:5)$adjusted_rand, 0)
  expect_equal(gmm_compare(rep(1, 5), 1:5)$error, 0.8)
})

test_that("a comparison prints in words", {
  set.seed(1)
  fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")
  expect_snapshot(print(gmm_compare(fit, iris$Species)))
  expect_snapshot(print(gmm_compare(c(1, 1, 2, 2, 3), c("a", "a", "a", "a", "b"))))
  expect_snapshot(print(gmm_compare(c(1, 1, 2), c("a", "b", "c"))))
  expect_snapshot(print(gmm_compare(1:2, 3:4)))
  many <- gmm_compare(1:300, 300:1)
  expect_lt(length(capture.output(printed <- withVisible(print(many)))), 80)
  expect_false(printed$visible)
  expect_identical(printed$value, many)
})

test_that("bad arguments are refused", {
  err <- expect_error(gmm_compare(1:3, c(1, NA, NA)), class = "gmm_error_bad_value")
  expect_equal(err$rows, 2:3)
  expect_equal(err$argument, "truth")
  err <- expect_error(gmm_compare(c(NA, "b"), 1:2), class = "gmm_error_bad_value")
  expect_equal(err$argument, "fit")
  expect_snapshot(gmm_compare(1:3, c(1, NA, NA)), error = TRUE)
  expect_error(gmm_compare(1:3, 1:2), class = "gmm_error_bad_shape")
  expect_snapshot(gmm_compare(1:3, 1:2), error = TRUE)
  expect_error(gmm_compare(integer(), integer()), class = "gmm_error_bad_shape")
  expect_snapshot(gmm_compare(iris$Species, iris), error = TRUE)
  expect_error(gmm_compare(iris$Species, Sys.Date() + 1:150), class = "gmm_error_bad_type")
  expect_error(gmm_compare(iris$Species, list(1)), class = "gmm_error_bad_type")
  expect_error(gmm_compare(iris$Species, NULL), class = "gmm_error_bad_type")
  expect_error(gmm_compare(iris$Species, matrix(1:150, 50)), class = "gmm_error_bad_type")
  expect_snapshot(gmm_compare(iris$Species, iris$Sepal.Length), error = TRUE)
  expect_snapshot(gmm_compare(1:2000, 1:2000), error = TRUE)
  expect_error(print(gmm_compare(1:2, 1:2), digits = "a"), class = "gmm_error_bad_type")
  err <- expect_error(gmm_compare(1:3, addNA(c("a", NA, "b"))), class = "gmm_error_bad_value")
  expect_equal(err$rows, 2)
  err <- expect_error(gmm_compare(1:3), class = "gmm_error_bad_value")
  expect_equal(err$argument, "truth")
})
