set.seed(1)
fit <- gmm_fit(faithful, k = 2, covariance = "full")
types <- c("cluster", "posterior", "density", "uncertainty", "component_density")

test_that("posterior, density and the rest follow Bayes' formula", {
  density <- function(k) {
    sigma <- fit$covariances[, , k]
    distance <- mahalanobis(unname(as.matrix(faithful)), fit$means[k, ], sigma)
    exp(-distance / 2) / sqrt(det(2 * pi * sigma))
  }
  component <- cbind(density(1), density(2))
  joint <- sweep(component, 2, fit$weights, `*`)
  posterior <- joint / rowSums(joint)
  expect_equal(unname(predict(fit, type = "component_density")), component, tolerance = 1e-10)
  expect_equal(unname(predict(fit, type = "density")), rowSums(joint), tolerance = 1e-10)
  expect_equal(unname(predict(fit, type = "posterior")), posterior, tolerance = 1e-10)
  expect_equal(unname(predict(fit)), max.col(posterior))
  expect_equal(
    unname(predict(fit, type = "uncertainty")),
    1 - apply(posterior, 1, max),
    tolerance = 1e-8
  )
  expect_equal(
    predict(fit, type = "density", log = TRUE),
    log(predict(fit, type = "density")),
    tolerance = 1e-12
  )
  expect_equal(sum(predict(fit, type = "density", log = TRUE)), fit$loglik, tolerance = 1e-12)
})

test_that("posterior rows sum to one, however far the rows are", {
  far <- rbind(c(0, 0), c(1e5, -1e5), c(1e200, 1e200), c(-1e300, 1))
  colnames(far) <- names(faithful)
  posterior <- predict(fit, far, type = "posterior")
  expect_equal(rowSums(posterior), rep(1, 4))
  expect_identical(predict(fit, far, type = "density")[3:4], c(0, 0))
  expect_true(all(predict(fit, far) %in% 1:2))
})

test_that("columns are found by name: reordered, among others, and by position without", {
  expected <- predict(fit, type = "posterior")
  mixed <- data.frame(
    other = letters[1:2],
    waiting = faithful$waiting,
    more = 1i,
    eruptions = faithful$eruptions,
    row.names = rownames(faithful)
  )
  expect_identical(predict(fit, mixed, type = "posterior"), expected)
  expect_identical(predict(fit, as.matrix(faithful)[, 2:1], type = "posterior"), expected)
  bare <- unname(as.matrix(faithful))
  expect_identical(unname(predict(fit, bare, type = "posterior")), unname(expected))
})

test_that("missing columns are named", {
  condition <- expect_error(predict(fit, faithful["waiting"]), class = "gmm_error_missing_columns")
  expect_equal(condition$columns, "eruptions")
  expect_snapshot(predict(fit, faithful["waiting"]), error = TRUE)
})

test_that("one row, a bare vector and no row have the right shape", {
  one <- faithful[7, ]
  for (type in types) {
    whole <- predict(fit, type = type)
    expected <- if (is.matrix(whole)) whole[7, , drop = FALSE] else whole[7]
    expect_identical(predict(fit, one, type = type), expected)
    expect_identical(unname(predict(fit, unlist(one), type = type)), unname(expected))
    expect_identical(unname(predict(fit, rev(unlist(one)), type = type)), unname(expected))
    expect_equal(NROW(predict(fit, faithful[0, ], type = type)), 0)
  }
  expect_equal(unname(predict(fit, c(4, 80))), 1)
})

test_that("prediction in parts is the same as of the whole", {
  whole <- predict(fit, type = "posterior")
  parts <- rbind(
    predict(fit, faithful[1:100, ], type = "posterior"),
    predict(fit, faithful[101:272, ], type = "posterior")
  )
  expect_identical(parts, whole)
})

test_that("a row with a missing value gives NA, the others are as without it", {
  holes <- faithful
  holes$waiting[3] <- NA
  holes$eruptions[5] <- NaN
  for (type in types) {
    got <- predict(fit, holes, type = type)
    whole <- predict(fit, type = type)
    keep <- setdiff(1:272, c(3, 5))
    if (is.matrix(got)) {
      expect_true(all(is.na(got[c(3, 5), ])))
      expect_identical(got[keep, ], whole[keep, ])
    } else {
      expect_true(all(is.na(got[c(3, 5)])))
      expect_identical(got[keep], whole[keep])
    }
  }
  expect_identical(unname(predict(fit, data.frame(eruptions = NA, waiting = 1))), NA_integer_)
  expect_identical(unname(predict(fit, c(NA, NA))), NA_integer_)
})

test_that("one-dimensional fits take vectors", {
  fit <- gmm_fit(faithful$waiting, k = 2, covariance = "full")
  expect_length(predict(fit, c(50, 60, 80)), 3)
  expect_identical(
    predict(fit, c(a = 50, b = 80)),
    predict(fit, cbind(c(a = 50, b = 80)))
  )
  grid <- seq(20, 120, length.out = 2001)
  expect_equal(sum(predict(fit, grid, type = "density")) * 0.05, 1, tolerance = 1e-6)
})

test_that("a fit from a formula applies it to new data", {
  fit <- gmm_fit(~ log(eruptions) + waiting, data = faithful, k = 2, covariance = "full")
  expect_identical(predict(fit, faithful), predict(fit))
  expect_error(predict(fit, faithful["waiting"]), class = "gmm_error_missing_columns")
  expect_error(predict(fit, as.matrix(faithful)), class = "gmm_error_bad_type")
  unit <- 2
  scaled <- gmm_fit(~ I(eruptions / unit) + waiting, data = faithful, k = 2, covariance = "full")
  expect_identical(predict(scaled, faithful), predict(scaled))
})

test_that("matrices within a data frame are found by their columns", {
  nested <- data.frame(row.names = rownames(faithful))
  nested$m <- as.matrix(faithful)
  fit <- gmm_fit(nested, k = 2, covariance = "full")
  expect_identical(predict(fit, nested, type = "posterior"), predict(fit, type = "posterior"))
  by_formula <- gmm_fit(~m, data = nested, k = 2, covariance = "full")
  narrow <- nested
  narrow$m <- nested$m[, 1, drop = FALSE]
  expect_error(predict(by_formula, narrow), class = "gmm_error_bad_shape")
})

test_that("bad arguments are refused", {
  expect_snapshot(error = TRUE, {
    predict(fit, type = "posterio")
    predict(fit, type = "cluster", log = TRUE)
    predict(fit, log = NA)
    predict(fit, c(1, 2, 3))
    predict(fit, matrix(1, 2, 3))
    predict(fit, data.frame(eruptions = "a", waiting = 1))
    predict(fit, data.frame(eruptions = Inf, waiting = 1))
    predict(fit, newdta = faithful)
  })
  expect_error(predict(fit, type = "x"), class = "gmm_error_bad_value")
  expect_error(predict(fit, Sys.Date() + 0:1), class = "gmm_error_bad_type")
  expect_error(predict(fit, array(1, c(2, 2, 2))), class = "gmm_error_bad_shape")
  expect_error(predict(fit, c(1, 2, 3)), class = "gmm_error_bad_shape")
  expect_error(predict(fit, c(1, Inf)), class = "gmm_error_non_finite")
  expect_error(predict(fit, newdta = 1), class = "gmm_error_unknown_argument")
})
