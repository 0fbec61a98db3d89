set.seed(1)
fit <- gmm_fit(faithful, k = 1:4)

# What is as in `fit$selection`, but for the attributes.
plain <- as.data.frame(fit$selection)

test_that("a fit of several models is the best by BIC, and has the table of all", {
  selection <- fit$selection
  expect_s3_class(selection, c("gmm_selection", "data.frame"), exact = TRUE)
  expect_identical(nrow(selection), 4L * 14L)
  expect_identical(selection$k, rep(1:4, each = 14))
  expect_identical(selection$covariance, rep(engine_families()$name, 4))
  best <- attr(selection, "best")
  expect_identical(best, which.min(ifelse(selection$status == "ok", selection$BIC, Inf)))
  expect_identical(fit$k, selection$k[best])
  expect_identical(fit$covariance, selection$covariance[best])
  expect_identical(fit$loglik, selection$loglik[best])
  expect_equal(BIC(fit), selection$BIC[best])
  expect_identical(attr(selection, "criterion"), "BIC")
  expect_equal(attr(selection, "n"), 272)
  expect_equal(attr(selection, "rows"), 272)
})

test_that("the criteria follow their formulas", {
  n <- 272
  expect_equal(plain$BIC, -2 * plain$loglik + plain$df * log(n))
  expect_equal(plain$AIC, -2 * plain$loglik + plain$df * 2)
  expect_equal(plain$ICL, plain$BIC + 2 * plain$entropy)
  expect_equal(plain$AICc, plain$AIC + 2 * plain$df * (plain$df + 1) / (n - plain$df - 1))
  posterior <- predict(fit, type = "posterior")
  expect_equal(fit$entropy, -sum(posterior * log(posterior)), tolerance = 1e-8)
  expect_equal(ICL(fit), BIC(fit) + 2 * fit$entropy)
})

test_that("the criterion that is asked for decides", {
  for (criterion in criteria) {
    set.seed(1)
    by <- gmm_fit(faithful, k = 1:4, criterion = criterion)
    value <- ifelse(by$selection$status == "ok", by$selection[[criterion]], Inf)
    expect_identical(attr(by$selection, "best"), which.min(value))
    # Of the best, all starts are followed.
    counts <- c("starts", "hits")
    table <- as.data.frame(by$selection)
    expect_identical(table[setdiff(names(table), counts)], plain[setdiff(names(plain), counts)])
    differ <- which(table$starts != plain$starts | table$hits != plain$hits)
    followed <- c(attr(by$selection, "best"), attr(fit$selection, "best"))
    expect_true(all(differ %in% followed))
  }
})

test_that("gmm_select() is the table without the mixtures", {
  set.seed(1)
  selection <- gmm_select(faithful, k = 1:4)
  expect_null(attr(selection, "fits"))
  expect_identical(as.data.frame(selection), plain)
  by_formula <- gmm_select(~ log(eruptions), data = faithful, k = 1:2, covariance = "tied")
  expect_identical(by_formula$k, 1:2)
})

test_that("one model has a table of one row", {
  one <- gmm_fit(faithful, k = 2, covariance = "full")
  expect_identical(nrow(one$selection), 1L)
  expect_identical(one$selection$status, "ok")
  expect_false(any(grepl("models", capture.output(print(one)))))
})

test_that("groups, names and aliases of families mix, and each family is fitted once", {
  families_of <- function(covariance, x = faithful) {
    unique(gmm_select(x, k = 1, covariance = covariance)$covariance)
  }
  expect_identical(families_of("all"), engine_families()$name)
  expect_identical(families_of("all spherical"), c("EII", "VII"))
  expect_identical(families_of("all diagonal"), c("EEI", "VEI", "EVI", "VVI"))
  expect_identical(
    families_of("all oriented"),
    c("EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
  )
  expect_identical(
    families_of(c("full", "all spherical", "VVV", "spherical")),
    c("VVV", "EII", "VII")
  )
  expect_identical(families_of("all", faithful$waiting), c("E", "V"))
  expect_identical(families_of(c("VVV", "E", "tied"), faithful$waiting), c("V", "E"))
  expect_identical(gmm_select(faithful, k = c(3, 1, 3), covariance = "EII")$k, c(3L, 1L))
})

test_that("a start gives k, and every family a run", {
  started <- gmm_fit(iris[1:4], start = iris$Species)
  expect_identical(started$selection$k, rep(3L, 14))
  expect_true(all(started$selection$starts == 1))
  expect_identical(gmm_fit(iris[1:4], k = 2:4, start = iris$Species, covariance = "tied")$k, 3L)
  refused(gmm_fit(iris[1:4], k = 1:2, start = iris$Species), "bad_value", argument = "start")
})

test_that("gmm_refit() takes another model from the table", {
  for (row in c(1, 20, 28, 40, 56)) {
    model <- plain[row, ]
    refit <- gmm_refit(fit, k = model$k, covariance = model$covariance)
    expect_s3_class(refit, "gmm")
    expect_identical(refit$loglik, model$loglik)
    expect_identical(names(refit), names(fit))
    expect_identical(refit$selection, fit$selection)
    expect_equal(BIC(refit), model$BIC)
    expect_equal(ICL(refit), model$ICL)
    expect_identical(refit$cluster, predict(refit))
    expect_equal(sum(predict(refit, type = "density", log = TRUE)), model$loglik)
  }
  expect_identical(gmm_refit(fit)$trace, fit$trace)
  expect_identical(gmm_refit(fit)$cluster, fit$cluster)
  two <- gmm_refit(fit, k = 2)
  expect_equal(BIC(two), min(plain$BIC[plain$k == 2 & plain$status == "ok"]))
  expect_identical(gmm_refit(fit, k = 2, covariance = "full")$covariance, "VVV")
  expect_output(print(two), "By BIC, the best of 56 models is EEE with k = 3, which is")
})

test_that("a model from the table is the same as one that is fitted alone", {
  for (family in c("EII", "VVI", "VVV")) {
    set.seed(1)
    alone <- gmm_fit(faithful, k = 2, covariance = family)
    refit <- gmm_refit(fit, k = 2, covariance = family)
    expect_lt(abs(alone$loglik - refit$loglik), 1e-5)
    expect_equal(alone$means, refit$means, tolerance = 1e-4)
    expect_identical(alone$cluster, refit$cluster)
  }
})

test_that("a refit can be updated, and keeps its formula", {
  by_formula <- gmm_fit(~ log(eruptions) + waiting, data = faithful, k = 1:3, covariance = "tied")
  refit <- gmm_refit(by_formula, k = 2)
  expect_equal(formula(refit), formula(by_formula))
  expect_identical(predict(refit, faithful), predict(refit))
  expect_equal(refit$call$k, 2)
  again <- update(refit, k = 3)
  expect_identical(again$k, 3L)
  expect_identical(nrow(again$selection), 1L)
})

test_that("gmm_refit() says what it can't take", {
  refused_refit <- function(code, class) {
    condition <- expect_error(code, class = class)
    expect_identical(condition$call, quote(gmm_refit()))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  refused_refit(gmm_refit(fit, k = 7), "gmm_error_bad_value")
  tied <- gmm_fit(faithful, k = 1:2, covariance = "tied")
  refused_refit(gmm_refit(tied, covariance = "full"), "gmm_error_bad_value")
  refused_refit(gmm_refit(gmm_select(faithful, k = 2), k = 2), "gmm_error_bad_type")
  refused_refit(gmm_refit(faithful, k = 2), "gmm_error_bad_type")
  expect_error(gmm_refit(), class = "gmm_error_bad_value")
  twice <- suppressWarnings(
    gmm_fit(cbind(faithful, twice = 2 * faithful$waiting), k = 2),
    classes = "gmm_warning_collinear"
  )
  refused_refit(gmm_refit(twice, covariance = "full"), "gmm_error_no_fit")
  refused_refit(gmm_refit(twice, covariance = c("full", "tied")), "gmm_error_no_fit")
  bare <- gmm_fit(faithful, k = 1:2, covariance = "full", keep_data = FALSE)
  expect_error(gmm_refit(bare, k = 1), class = "gmm_error_no_data")
})

test_that("a model without a fit says why, and the fit is the best of the others", {
  double <- suppressWarnings(
    gmm_fit(cbind(faithful, twice = 2 * faithful$waiting), k = 1:2)$selection,
    classes = "gmm_warning_collinear"
  )
  oriented <- !endsWith(double$covariance, "I")
  expect_identical(unique(double$status[oriented]), "column `twice` is determined by `waiting`")
  expect_identical(unique(double$status[!oriented]), "ok")
  expect_true(all(is.na(double$BIC[oriented])))

  few <- gmm_fit(rep(c(1, 2, 4), c(5, 7, 9)) + 0, k = 1:6, covariance = "E", reg_covar = 0.1)
  expect_identical(few$selection$status[4:6], sprintf("fewer than %d distinct rows", 4:6))

  wide <- gmm_fit(matrix(c(1:9, 3, 7, 5) + 0.5, 3), k = 1:4)$selection
  expect_identical(unique(wide$status[wide$k == 4]), "fewer than 4 distinct rows")
  expect_identical(
    unique(wide$status[wide$k < 4 & !endsWith(wide$covariance, "I")]),
    "3 rows are too few for 4 columns"
  )
  expect_true(any(startsWith(wide$status, "too rich: ") & !is.na(wide$BIC)))
})

spiked <- function() {
  set.seed(1)
  rbind(cbind(a = rnorm(60), b = rnorm(60)), cbind(a = rnorm(40, 9), b = 7))
}

test_that("a collapse onto values of a column is a status, and the column is warned of", {
  set.seed(1)
  x <- data.frame(size = rnorm(300), sex = rep(1:2, 150))
  x$size[x$sex == 2] <- x$size[x$sex == 2] + 6
  warning <- expect_warning(discrete <- gmm_fit(x, k = 1:3), class = "gmm_warning_discrete")
  expect_identical(warning$columns, "sex")
  expect_snapshot(cat(cli::ansi_strip(conditionMessage(warning))))
  status <- discrete$selection$status
  onto <- "^component [12] collapsed onto `sex` = [12]$"
  expect_match(status, paste0(onto, "|singular from the start$"), all = FALSE)
  expect_warning(gmm_fit(x, k = 1, covariance = "full"), NA)
  expect_warning(gmm_fit(x$sex, k = 2, covariance = "E", reg_covar = 0.1), "`x` has few")
  for (measured in list(faithful, iris[1:4], quakes[1:4])) {
    expect_identical(discrete_columns(as.matrix(measured)), integer())
  }
})

test_that("families that are the same model with one component are printed once", {
  selection <- gmm_select(faithful, k = 1)
  lines <- capture.output(print(selection))
  shown <- regmatches(lines, regexpr("^ 1 +[A-Z]{3}", lines))
  expect_setequal(substring(trimws(shown), nchar(trimws(shown)) - 2), c("EII", "EEI", "EEE"))
  expect_match(lines, "^11 more models have a fit", all = FALSE)
  # Rounding does not order them.
  expect_identical(selection$covariance[rank_models(selection)][1], "EEE")
})

test_that("a column of which most rows have one value is warned of", {
  set.seed(1)
  x <- data.frame(size = rnorm(100), iron = c(rep(0, 60), rexp(40)))
  warning <- expect_warning(
    fit <- gmm_fit(x, k = 1:2, covariance = "EEE"),
    class = "gmm_warning_discrete"
  )
  expect_identical(warning$columns, "iron")
  expect_snapshot(cat(cli::ansi_strip(conditionMessage(warning))))
  expect_match(summary(fit)$flags, "`iron` is 0 in 60 of 100 rows: ", fixed = TRUE, all = FALSE)
  expect_warning(gmm_fit(x$iron, k = 2, covariance = "E"), "`x` is 0 in 60 of 100 rows")
  expect_null(spiked_columns(as.matrix(x[21:100, ]), integer()))
  expect_identical(spiked_columns(as.matrix(x[10:100, ]), integer())$rows, 51L)
  expect_null(spiked_columns(as.matrix(x), 2))
  for (measured in list(faithful, iris[1:4], quakes[1:4])) {
    expect_null(spiked_columns(as.matrix(measured), integer()))
  }
})

test_that("a component of a good part of the rows is not flagged for being narrow", {
  set.seed(30)
  fit <- gmm_fit(rlnorm(60, 0, 1.5))
  expect_identical(c(fit$covariance, fit$k), c("V", "3"))
  expect_lt(fit$narrowest$ratio, 0.05)
  expect_gt(min(fit$weights), 0.1)
})

test_that("a collapse is told in few words", {
  collapsed <- gmm_select(spiked(), k = 1:2, covariance = "VVV")
  expect_identical(collapsed$status, c("ok", "component 1 collapsed onto `b` = 7"))
  expect_identical(collapsed$starts[2], 24L)
  expect_identical(collapsed$hits[2], 0L)
})

test_that("no fit at all is an error of its cause", {
  double <- cbind(faithful, twice = 2 * faithful$waiting)
  refused(gmm_fit(double, k = 1:2, covariance = "all oriented"), "collinear", columns = "twice")
  refused(gmm_fit(faithful[1:2, ], k = 3:4), "bad_value", argument = "k")
  refused(gmm_fit(rep(c(1, 2, 3), 20), k = 4:5), "bad_value", argument = "k")
  refused(gmm_fit(iris[c(1, 51), 1:4], covariance = "all oriented"), "too_few_rows")
  refused(gmm_fit(cbind(faithful, b = 5)), "constant_column", columns = "b")
  refused(gmm_fit(spiked(), k = 2:3, covariance = c("VVI", "VVV")), "degenerate", models = 4)
})

test_that("a fit says how it was chosen, and what to doubt", {
  local_plain_rust()
  expect_snapshot(fit)
  expect_output(print(summary(fit)), "Best by BIC of 56 models. The next,", fixed = TRUE)
  set.seed(1)
  along <- 3 + (1:5) / 10
  narrow <- rbind(matrix(rnorm(120), ncol = 2), cbind(along, along + 1e-4 * rnorm(5)))
  doubtful <- gmm_fit(narrow, k = 2, covariance = "full", start = rep(1:2, c(60, 5)))
  expect_match(doubtful$selection$status, "^near-spurious: component 2 has 5 rows and is narrow$")
  words <- "Component 2 \\(5 rows\\) is [0-9,]+ times narrower in one direction than the components"
  # Wherever the line is broken.
  words <- gsub(" ", "\\s+", words, fixed = TRUE)
  expect_output(print(doubtful), words)
  expect_output(print(summary(doubtful)), words)
})

test_that("a column that others determine is warned of where families are left out", {
  double <- cbind(faithful, z = 2 * faithful$eruptions)
  warning <- expect_warning(fit <- gmm_fit(double, k = 2), class = "gmm_warning_collinear")
  expect_identical(warning$columns, "z")
  expect_identical(warning$of, "eruptions")
  expect_snapshot(cat(cli::ansi_strip(conditionMessage(warning))))
  expect_match(summary(fit)$flags, "^Column `z` is determined by `eruptions`: families", all = FALSE)
  expect_no_warning(gmm_fit(double, k = 2, covariance = "all diagonal"))
  expect_no_warning(gmm_fit(double, k = 2, covariance = c("VVI", "VVV"), reg_covar = 0.1))
})

test_that("runs that become too narrow are dropped", {
  set.seed(1)
  narrow <- gmm_fit(faithful, k = 3, covariance = "full", search = "thorough")
  expect_lt(narrow$narrowest$ratio, 0.05)
  expect_match(narrow$selection$status, "^near-spurious: component 3 has 35 rows and is narrow$")
  wide <- gmm_fit(faithful, k = 3, covariance = "full", min_eigen_ratio = 0.05)
  expect_gte(wide$narrowest$ratio, 0.05)
  expect_identical(wide$selection$status, "ok")
  expect_lt(wide$loglik, narrow$loglik)
  table <- gmm_select(spiked(), k = 2, covariance = c("EEE", "VVV"), min_eigen_ratio = 0.01)
  expect_match(table$status[2], "^component [12] (became narrower than allowed|collapsed onto)")
})

test_that("a component on one value is flagged, whatever its family and its rows", {
  # A fifth of the rows were written down as 2 in the second column.
  set.seed(1)
  x <- cbind(a = rnorm(300), b = rnorm(300))
  noted <- 241:300
  x[noted, ] <- cbind(rnorm(60, 3, 0.05), 2)
  set.seed(1)
  fit <- gmm_fit(x, k = 2, covariance = c("EEE", "VEI"))
  expect_identical(fit$selection$status, c("ok", "near-spurious: component 2 lies on `b` = 2"))
  expect_identical(fit$covariance, "EEE")
  expect_identical(fit$narrowest[c("column", "value")], list(column = NA_integer_, value = NA_real_))
  passed <- "It is VEI with k = 2, which is [0-9.]+ better, with a component on `b` = 2:"
  expect_match(summary(fit)$flags, passed, all = FALSE)
  expect_output(print(fit$selection), "1 model may be spurious, with a narrow component on one value")
  spike <- gmm_refit(fit, k = 2, covariance = "VEI")
  expect_true(spike$narrowest$is_suspect)
  expect_identical(spike$narrowest[c("column", "value")], list(column = 2L, value = 2))
  expect_match(
    summary(spike)$flags,
    "^Component 2 \\(60 rows\\) lies on `b` = 2 and is [0-9]+ times narrower",
    all = FALSE
  )
  # So it does where there is no data to look at, and no name.
  set.seed(1)
  bare <- gmm_fit(unname(x), k = 2, covariance = "VEI", keep_data = FALSE)
  expect_match(summary(bare)$flags, "lies on `2` = 2 and is", fixed = TRUE, all = FALSE)
  # A width that is said, and covariances that are given, are nobody's chance.
  set.seed(1)
  wide <- gmm_fit(x, k = 2, covariance = "VVV", reg_covar = 0.003)
  expect_lt(wide$narrowest$ratio, 0.05)
  given <- gmm_fit(x, k = 2, covariance = "VVI", fix = list(covariances = spike$covariances))
  for (other in list(wide, given)) {
    expect_identical(other$selection$status, "ok")
    expect_identical(other$narrowest$column, NA_integer_)
  }
  # Measured more finely, it is a group like any other.
  x[noted, 2] <- rnorm(60, 2, 0.05)
  set.seed(1)
  fine <- gmm_fit(x, k = 2, covariance = "VEI")
  expect_lt(fine$narrowest$ratio, 0.05)
  expect_identical(fine$selection$status, "ok")
})

test_that("a value is named by its column where there is more than one", {
  expect_identical(name_value(matrix(1, 2, 1), 1, 2.5), "2.5")
  expect_identical(name_value(matrix(1, 2, 2), 1:2, c(0.1, 3)), c("`1` = 0.1", "`2` = 3"))
  expect_identical(name_value(as.matrix(faithful), 2, 54), "`waiting` = 54")
})

test_that("an optimum that may be spurious does not hide one of the same model that is sound", {
  local_plain_rust()
  rain <- as.vector(precip)
  set.seed(1)
  found <- gmm_fit(rain)
  set.seed(1)
  narrow <- gmm_fit(rain, k = 2, covariance = "V")
  expect_true(narrow$narrowest$is_suspect)
  expect_identical(narrow$passed_over, NA_real_)
  expect_identical(c(found$covariance, found$k), c("V", "2"))
  expect_false(found$narrowest$is_suspect)
  expect_gt(found$starts$reached, 1)
  expect_equal(found$passed_over, narrow$loglik, tolerance = 1e-8)
  status <- found$selection$status[attr(found$selection, "best")]
  expect_identical(status, "ok: loglik 0.21 below a near-spurious optimum")
  expect_match(summary(found)$flags, "^Another optimum of this model, .* 0.21 higher", all = FALSE)
  again <- gmm_refit(found, k = 2, covariance = "V")
  expect_identical(again[c("loglik", "passed_over")], found[c("loglik", "passed_over")])
  # It is an optimum: the one that narrower components would have been kept from.
  set.seed(1)
  wide <- gmm_fit(rain, k = 2, covariance = "V", min_eigen_ratio = 0.05)
  expect_equal(found$loglik, wide$loglik, tolerance = 1e-8)
})

test_that("starts of the best that lead to what may be spurious do not hide it", {
  local_plain_rust()
  set.seed(496)
  x <- round(matrix(rnorm(120), 60) + 2.5 * sample(0:3, 60, TRUE))
  find <- function(...) suppressWarnings(gmm_fit(x, covariance = c("VVV", "VVI"), ...))
  fit <- find(k = 2:4)
  expect_false(fit$narrowest$is_suspect)
  expect_gt(fit$passed_over, fit$loglik)
  # Nothing better is left where no component may be narrow.
  expect_lt(BIC(fit), BIC(find(k = 2:4, min_eigen_ratio = 0.05)) + 1e-6)
})

test_that("the sound optimum that is best by ICL is chosen, too", {
  local_plain_rust()
  set.seed(1)
  fit <- gmm_fit(as.vector(precip), k = 2:3, criterion = "ICL")
  expect_identical(c(fit$covariance, fit$k), c("V", "2"))
  expect_gt(fit$passed_over, fit$loglik + 0.1)
  sound <- startsWith(fit$selection$status, "ok")
  best <- which.min(ifelse(sound, fit$selection$ICL, Inf))
  expect_identical(attr(fit$selection, "best"), best)
  expect_equal(ICL(fit), fit$selection$ICL[best])
})

test_that("a selection and its summary print in a few lines", {
  expect_snapshot(fit$selection)
  expect_snapshot(print(fit$selection, n = 1))
  expect_snapshot(summary(fit$selection))
  mixed <- suppressWarnings(
    gmm_fit(cbind(faithful, twice = 2 * faithful$waiting), k = 1:2)$selection,
    classes = "gmm_warning_collinear"
  )
  expect_output(print(mixed), "16 models have no fit: a column is determined by others.")
  found <- summary(mixed)
  expect_identical(found$models, 28L)
  expect_identical(found$fits, 12L)
  expect_identical(found$failures, c("a column is determined by others" = 16L))
  expect_identical(found$best$criterion, criteria)
})

test_that("margins between equal or infinite values are said in words", {
  expect_identical(margin(c(3, Inf, 5, Inf), c(1, Inf, 5, 1)), c(2, 0, 0, Inf))
  expect_identical(describe_margin(0), "as good")
  expect_identical(describe_margin(1e-13), "as good")
  expect_identical(describe_margin(Inf), "worse")
  expect_identical(describe_margin(-1.5), "1.50 better")
  few <- gmm_fit(iris[1:4, 1:2], k = 1, criterion = "AICc")
  expect_output(print(few), "Best by AICc of 14 models.", fixed = TRUE)
  expect_error(plot(few, what = "selection"), class = "gmm_error_bad_value")
})

test_that("models that may be spurious rank last", {
  selection <- fit$selection
  best <- attr(selection, "best")
  selection$status <- "ok"
  selection$status[best] <- "near-spurious: component 1 has 2 rows and is narrow"
  expect_identical(tail(rank_models(selection), 1), best)
  selection$loglik[3] <- selection$BIC[3] <- NA
  expect_false(3 %in% rank_models(selection))
})

test_that("parts of a selection, and its copy, are plain data frames", {
  expect_identical(class(plain), "data.frame")
  expect_named(attributes(plain), c("names", "row.names", "class"), ignore.order = TRUE)
  expect_identical(fit$selection[1:3, ], plain[1:3, ])
  expect_identical(fit$selection["BIC"], plain["BIC"])
  expect_identical(fit$selection[2, "BIC"], plain[2, "BIC"])
  sorted <- order(plain$BIC)
  expect_identical(fit$selection[sorted, c("k", "BIC")], plain[sorted, c("k", "BIC")])
  expect_identical(head(fit$selection, 2), head(plain, 2))
  expect_identical(subset(fit$selection, k == 2), subset(plain, k == 2))
})

test_that("the selection can be plotted, and the values come back invisibly", {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  before <- graphics::par("mar")
  result <- withVisible(plot(fit$selection))
  expect_identical(graphics::par("mar"), before)
  expect_false(result$visible)
  expect_named(result$value, c("k", "covariance", "BIC", "flagged"))
  expect_identical(result$value$BIC, plain$BIC)
  expect_identical(plot(fit, what = "selection"), result$value)
  # R adds 4 % of the range at either end.
  plot(gmm_select(faithful$waiting, criterion = "ICL"), ylim = c(2000, 3000))
  expect_equal(graphics::par("usr")[3:4], c(1960, 3040))
  plot(gmm_select(faithful, k = 2, covariance = "full"))
  expect_equal(graphics::par("usr")[1:2], c(1.46, 2.54))
  style <- family_style(engine_families()$name)
  expect_identical(anyDuplicated(style), 0L)
  expect_identical(anyDuplicated(style$symbol), 0L)
})

test_that("a plot says how many models were given up, and what finishes them", {
  set.seed(1)
  selection <- gmm_select(faithful, k = 1:3, covariance = c("EII", "VVI"))
  note <- "2 were given up; `search = \"thorough\"` finishes them"
  expect_false(note %in% written(plot(selection))$text)
  selection$status[2:3] <- "given up: behind the best by about 30"
  expect_true(note %in% written(plot(selection))$text)
})
