set.seed(1)
labels <- sample(1:2, nrow(faithful), replace = TRUE)
fit <- fit_with_path(faithful, labels, 20)

#' What a reader sees and does in a browser without a screen, as animate-driver.js reports it
drive <- function(player) {
  browsers <- c("chromium", "chromium-browser", "google-chrome", "chrome")
  browser <- Sys.which(browsers)
  browser <- browser[nzchar(browser)]
  skip_if(length(browser) == 0, "no Chromium is installed")
  folder <- tempfile("player-")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  page <- file.path(folder, "page.html")
  htmlwidgets::saveWidget(player, page, selfcontained = FALSE)
  lines <- readLines(page)
  head <- grep("<head>", lines, fixed = TRUE)[1]
  driver <- c("<script>", readLines(test_path("animate-driver.js")), "</script>")
  writeLines(append(lines, driver, head), page)
  # The clock of the page is its own: no time passes while it waits.
  options <- c(
    "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
    paste0("--user-data-dir=", file.path(folder, "profile")),
    "--window-size=1000,560", "--virtual-time-budget=60000", "--dump-dom"
  )
  seen <- suppressWarnings(system2(
    browser[1],
    c(options, shQuote(paste0("file://", page))),
    stdout = TRUE,
    stderr = FALSE,
    timeout = 120
  ))
  report <- grep("<pre id=\"report\">[{]", seen, value = TRUE)
  report <- sub("</pre>.*", "", sub(".*<pre id=\"report\">", "", report))
  report <- gsub("&amp;", "&", gsub("&gt;", ">", gsub("&lt;", "<", report)))
  jsonlite::fromJSON(report)
}

skip_without_widgets <- function() {
  skip_if_not_installed("plotly")
  skip_if_not_installed("htmlwidgets")
}

for (d in 1:2) {
  test_that(paste0("in a browser it plays, pauses and jumps, without an error: columns ", d), {
    skip_on_cran()
    skip_without_widgets()
    skip_if_not_installed("jsonlite")
    player <- gmm_animate(fit, columns = seq_len(d))
    report <- drive(player)
    expect_length(report$errors, 0)
    states <- report$states
    step <- function(state) as.integer(sub("Iteration ", "", state$label))
    # It starts at the start, and plays one iteration after the other until it is paused.
    expect_equal(step(states$start), 0)
    played <- states$paused$seen
    expect_gt(played, 3)
    expect_lt(played, 20)
    expect_equal(report$frames[seq_len(played)], as.character(seq_len(played) - 1))
    expect_equal(step(states$paused), played - 1)
    # What is drawn changes with it, and then stands still.
    expect_false(identical(states$paused$colours, states$start$colours))
    expect_false(identical(states$paused$lines, states$start$lines))
    expect_false(identical(states$paused$places, states$start$places))
    expect_identical(states$later, states$paused)
    # The slider jumps; from there it plays on to the end.
    expect_equal(step(states$slid), 15)
    expect_equal(tail(report$frames, -played), as.character(15:20))
    expect_false(identical(states$slid$lines, states$paused$lines))
    expect_equal(step(states$end), 20)
  })
}

test_that("every frame has the responsibilities, ellipses and log-likelihood of its iteration", {
  skip_without_widgets()
  figure <- gmm_animate(fit, level = 0.9)$x
  expect_equal(vapply(figure$frames, `[[`, "", "name"), as.character(0:20))
  # Still: the way of the log-likelihood. Moving: points, two ellipses, means, way so far, here.
  expect_length(figure$data, 7)
  for (i in c(0, 4, 20)) {
    frame <- figure$frames[[i + 1]]
    mixture <- fit$path[[i + 1]]
    expect_equal(as.numeric(frame$traces), 1:6)
    posterior <- score_rows(mixture, as.matrix(faithful), "posterior", 1L, quote(test()))
    mixed <- grDevices::rgb(posterior %*% t(col2rgb(component_colours(2))), maxColorValue = 255)
    expect_equal(as.character(frame$data[[1]]$marker$color), mixed)
    outline <- cbind(frame$data[[3]]$x, frame$data[[3]]$y)
    distance <- mahalanobis(outline, mixture$means[2, ], mixture$covariances[, , 2])
    expect_equal(distance, rep(qchisq(0.9, 2), nrow(outline)), tolerance = 1e-3)
    expect_equal(as.numeric(frame$data[[4]]$x), unname(mixture$means[, 1]), tolerance = 1e-5)
    expect_equal(as.numeric(frame$data[[5]]$y), fit$trace[0:i + 1], tolerance = 1e-9)
    expect_equal(as.numeric(frame$data[[6]]$y), fit$trace[i + 1], tolerance = 1e-9)
  }
})

test_that("one column is shown as curves, of its own density", {
  skip_without_widgets()
  figure <- gmm_animate(fit, columns = "waiting")$x
  mixture <- fit$path[[6]]
  moving <- figure$frames[[6]]$data
  grid <- as.numeric(figure$data[[which(figure$frames[[6]]$traces == 3) + 2]]$x)
  first <- mixture$weights[1] * dnorm(grid, mixture$means[1, 2], sqrt(mixture$covariances[2, 2, 1]))
  expect_equal(as.numeric(moving[[2]]$y), first, tolerance = 1e-4)
  expect_equal(
    as.numeric(moving[[4]]$y),
    as.numeric(moving[[2]]$y) + as.numeric(moving[[3]]$y),
    tolerance = 1e-4
  )
})

test_that("curves of one column are numbered at their peaks, and seen to their ends", {
  skip_without_widgets()
  figure <- gmm_animate(fit, columns = "waiting")$x
  for (i in c(1, 10, 21)) {
    discs <- figure$frames[[i]]$data[[5]]
    mixture <- fit$path[[i]]
    expect_equal(as.numeric(discs$x), unname(mixture$means[, 2]), tolerance = 1e-5)
    peaks <- mixture$weights / sqrt(2 * pi * mixture$covariances[2, 2, ])
    expect_equal(as.numeric(discs$y), unname(peaks), tolerance = 0.01)
    curve <- figure$frames[[i]]$data[[4]]
    y <- as.numeric(curve$y)
    expect_lt(max(y[1], y[length(y)]), 0.05 * max(y))
    expect_lt(max(y), figure$layout$yaxis$range[2])
  }
})

test_that("the ticks of the log-likelihood have as many decimals as they need, all alike", {
  expect_identical(tick_format(c(-1289, -1130)), ",.0f")
  expect_identical(tick_format(c(-1132.4, -1132.1)), ",.2f")
  expect_identical(tick_format(c(-2, -1.2)), ",.1f")
})

test_that("columns can be chosen of many, and a fit of one component and one column be played", {
  skip_without_widgets()
  wide <- fit_with_path(iris[1:4], as.integer(iris$Species), 5)
  frames <- new_frames(wide, wide$data, c(4, 1), 0.95, 0:5, quote(test()))
  expect_equal(frames$labels, c("Petal.Width", "Sepal.Length"))
  covariances <- wide$path[[3]]$covariances[c(4, 1), c(4, 1), ]
  expect_equal(frames$mixtures[[3]]$covariances, unname(covariances))
  expect_s3_class(gmm_animate(wide, columns = c("Petal.Width", "Sepal.Length")), "gmm_player")
  one <- fit_with_path(faithful["waiting"], rep(1L, nrow(faithful)), 2)
  figure <- gmm_animate(one)$x
  expect_length(figure$frames, 3)
  # A single number stays an array, which plotly.js needs.
  expect_match(
    as.character(jsonlite::toJSON(figure$frames[[1]]$data[[4]]$x, auto_unbox = TRUE)),
    "^\\["
  )
})

test_that("many iterations are thinned, the first and the last never", {
  expect_equal(shown_iterations(1), 0:1)
  expect_equal(shown_iterations(59), 0:59)
  for (last in c(60, 61, 75, 100, 5000)) {
    shown <- shown_iterations(last)
    expect_lte(length(shown), 60)
    expect_equal(shown[1:30], 0:29)
    expect_equal(max(shown), last)
    expect_true(all(diff(shown) >= 1))
  }
  expect_equal(still_iterations(81), c(0, 1, 3, 9, 27, 81))
  expect_equal(still_iterations(1), 0:1)
})

test_that("of many rows a part is shown, and said", {
  x <- gmm_example("mouse", 5000, seed = 1)
  many <- fit_with_path(x[1:2], as.integer(x$group), 2)
  state <- .Random.seed
  frames <- new_frames(many, many$data, 1:2, 0.95, 0:2, quote(test()))
  expect_identical(.Random.seed, state)
  expect_equal(nrow(frames$points), 2000)
  expect_match(frames$title, "2,000 of 5,000 rows")
  # The parts of the groups are those in all rows.
  expect_true(all(paste(frames$points[, 1]) %in% paste(x$x)))
  is_head <- paste(frames$points[, 1]) %in% paste(x$x[x$group == "head"])
  expect_equal(mean(is_head), 0.7, tolerance = 0.01)
})

test_that("a document that does not become HTML gets still pictures", {
  skip_if_not_installed("knitr")
  old <- options(knitr.in.progress = TRUE)
  target <- knitr::opts_knit$get("rmarkdown.pandoc.to")
  on.exit({
    options(old)
    knitr::opts_knit$set(rmarkdown.pandoc.to = target)
  })
  for (to in c("latex", "docx", "gfm")) {
    knitr::opts_knit$set(rmarkdown.pandoc.to = to)
    stills <- drawn(gmm_animate(fit))
    expect_false(stills$visible)
    expect_equal(unique(stills$value$iteration), c(0, 1, 2, 4, 9, 20))
  }
  skip_without_widgets()
  for (to in c("html", "html4", "revealjs")) {
    knitr::opts_knit$set(rmarkdown.pandoc.to = to)
    expect_s3_class(gmm_animate(fit), "gmm_player")
  }
})

test_that("bad arguments are refused", {
  expect_snapshot(gmm_animate(faithful), error = TRUE)
  bare <- gmm_fit(faithful, start = labels, covariance = "full")
  expect_error(gmm_animate(), class = "gmm_error_bad_value")
  expect_error(gmm_animate(bare), class = "gmm_error_no_path")
  expect_snapshot(gmm_animate(bare), error = TRUE)
  lean <- fit
  lean$data <- NULL
  expect_error(gmm_animate(lean), class = "gmm_error_no_data")
  expect_error(gmm_animate(fit, columns = 3), class = "gmm_error_bad_value")
  wide <- fit_with_path(iris[1:4], as.integer(iris$Species), 1)
  expect_snapshot(gmm_animate(wide, columns = 1:3), error = TRUE)
  expect_error(gmm_animate(fit, level = 1), class = "gmm_error_bad_value")
  expect_error(gmm_animate(fit, level = c(0.5, 0.9)), class = "gmm_error_bad_type")
  err <- expect_error(
    check_installed("no.such.package", quote(gmm_animate())),
    class = "gmm_error_not_installed"
  )
  expect_equal(err$package, "no.such.package")
  expect_snapshot(
    check_installed("no.such.package", quote(gmm_animate())),
    error = TRUE
  )
})
