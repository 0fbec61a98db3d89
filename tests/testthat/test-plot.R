set.seed(1)
fit <- gmm_fit(iris[1:4], k = 3, covariance = "full")
plane <- gmm_fit(faithful, k = 2, covariance = "full")
line <- gmm_fit(faithful$waiting, k = 2, covariance = "V")
kept <- fit_with_path(faithful, faithful_start, 6)

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

test_that("every plot is drawn invisibly, without a warning, and leaves settings and seed alone", {
  settings <- c("mfrow", "mar", "oma", "mgp", "tcl", "xpd", "las", "cex", "new")
  for (what in names(plot_arguments)) {
    for (one in list(fit, plane, line, kept, gmm_fit(faithful, k = 1, covariance = "full"))) {
      if (what == "iterations" && is.null(one$path)) next
      seed <- .Random.seed
      drawn({
        graphics::plot.new()
        before <- graphics::par(settings)
        expect_no_warning(result <- withVisible(plot(one, what = what)))
        expect_identical(graphics::par(settings), before)
      })
      expect_false(result$visible)
      expect_true(is.list(result$value))
      expect_identical(.Random.seed, seed)
    }
  }
})

test_that("a fit without its data and a mixture are plotted alone, or with data given", {
  bare <- gmm_fit(faithful, k = 2, covariance = "full", keep_data = FALSE)
  for (one in list(bare, bare_mixture(plane), bare_mixture(line), bare_mixture(fit))) {
    for (what in c("classification", "density", "pairs", "profile")) {
      drawn(expect_no_warning(alone <- plot(one, what = what)))
    }
    expect_identical(nrow(drawn(plot(one))$value), 0L)
    expect_identical(tail(names(drawn(plot(one))$value), 1), "cluster")
  }
  with_data <- drawn(plot(bare_mixture(plane), data = faithful))$value
  expect_equal(with_data$cluster, unname(predict(plane)))
  # Columns are found by name.
  expect_equal(drawn(plot(bare, data = faithful[2:1]))$value, with_data)
  some <- drawn(plot(plane, what = "uncertainty", data = faithful[5:9, ]))$value
  expect_equal(some$uncertainty, unname(predict(plane, faithful[5:9, ], type = "uncertainty")))
  for (what in c("uncertainty", "bound")) {
    expect_error(plot(bare_mixture(plane), what = what), class = "gmm_error_no_data")
    expect_error(plot(bare, what = what), class = "gmm_error_no_data")
  }
  for (what in c("classification", "uncertainty", "density", "pairs", "bound")) {
    expect_silent(drawn(plot(bare, what = what, data = faithful[1, ])))
    expect_silent(drawn(plot(bare_mixture(line), what = what, data = 60)))
  }
  expect_error(plot(bare, data = faithful["waiting"]), class = "gmm_error_missing_columns")
  expect_error(plot(bare, data = replace(faithful, 1, NA_real_)), class = "gmm_error_non_finite")
})

test_that("a fit from a formula is plotted with its terms as axes", {
  one <- gmm_fit(~ log(eruptions) + waiting, faithful, k = 2, covariance = "full")
  expect_identical(names(drawn(plot(one))$value), c("log(eruptions)", "waiting", "cluster"))
  again <- drawn(plot(one, data = faithful[1:3, ]))$value
  expect_equal(again[[1]], log(faithful$eruptions[1:3]))
})

test_that("what is left as it is is the first", {
  default <- eval(formals(plot.gmm_mixture)$what)
  expect_identical(default, names(plot_arguments))
  expect_identical(drawn(plot(plane, what = default))$value, drawn(plot(plane))$value)
  expect_identical(drawn(plot(plane, "loglik"))$value, drawn(plot(plane, what = "loglik"))$value)
})

test_that("columns and graphical parameters can be chosen", {
  result <- drawn(plot(fit, columns = c("Petal.Width", "Petal.Length"), main = "a", col = 4:6))
  expect_equal(names(result$value), c("Petal.Width", "Petal.Length", "cluster"))
  expect_equal(names(drawn(plot(fit, col = 4:6))$value), c(names(iris)[1:4], "cluster"))
  page <- page_of(plot(fit, col = c("tan", "gold", "plum")))
  for (colour in c("tan", "gold", "plum")) {
    expect_true(has_colour(page, colour))
  }
  bars <- function(breaks) sum(grepl(" re$", page_of(plot(fit, columns = 3, breaks = breaks))))
  expect_identical(bars(seq(1, 7, by = 0.5)), 12L)
  expect_true("cm" %in% written(plot(fit, columns = 3, xlab = "cm"))$text)
  drawn({
    plot(bare_mixture(plane), level = 0.9)
    shown <- graphics::par("usr")[1:2]
  })
  reach <- sqrt(qchisq(0.9, 2) * plane$covariances[1, 1, ])
  edge <- range(plane$means[, 1] - reach, plane$means[, 1] + reach)
  # R adds 4 % of the range at either end.
  expect_equal(shown, edge + c(-0.04, 0.04) * diff(edge), tolerance = 1e-3)
  style <- plot_view(fit, NULL, NULL, "classification", list(pch = 16, cex = 2), NULL)$style
  expect_equal(style$symbols, rep(16, 3))
  expect_equal(style$size, 2)
})

test_that("parameters of the frame are not taken for those of the components", {
  page <- page_of(plot(plane, col.main = "tan"))
  for (colour in c("tan", component_colours(2))) {
    expect_true(has_colour(page, colour))
  }
  size <- function(...) {
    words <- written(plot(plane, ...))
    words$size[match(c("40", "eruptions", "1"), words$text)]
  }
  expect_equal(size(cex.axis = 0.5), size() * c(0.5, 1, 1))
})

test_that("every plot takes a title", {
  for (what in names(plot_arguments)) {
    expect_true("a title" %in% written(plot(kept, what = what, main = "a title", las = 0))$text)
  }
})

test_that("rows are uncertain as predict() says, in any number of columns", {
  expected <- unname(predict(fit, type = "uncertainty"))
  for (columns in list(NULL, 1:2, 3)) {
    shown <- drawn(plot(fit, what = "uncertainty", columns = columns))$value
    expect_equal(shown$uncertainty, expected)
  }
  expect_equal(
    drawn(plot(line, what = "uncertainty"))$value$uncertainty,
    unname(predict(line, type = "uncertainty"))
  )
  # The curve needs no rows.
  expect_identical(nrow(drawn(plot(bare_mixture(line), what = "uncertainty"))$value), 0L)
})

test_that("the ellipse holds its part of the probability, and no panel cuts it", {
  covariance <- matrix(c(2, 0.7, 0.7, 1), 2)
  outline <- ellipse(c(1, 2), covariance, 0.9)
  expect_equal(mahalanobis(outline, c(1, 2), covariance), rep(qchisq(0.9, 2), nrow(outline)))
  view <- plot_view(fit, NULL, NULL, "classification", list(), quote(plot()))
  limits <- column_limits(view, c(0.5, 0.95))
  for (k in 1:3) {
    outline <- ellipse(fit$means[k, 2:3], fit$covariances[2:3, 2:3, k], 0.95)
    expect_gte(min(outline[, 1]), limits[1, 2] - 1e-9)
    expect_lte(max(outline[, 2]), limits[2, 3] + 1e-9)
  }
  expect_true(all(t(iris[2:3]) >= limits[1, 2:3] & t(iris[2:3]) <= limits[2, 2:3]))
})

test_that("the title of an axis is clear of the numbers at its ticks", {
  words <- written(plot(gmm_fit(rivers, k = 2, covariance = "V")))
  ticks <- words[grepl("^0[.]00", words$text), ]
  expect_gt(nrow(ticks), 2)
  expect_lt(words$x[words$text == "Density"], min(ticks$x))
  # The user's margins are enough where the numbers are short, and stay.
  drawn({
    before <- graphics::par("mar")
    plot(plane)
    expect_identical(graphics::par("mar"), before)
  })
})

test_that("a legend has the room it needs on any page and in any margin", {
  width <- function(text) strwidth(text, "inches", cex = legend_size) * 72
  for (inches in c(5, 7)) {
    for (what in c("uncertainty", "bound", "density")) {
      words <- written(
        {
          graphics::par(mar = c(5, 4, 4, 1))
          plot(kept, what = what)
        },
        inches, inches
      )
      longest <- c(uncertainty = "Uncertainty", bound = "log-likelihood", density = "50 %")[[what]]
      end <- words$x[words$text == longest] + drawn(width(longest))$value
      expect_lt(end, inches * 72)
    }
  }
})

test_that("numbers of neighbouring panels do not touch", {
  words <- written(plot(fit, what = "uncertainty"))
  ticks <- words[words$y == min(words$y), ]
  ticks <- ticks[order(ticks$x), ]
  expect_gt(nrow(ticks), 8)
  widths <- drawn(strwidth(ticks$text, "inches", cex = 0.9 * 0.66) * 72)$value
  expect_gt(min(ticks$x[-1] - (ticks$x + widths)[-nrow(ticks)]), 2)
})

test_that("the uncertainty of one column peaks where components cross", {
  centres <- 4 * (1:9)
  many <- bare_mixture(list(
    weights = rep(1 / 9, 9), means = matrix(centres), covariances = array(0.01, c(1, 1, 9))
  ))
  view <- plot_view(many, NULL, NULL, "uncertainty", list(), quote(plot()))
  value <- uncertainty_grid(view, c(0, 40))
  uncertainty <- predict(many, value, type = "uncertainty")
  for (crossing in centres[-9] + 2) {
    expect_gt(max(uncertainty[abs(value - crossing) < 0.1]), 0.49)
  }
})

test_that("nine colours are told apart with any colour vision", {
  # Machado, Oliveira and Fernandes (2009), severity 1.
  views <- list(
    full = diag(3),
    deuteranopia = rbind(
      c(0.367322, 0.860646, -0.227968),
      c(0.280085, 0.672501, 0.047413),
      c(-0.011820, 0.042940, 0.968881)
    ),
    protanopia = rbind(
      c(0.152286, 1.052583, -0.204868),
      c(0.114503, 0.786281, 0.099216),
      c(-0.003882, -0.048116, 1.051998)
    ),
    tritanopia = rbind(
      c(1.255528, -0.076749, -0.178779),
      c(-0.078411, 0.930809, 0.147602),
      c(0.004733, 0.691367, 0.303900)
    )
  )
  srgb <- t(col2rgb(component_colours(9))) / 255
  linear <- ifelse(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055)^2.4)
  for (name in names(views)) {
    seen <- pmin(pmax(linear %*% t(views[[name]]), 0), 1)
    seen <- ifelse(seen <= 0.0031308, 12.92 * seen, 1.055 * seen^(1 / 2.4) - 0.055)
    expect_gt(min(dist(convertColor(seen, "sRGB", "Lab"))), 15)
  }
  expect_identical(component_colours(10)[10], component_colours(1))
})

test_that("colours are blended by the responsibilities", {
  colours <- c("#FF0000", "#0000FF")
  posterior <- rbind(c(1, 0), c(0, 1), c(0.5, 0.5))
  expect_identical(blend_colours(posterior, colours), c("#FF0000", "#0000FF", "#7F007F"))
  expect_identical(mix_colours("#FF0000", "white", c(0, 1)), c("#FF0000", "#FFFFFF"))
})

test_that("of very many points an even part is drawn, and all come back", {
  expect_identical(even_rows(5, 10), 1:5)
  rows <- even_rows(1e6, 1000)
  expect_lte(length(rows), 1000)
  expect_identical(range(rows), c(1, 1e6))
  expect_lt(max(diff(rows)) - min(diff(rows)), 2)
})

test_that("bad arguments are refused", {
  expect_error(plot(fit, col = fit$cluster), class = "gmm_error_bad_value")
  expect_error(plot(fit, what = "pie"), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = 1), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = numeric()), class = "gmm_error_bad_value")
  expect_error(plot(fit, level = "a"), class = "gmm_error_bad_type")
  expect_error(plot(fit, columns = c(1, 1)), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = "Species"), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = 7), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = mean), class = "gmm_error_bad_value")
  expect_error(plot(fit, columns = character()), class = "gmm_error_bad_value")
  expect_error(plot(line, what = "density", col = 1:5), class = "gmm_error_bad_value")
  expect_error(plot(plane, data = faithful[0, ]), class = "gmm_error_bad_shape")
  expect_error(plot(fit, what = "profile", standardise = 1), class = "gmm_error_bad_type")
  expect_error(plot(bare_mixture(fit), what = "loglik"), class = "gmm_error_bad_type")
  foreign <- expect_error(
    plot(fit, type = "image"),
    class = "gmm_error_unknown_argument"
  )
  expect_identical(foreign$argument, "type")
  unknown <- expect_error(plot(fit, color = "red"), class = "gmm_error_unknown_argument")
  expect_identical(unknown$argument, "color")
  for (code in expression(
    plot(fit, "density", 3), plot(fit, theta = 3), plot(fit, dimens = 1), plot(fit$selection, k = 1)
  )) {
    expect_error(eval(code), class = "gmm_error_unknown_argument")
  }
  expect_snapshot(error = TRUE, {
    plot(fit, type = "image")
    plot(fit, color = "red")
    plot(fit, dimens = 1)
    plot(fit, theta = 60)
    plot(fit, columns = "foo")
    plot(fit, what = "BIC")
    plot(bare_mixture(fit), what = "selection")
    plot(bare_mixture(fit), what = "uncertainty")
    plot(fit, what = "iterations")
    plot(fit, what = "density", type = "persp")
  })
})

test_that("a profile has the means and intervals that hold their part", {
  shown <- drawn(plot(fit, what = "profile", level = c(0.5, 0.9)))$value
  expect_identical(nrow(shown), 3L * 4L * 2L)
  one <- shown[shown$component == 2 & shown$column == "Petal.Width", ]
  deviation <- sqrt(fit$covariances[4, 4, 2])
  expect_equal(one$mean, rep(fit$means[[2, 4]], 2))
  expect_equal(pnorm(one$upper, one$mean, deviation) - pnorm(one$lower, one$mean, deviation), one$level)
  by_default <- drawn(plot(fit, what = "profile"))$value
  expect_equal(by_default$upper - by_default$mean, sqrt(vapply(1:4, \(j) fit$covariances[j, j, ], numeric(3)))[1:12])
})

test_that("a standardised profile has mean zero and variance one in the mixture", {
  # Minutes and tens of minutes differ by more than a factor of five.
  shown <- drawn(plot(plane, what = "profile"))$value
  for (column in names(faithful)) {
    one <- shown[shown$column == column, ]
    expect_equal(sum(plane$weights * one$mean), 0)
    expect_equal(sum(plane$weights * (one$mean^2 + (one$upper - one$mean)^2)), 1)
  }
  plain <- drawn(plot(plane, what = "profile", standardise = FALSE))$value
  expect_equal(plain$mean, as.vector(plane$means))
})

test_that("points do not vanish in small panels, and are as large as asked for in others", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(visible_size(c(0.3, 0.5, 0.9)), c(0.3, 0.5, 0.9))
  graphics::par(mfrow = c(3, 3))
  expect_equal(visible_size(c(0.3, 0.5, 0.9)), c(0.3 / graphics::par("cex"), 0.6, 0.9))
})
