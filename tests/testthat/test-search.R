test_that("k = 1:9 and all families are the default, and any seed finds the same model", {
  skip_if_not_installed("mclust")
  found <- list(
    list(x = faithful, k = 3L, covariance = "EEE"),
    list(x = iris[1:4], k = 2L, covariance = "VEV"),
    list(x = mclust::diabetes[-1], k = 3L, covariance = "VVV")
  )
  for (expected in found) {
    logliks <- vapply(1:3, function(seed) {
      set.seed(seed)
      best <- gmm_fit(expected$x)
      expect_identical(nrow(best$selection), 9L * 14L)
      expect_identical(best$k, expected$k)
      expect_identical(best$covariance, expected$covariance)
      best$loglik
    }, numeric(1))
    expect_lt(diff(range(logliks)), 1e-4)
  }
})

test_that("no model that is not flagged is worse than mclust's", {
  skip_if_not_installed("mclust")
  # `mclustBIC()` finds functions of its package only where it is attached.
  mclust_bic <- function(x) {
    evalq(mclustBIC(x, verbose = FALSE), list2env(list(x = x), parent = asNamespace("mclust")))
  }
  for (x in list(faithful, iris[1:4], mclust::diabetes[-1], swiss, attitude)) {
    set.seed(1)
    ours <- gmm_select(x)
    theirs <- -mclust_bic(x)
    theirs <- theirs[cbind(ours$k, match(ours$covariance, colnames(theirs)))]
    compared <- ours$status == "ok" & !is.na(theirs)
    expect_gt(sum(compared), 10)
    worse <- compared & ours$BIC > theirs + 0.01
    expect_identical(paste(ours$covariance, ours$k)[worse], character())
  }
})

test_that("threads change no bit of the table", {
  tables <- lapply(c(1, 2, 5), function(threads) {
    set.seed(2)
    gmm_select(iris[1:4], k = 1:4, threads = threads)
  })
  expect_identical(tables[[1]], tables[[2]])
  expect_identical(tables[[1]], tables[[3]])
})

test_that("a search draws one number from R's generator", {
  set.seed(5)
  runif(1)
  expected <- .Random.seed
  set.seed(5)
  gmm_select(faithful, k = 1:2)
  expect_identical(.Random.seed, expected)
})

test_that("starts on a random sample of rows are said to be so", {
  set.seed(1)
  x <- rnorm(12000) + 6 * rep(0:1, 6000)
  many <- gmm_fit(x, k = 2, covariance = "E")
  expect_equal(attr(many$selection, "rows"), 5000)
  expect_output(print(many), "starts on a random sample of 5,000 rows: ", fixed = TRUE)
  expect_output(print(many$selection), "Starts were tried on a random sample of 5,000 rows")
})

test_that("of many rows, only models that may be the best go on to all", {
  set.seed(1)
  x <- matrix(rnorm(20000), ncol = 2) + 5 * rep(0:1, 5000)
  table <- gmm_select(x, k = 1:4)
  best <- attr(table, "best")
  expect_identical(table$k[best], 2L)
  expect_identical(table$covariance[best], "EII")
  behind <- startsWith(table$status, "given up: behind the best by about ")
  expect_gt(sum(behind), 10)
  expect_true(all(is.na(table$loglik[behind])))
  expect_output(print(table), "were given up early, far behind the best: `search")
  all_finished <- gmm_select(x, k = 1:2, covariance = c("EII", "VVV"), search = "thorough")
  expect_true(all(all_finished$status == "ok"))
})

test_that("models that were given up are said to be, with the way to finish them", {
  set.seed(1)
  fit <- gmm_fit(quakes[1:4], k = 1:4)
  behind <- which(is_given_up(fit$selection))
  expect_gt(length(behind), 0)
  expect_match(describe_choice(fit), sprintf("of which %d w(as|ere) given up early", length(behind)))
  row <- fit$selection[behind[1], ]
  err <- expect_error(
    gmm_refit(fit, row$k, row$covariance),
    "`search = \"thorough\"` gives up none",
    class = "gmm_error_no_fit", fixed = TRUE
  )
  found <- summary(fit$selection)
  lines <- capture.output(print(found))
  expect_match(lines, "^ +BIC .* all$", all = FALSE)
  expect_match(lines, "^ +ICL .* those finished$", all = FALSE)
  expect_null(describe_failures(c(NA, NA)))
  expect_length(describe_failures(c(failure_words[["behind"]], failure_words[["collinear"]])), 2)
})

test_that("twelve more starts never lead to a lower optimum", {
  local_plain_rust()
  logliks <- vapply(c(12, 24, 48), function(n_init) {
    set.seed(1)
    fit <- gmm_fit(
      iris[1:4],
      k = 8, covariance = "VVV", n_init = n_init, rounds = 6, explorations = 0
    )
    fit$loglik
  }, 0)
  expect_gte(min(diff(logliks)), 0)
  # Here they lead to a higher one.
  expect_gt(logliks[3] - logliks[1], 1)
})

test_that("explorations find no less", {
  local_plain_rust()
  find <- function(explorations) {
    set.seed(1)
    found <- gmm_select(swiss, k = 1:6, covariance = c("EEI", "EEE"), explorations = explorations)
    as.data.frame(found)$loglik
  }
  more <- find(4) - find(0)
  expect_gt(min(more), -1e-4)
  expect_gt(max(more), 0.1)
})

test_that("nothing explores with fixed parameters, from a start of one's own, or by CEM", {
  local_plain_rust()
  find <- function(explorations, ...) {
    set.seed(1)
    fit <- gmm_fit(
      swiss,
      k = 4, covariance = "EEI", n_init = 1, rounds = 0, explorations = explorations, ...
    )
    fit[c("loglik", "means", "starts")]
  }
  equal <- list(weights = rep(1, 4) / 4)
  expect_equal(find(3, fix = equal), find(0, fix = equal))
  expect_equal(find(3, start = rep_len(1:4, 47)), find(0, start = rep_len(1:4, 47)))
  expect_equal(find(3, algorithm = "cem"), find(0, algorithm = "cem"))
  # Elsewhere it shows.
  expect_gt(find(3)$loglik - find(0)$loglik, 0.1)
})

test_that("of many models of a thousand rows, the best is no worse than when asked for alone", {
  set.seed(2)
  x <- cbind(rnorm(1200, rep(c(0, 2, 4), 400)), rnorm(1200, rep(c(0, 3, 0), 400)))
  set.seed(1)
  many <- gmm_fit(x, k = 1:5)
  set.seed(1)
  alone <- gmm_fit(x, k = many$k, covariance = many$covariance)
  expect_gte(many$loglik, alone$loglik - 1e-4)
  behind <- startsWith(many$selection$status, "given up: behind the best by about ")
  expect_gt(sum(behind), 10)
  # Those that were given up are no better for being finished.
  set.seed(1)
  finished <- gmm_select(x, k = 1:5, search = "thorough")
  expect_gt(min(finished$BIC[behind], na.rm = TRUE), BIC(many))
  expect_equal(min(finished$BIC), BIC(many), tolerance = 1e-8)
})

test_that("a compact group within another is found, and a model with too many parameters stands back", {
  set.seed(1)
  wide <- matrix(rnorm(1000, sd = 5), ncol = 2)
  hidden <- rbind(wide, matrix(rnorm(70, 2, 0.5), ncol = 2))
  fit <- gmm_fit(hidden, k = 1:3)
  expect_equal(fit$k, 2)
  expect_lt(min(fit$weights), 0.1)
  set.seed(1)
  few <- gmm_fit(trees)
  rich <- few$selection$df >= nrow(trees) & !is.na(few$selection$df)
  expect_gt(sum(rich), 5)
  expect_lt(few$df, nrow(trees))
  spurious <- startsWith(few$selection$status, "near-spurious: ")
  expect_match(few$selection$status[rich & !spurious], "^too rich: [0-9]+ free parameters$")
})

test_that("of few models all are finished", {
  set.seed(1)
  x <- matrix(rnorm(4000), ncol = 2) + 5 * rep(0:1, 1000)
  expect_identical(unique(gmm_select(x, k = 1:9, covariance = "EEE")$converged), TRUE)
})
