test_that("a fit and its summary print in a few lines", {
  local_plain_rust()
  set.seed(1)
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_snapshot(fit)
  expect_snapshot(summary(fit))
  set.seed(1)
  expect_snapshot(gmm_fit(faithful$waiting, k = 2, covariance = "full"))
  expect_snapshot(summary(gmm_fit(unname(as.matrix(faithful)), start = fit, covariance = "full")))
})

test_that("a start that alone was followed is no reason to doubt, one that others did not meet is", {
  set.seed(1)
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  doubts <- function(finished) {
    fit$starts <- list(tried = 12L, degenerate = 0L, finished = finished, reached = 1L, rows = 272)
    any(grepl("Only one of 12 starts found this optimum", capture.output(print(fit))))
  }
  expect_false(doubts(1L))
  expect_false(doubts(2L))
  expect_true(doubts(5L))
})

test_that("what became of the starts, and what to doubt, is said in lines of their own", {
  set.seed(1)
  suppressWarnings(
    fit <- gmm_fit(mtcars[1:4], k = 2, covariance = "full"),
    classes = "gmm_warning_discrete"
  )
  lines <- capture.output(print(fit))
  expect_gt(fit$starts$degenerate, 0)
  expect_match(lines, "^[0-9]+ starts? ended with a component that collapsed", all = FALSE)
  fit <- suppressWarnings(
    gmm_fit(mtcars, k = 2, covariance = "full", reg_covar = 0.01),
    classes = "gmm_warning_discrete"
  )
  lines <- capture.output(print(fit))
  expect_match(lines, "^It has more free parameters than rows", all = FALSE)
  expect_error(print(fit, digits = "a"), class = "gmm_error_bad_type")
  expect_error(print(summary(fit), digits = 0), class = "gmm_error_bad_value")
})

test_that("a run that has not converged does not claim an optimum", {
  set.seed(1)
  run_of <- function(fit) paste(describe_run(fit), collapse = " ")
  fit <- suppressWarnings(
    gmm_fit(faithful, k = 3, covariance = "full", max_iter = 3, short_iter = 1)
  )
  expect_match(run_of(fit), paste(
    "^Not converged after 3 iterations. [0-9]+ starts: [0-9]+ were followed,",
    "and ([0-9]+ of them|both|all [0-9]+) ended within 1e-4 of this log-likelihood.$"
  ))
  fit <- gmm_fit(faithful, k = 3, covariance = "full", max_iter = 3, tol = 0)
  expect_match(run_of(fit), "^Stopped after 3 iterations, as asked \\(`tol = 0`\\). [0-9]+ starts: ")
  fit <- gmm_fit(faithful, start = rep(1:2, 136), max_iter = 3, tol = 0, covariance = "full")
  expect_match(run_of(fit), "^Stopped after 3 iterations from one start, as asked \\(`tol = 0`\\).$")
})

test_that("what became of the starts is said in plain words", {
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  said <- function(finished, reached, algorithm = "em") {
    fit$starts[c("finished", "reached")] <- c(finished, reached)
    fit$algorithm <- algorithm
    describe_starts(fit)
  }
  expect_identical(said(1, 1), "12 starts: one was finished.")
  expect_identical(said(3, 3), "12 starts: 3 were finished, and all 3 ended at this optimum.")
  expect_identical(said(2, 2), "12 starts: 2 were finished, and both ended at this optimum.")
  expect_identical(said(12, 12), "12 starts: all ended at this optimum.")
  expect_identical(
    said(11, 4, "cem"), "12 starts: 11 were finished, and 4 of them ended at this optimum."
  )
  fit$n <- 1e4
  fit$starts$rows <- 5000
  expect_match(said(1, 1), "^12 starts on a random sample of 5,000 rows: one was")
})

test_that("sentences fit the console, and code is not broken", {
  local_reproducible_output(width = 40)
  fit <- gmm_fit(precip, k = 3)
  lines <- capture.output(print(fit))
  expect_lte(max(nchar(grep("`", lines, value = TRUE, invert = TRUE))), 40)
  expect_match(lines, "gmm_refit(fit, k = 3, covariance = \"V\")", fixed = TRUE, all = FALSE)
})

test_that("the next model is another one, and not flagged", {
  nile <- gmm_fit(Nile, k = 1:3)
  expect_identical(nile$k, 1L)
  # With one component E and V are the same.
  expect_match(describe_choice(nile), "^Best by BIC of 6 models. The next, E with k = 2, is 0.72 w")
  expect_match(describe_choice(gmm_refit(nile, 1, "V")), "^Best by BIC of 6 models. The next, E")
  expect_identical(summary(nile)$next_best$k, 2L)
  rain <- gmm_fit(precip, k = 3)
  expect_true(is_flagged(rain$selection)[rain$selection$covariance == "V"])
  expect_identical(describe_choice(rain), "Of 2 models, the best by BIC that is not flagged.")
  expect_snapshot(writeLines(describe_passed(rain)))
  expect_match(summary(rain)$flags, "passed over", all = FALSE)
  expect_null(summary(rain)$next_best)
  flagged <- gmm_refit(rain, covariance = "V")
  expect_null(describe_passed(flagged))
  expect_match(describe_choice(flagged), "^Of 2 models, the best by BIC that is not flagged is E with")
})

test_that("models that were given up are counted apart from those without a fit", {
  table <- data.frame(
    k = 1:4, covariance = "EII", loglik = c(-1, NA, NA, NA),
    status = c("ok", "given up: behind", "given up: behind", "collapsed")
  )
  expect_identical(count_models(table), "4 models, of which 2 were given up early and 1 has no fit")
  expect_identical(count_models(table[1:3, ]), "3 models, of which 2 were given up early")
  table$loglik <- -1
  table$status <- "ok"
  expect_identical(count_models(table), "4 models")
})

test_that("components that are the same are said, and those that are near are not", {
  at <- function(apart) {
    gmm_mixture(means = rbind(c(0, 0), c(9, 9), c(apart, 0)), covariances = 4 * diag(2))
  }
  expect_identical(same_components(at(0)), c(1L, 3L))
  expect_identical(same_components(at(0.0019)), c(1L, 3L))
  expect_null(same_components(at(0.0021)))
  other <- at(0)
  other$covariances[1, 2, 3] <- other$covariances[2, 1, 3] <- 0.1
  expect_null(same_components(other))
  expect_null(same_components(gmm_mixture(means = c(1, 2), covariances = diag(2))))
  saddle <- gmm_fit(faithful, covariance = "full", start = list(means = rbind(c(3, 70), c(3, 70))))
  expect_match(summary(saddle)$flags, "^Components 1 and 2 are the same: a saddle", all = FALSE)
  expect_match(capture.output(print(saddle)), "^Components 1 and 2 are the same", all = FALSE)
})

test_that("an optimum of a single start is flagged", {
  fit <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_null(describe_lone(fit))
  fit$starts$reached <- 1
  expect_identical(
    describe_lone(fit),
    "Only one of 12 starts found this optimum; `search = \"thorough\"` tries more."
  )
  expect_match(summary(fit)$flags, "^Only one of 12 starts", all = FALSE)
  fit$control$search <- "thorough"
  expect_match(describe_lone(fit), "a larger `n_init` tries more")
  fit$algorithm <- "sem"
  expect_null(describe_lone(fit))
})

test_that("a family is said in words", {
  expect_identical(describe_family("EII"), "EII (spherical, equal volume)")
  expect_identical(describe_family("EEV"), "EEV (equal volume and shape, varying orientation)")
  expect_identical(describe_family("VVV"), "VVV (\"full\")")
  words <- vapply(c(engine_families()$name, "E", "V"), describe_letters, character(1))
  expect_snapshot(cat(paste(names(words), words), sep = "\n"))
})

test_that("a summary leaves out what the family fixes", {
  local_reproducible_output(width = 100)
  # Up to what depends on the rows.
  tables <- function(family) {
    fit <- gmm_fit(iris[1:3], start = iris$Species, covariance = family)
    lines <- capture.output(printed <- print(summary(fit)))
    expect_identical(dim(printed$deviations), c(3L, 3L))
    expect_identical(dim(printed$correlations), c(3L, 3L, 3L))
    end <- grep("^Overlap", lines) - 2
    cat(lines[1:2], lines[match("Standard deviations", lines):end], sep = "\n")
  }
  for (family in c("EII", "VII", "EEI", "VEI", "EEE", "VEE", "EEV")) {
    expect_snapshot(tables(family))
  }
  lines <- capture.output(summary(gmm_fit(faithful$waiting, start = rep(1:2, 136), covariance = "E")))
  expect_match(lines, "^Covariances: one variance for all$", all = FALSE)
  expect_match(lines, "^all +5.869$", all = FALSE)
})

test_that("printing returns its argument and never floods the console", {
  set.seed(1)
  x <- matrix(rnorm(60000), ncol = 30)
  fit <- gmm_fit(x, k = 25, covariance = "full", n_init = 1, tol = 10)
  lines <- capture.output(returned <- withVisible(print(fit)))
  expect_false(returned$visible)
  expect_identical(returned$value, fit)
  expect_lt(length(lines), 56)
  expect_match(lines, "5 more components, 21 more columns", all = FALSE)
  expect_lt(length(capture.output(print(summary(fit)))), 200)
})

test_that("numbers are told apart however large they are", {
  shown <- function(...) format_columns(cbind(c(...)), 4)[, 1]
  expect_identical(shown(1e9 + 2.04, 1e9 + 4.29), c("1000000002", "1000000004"))
  expect_identical(shown(0.1, 1e6 + 0.5), c("      0", "1000000"))
  expect_identical(shown(1e9 + 0.25, 1e9 + 0.25), c("1e+09", "1e+09"))
  expect_identical(shown(2.0361, 54.479), c(" 2.04", "54.48"))
  expect_identical(shown(1.23456e-7, 2.5e-7), c("1.235e-07", "2.500e-07"))
})
