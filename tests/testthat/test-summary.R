set.seed(1)
fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")
posterior <- predict(fit, type = "posterior")

test_that("a summary has the numbers that it prints", {
  s <- summary(fit)
  expect_equal(sum(s$components$rows), 150)
  expect_equal(s$deviations[2, ], sqrt(diag(fit$covariances[, , 2])))
  expect_equal(s$correlations[, , 3], cov2cor(fit$covariances[, , 3]))
  expect_equal(s$criteria[["BIC"]], BIC(fit))
  mine <- fit$cluster == 1
  expect_equal(s$components$uncertainty[1], mean(predict(fit, type = "uncertainty")[mine]))
  expect_equal(s$components$sure[1], mean(posterior[mine, 1] > 0.9))
})

test_that("overlap is what rows of a component are expected to be taken for", {
  s <- summary(fit)
  for (i in 1:3) {
    for (j in 1:3) {
      expect_equal(s$overlap[i, j], sum(posterior[fit$cluster == j, i]) / sum(posterior[, i]))
    }
  }
  expect_equal(unname(rowSums(s$overlap)), rep(1, 3))
  # Weighted by the components, what is off the diagonal is the mean uncertainty.
  wrong <- sum(colMeans(posterior) * (1 - diag(s$overlap)))
  expect_equal(wrong, mean(predict(fit, type = "uncertainty")))
})

test_that("overlap agrees with the labels of simulated rows", {
  rows <- simulate(fit, 200, seed = 1)
  truth <- unlist(lapply(rows, attr, "component"))
  guess <- predict(fit, do.call(rbind, rows))
  simulated <- prop.table(table(truth, guess), 1)
  # The data are but 150 rows.
  expect_equal(as.vector(summary(fit)$overlap), as.vector(simulated), tolerance = 0.05)
})

test_that("blocks of rows make no difference", {
  whole <- summarise_posterior(fit, quote(summary()))
  expect_equal(summarise_posterior(fit, quote(summary()), most = 7), whole)
})

test_that("the most uncertain rows come first, with their names", {
  named <- fit
  rownames(named$data) <- paste0("flower", 1:150)
  found <- summary(named)$uncertain
  uncertainty <- unname(predict(fit, type = "uncertainty"))
  expect_identical(found$row, order(-uncertainty)[1:5])
  expect_identical(rownames(found), paste0("flower", found$row))
  expect_equal(found$uncertainty, uncertainty[found$row])
  expect_identical(found$cluster, unname(fit$cluster)[found$row])
  expect_output(print(summary(named)), paste0("flower", found$row[1]), fixed = TRUE)
  second <- apply(posterior, 1, function(p) order(-p)[2])
  most <- summary(fit)$uncertain
  expect_equal(most$second, unname(second[most$row]))
})

test_that("the next best model is the best of the others that are not flagged", {
  both <- gmm_fit(faithful, k = 1:3, covariance = c("EII", "VVV"))
  s <- summary(both)
  table <- both$selection
  ranked <- table[order(table$status != "ok", table$BIC), ]
  expect_identical(s$next_best$k, ranked$k[2])
  expect_identical(s$next_best$covariance, ranked$covariance[2])
  expect_equal(s$next_best$margin, ranked$BIC[2] - ranked$BIC[1])
  other <- summary(gmm_refit(both, ranked$k[2], ranked$covariance[2]))
  expect_equal(other$next_best$margin, ranked$BIC[1] - ranked$BIC[2])
  expect_null(summary(fit)$next_best)
})

test_that("what to doubt is flagged, and nothing else", {
  expect_identical(summary(gmm_fit(faithful, k = 2, covariance = "full"))$flags, character())
  few <- suppressWarnings(
    gmm_fit(mtcars, k = 2, covariance = "full", reg_covar = 0.01),
    classes = "gmm_warning_discrete"
  )
  flags <- summary(few)$flags
  for (part in c("0.01 was added", "more free parameters", "Columns `cyl`, `vs`, `am`, and `gear`")) {
    expect_match(flags, part, all = FALSE, fixed = TRUE)
  }
  expect_output(print(summary(few)), "Flagged: It has more free parameters than rows", fixed = TRUE)
  short <- suppressWarnings(gmm_fit(iris[1:4], k = 4, covariance = "full", max_iter = 2))
  expect_match(summary(short)$flags, "has not converged", all = FALSE)
  short$algorithm <- "sem"
  expect_no_match(summary(short)$flags, "has not converged")
  few_components <- gmm_fit(faithful, k = 1:2, covariance = "spherical")
  expect_match(summary(few_components)$flags, "No more than 2 components", all = FALSE)
  expect_identical(summary(gmm_refit(few_components, k = 1))$flags, character())
  enough <- gmm_fit(faithful, k = 2:4, covariance = "EEE")
  expect_false(any(grepl("were tried", summary(enough)$flags)))
  narrow <- fit
  narrow$narrowest$is_suspect <- TRUE
  expect_match(summary(narrow)$flags, "may be spurious", all = FALSE)
})

test_that("a summary without data, of one component, and of empty components can be made", {
  bare <- summary(gmm_fit(faithful, k = 2, covariance = "full", keep_data = FALSE))
  expect_true(all(is.na(bare$overlap)))
  expect_identical(nrow(bare$uncertain), 0L)
  expect_false(any(grepl("sure|Overlap", capture.output(print(bare)))))
  one <- summary(gmm_fit(faithful, k = 1, covariance = "full"))
  expect_equal(one$overlap[1, 1], 1)
  expect_identical(one$uncertain$second, rep(NA_integer_, 5))
  expect_false(any(grepl("sure|Overlap", capture.output(print(one)))))
  # All rows of the second are surer of the first.
  empty <- fit
  empty$cluster <- ifelse(fit$cluster == 2, 1L, fit$cluster)
  expect_identical(is.na(summary(empty)$components$sure), c(FALSE, TRUE, FALSE))
  capture.output(print(summary(empty)))
})

test_that("overlap is said in a sentence, and as a table if that can be read", {
  expect_snapshot(writeLines(describe_overlap(rbind(c(0.9, 0.1), c(0.00003, 0.99997)))))
  expect_snapshot(writeLines(describe_overlap(diag(3))))
  expect_identical(format_percent(c(0.12345, 0.00123, 1e-6, 0, NA, 1)),
    c("12.3 %", "0.12 %", "< 0.01 %", "0.00 %", NA, "100.0 %")
  )
  set.seed(1)
  x <- matrix(rnorm(60000), ncol = 30)
  many <- summary(gmm_fit(x, k = 25, covariance = "full", n_init = 1, tol = 10))
  lines <- capture.output(print(many))
  expect_lt(length(lines), 200)
  expect_match(lines, "^(No two components overlap|Components [0-9]+ and [0-9]+ overlap most)",
    all = FALSE
  )
  expect_false(any(grepl("^Overlap", lines)))
})

test_that("a summary of overlapping components reads well", {
  local_plain_rust()
  expect_snapshot(summary(fit))
})
