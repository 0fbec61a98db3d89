fit_with <- function(...) {
  fit <- gmm_fit(quakes[1:4], k = 4, covariance = "full", ...)
  fit$control <- fit$call <- NULL
  fit
}

test_that("the same seed gives the same bits on any number of threads", {
  fits <- lapply(c(1, 2, 7), function(threads) {
    set.seed(3)
    fit_with(threads = threads)
  })
  expect_identical(fits[[1]], fits[[2]])
  expect_identical(fits[[1]], fits[[3]])
})

test_that("threads give the same bits where rows are shared between them", {
  set.seed(1)
  x <- matrix(rnorm(40000), ncol = 2)
  start <- rep(1:2, 10000)
  fits <- lapply(c(1, 2, 7), function(threads) {
    suppressWarnings(
      gmm_fit(x, start = start, threads = threads, max_iter = 20, covariance = "full"),
      classes = "gmm_warning_not_converged"
    )
  })
  expect_identical(fits[[1]]$trace, fits[[2]]$trace)
  expect_identical(fits[[1]]$trace, fits[[3]]$trace)
  expect_identical(fits[[1]]$covariances, fits[[3]]$covariances)
})

test_that("one number is drawn from R's generator, and nothing else changes it", {
  set.seed(5)
  runif(1)
  expected <- .Random.seed
  set.seed(5)
  gmm_fit(faithful, k = 2, covariance = "full")
  expect_identical(.Random.seed, expected)
  set.seed(5)
  expect_error(gmm_fit(faithful, k = 0, covariance = "full"), class = "gmm_error")
  runif(1)
  expect_identical(.Random.seed, expected)
})

test_that("other seeds give other starts", {
  climbs <- lapply(1:5, function(seed) {
    set.seed(seed)
    gmm_fit(quakes[1:4], k = 4, covariance = "full", n_init = 1)$trace
  })
  expect_gt(length(unique(climbs)), 1)
})

test_that("the number of threads follows argument, option, and R CMD check's limit", {
  call <- quote(gmm_fit())
  old <- options(gaussmix.threads = 3)
  on.exit(options(old))
  expect_equal(resolve_threads(5, call), 5)
  expect_equal(resolve_threads(NULL, call), 3)
  options(gaussmix.threads = 0)
  expect_error(resolve_threads(NULL, call), class = "gmm_error_bad_value")
  options(gaussmix.threads = NULL)
  limit <- Sys.getenv("_R_CHECK_LIMIT_CORES_", NA)
  on.exit(
    if (is.na(limit)) {
      Sys.unsetenv("_R_CHECK_LIMIT_CORES_")
    } else {
      Sys.setenv("_R_CHECK_LIMIT_CORES_" = limit)
    },
    add = TRUE
  )
  Sys.setenv("_R_CHECK_LIMIT_CORES_" = "TRUE")
  expect_lte(resolve_threads(NULL, call), 2)
  Sys.unsetenv("_R_CHECK_LIMIT_CORES_")
  expect_equal(resolve_threads(NULL, call), engine_available_threads())
})
