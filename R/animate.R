#' Watch the iterations of a fit
#'
#' An interactive player of the EM iterations: play, pause, and a slider to go to any of them. On
#' the left are the data, each point in a blend of the components' colours by its responsibilities,
#' with the components as they were after the iteration; on the right the log-likelihood climbs in
#' step. For one column the components are curves over a histogram; for more they are ellipses.
#'
#' The player needs no server. RStudio shows it in its viewer, R Markdown in documents that become
#' HTML, and `htmlwidgets::saveWidget()` writes it to a file. In documents of other kinds, such as
#' PDF or Word, some of the iterations are drawn side by side instead, which does without the
#' package plotly.
#'
#' At most 60 iterations are shown: the first 30, and later ones ever further apart, up to the last.
#' Of more than 2,000 rows, 2,000 at equal distances in the data are shown, and the title says so.
#'
#' @param fit A fit from [gmm_fit()] with `keep_path = TRUE`, and with its data kept.
#' @param columns Names or numbers of one or two columns to show; by default the first two.
#' @param level A number between 0 and 1: the part of probability that the ellipses hold.
#'
#' @returns An htmlwidget of class `"gmm_player"`, which shows itself when it is printed. In a
#'   document that does not become HTML: what `plot(fit, what = "iterations")` returns, invisibly.
#'
#' @section Errors: `gmm_error_no_path` where the fit has not kept its iterations,
#' `gmm_error_no_data` where it has not kept its data, `gmm_error_not_installed` where plotly is
#' needed and not there. `gmm_error_bad_type` and `gmm_error_bad_value` name the `argument` that is
#' wrong.
#'
#' @references
#' Okabe, M. and Ito, K. (2008). *Color Universal Design*, for the colours.
#'
#' @seealso [plot.gmm()] with `what = "iterations"` for pictures that stand still.
#'
#' @examplesIf requireNamespace("plotly", quietly = TRUE)
#' set.seed(1)
#' # From labels at random there is a way to go.
#' fit <- gmm_fit(
#'   faithful,
#'   start = sample(2, nrow(faithful), TRUE), accelerate = FALSE, keep_path = TRUE
#' )
#' player <- gmm_animate(fit)
#' if (interactive()) player
#' @export
gmm_animate <- function(fit, columns = NULL, level = 0.95) {
  call <- quote(gmm_animate())
  check_given(c(fit = missing(fit)), call)
  check_fit(fit, call)
  fit_path(fit, call)
  data <- fit_data(fit, call)
  columns <- animation_columns(fit, columns, call)
  check_number(level, "level", call = call)
  check_levels(level, NULL, call)
  if (is_static_document()) {
    at <- still_iterations(fit$iterations)
    return(invisible(
      plot(fit, what = "iterations", at = at, columns = columns, level = level)
    ))
  }
  check_installed("plotly", call)
  frames <- new_frames(fit, data, columns, level, shown_iterations(fit$iterations), call)
  as_player(animation_figure(frames))
}

#' A figure as a widget of its own, inst/htmlwidgets/gmm_player.js, with plotly.js
#'
#' Not as one of class `"plotly"`: that brings much that a player does not need, and in Debian's
#' package, whose plotly.js is an old one, it logs errors.
#' @noRd
as_player <- function(figure) {
  parts <- plotly::plotly_build(plotly::plot_ly(type = "scatter", mode = "markers"))$dependencies
  is_library <- vapply(parts, function(part) part$name == "plotly-main", logical(1))
  htmlwidgets::createWidget(
    "gmm_player",
    figure,
    package = "gaussmix",
    dependencies = parts[is_library],
    sizingPolicy = htmlwidgets::sizingPolicy(
      padding = 0,
      browser.fill = TRUE,
      defaultWidth = "100%",
      defaultHeight = 450
    )
  )
}

animation_columns <- function(fit, columns, call) {
  if (is.null(columns)) {
    return(seq_len(min(fit$d, 2)))
  }
  columns <- plot_columns(fit, columns, call)
  if (length(columns) > 2) {
    is <- paste("names", length(columns))
    abort_argument("columns", "one or two columns", is, "bad_value", call)
  }
  columns
}

#' Whether a document is being knitted that can't hold a widget: anything but a web page
#' @noRd
is_static_document <- function() {
  if (!isTRUE(getOption("knitr.in.progress"))) {
    return(FALSE)
  }
  # Without Pandoc, knitr itself knows what to do with a widget.
  target <- knitr::pandoc_to()
  not_pages <- c("markdown", "gfm", "epub", "epub2", "epub3")
  !is.null(target) && !knitr::is_html_output(target, excludes = not_pages)
}

#' The iterations to show, from 0, the start: the first ones, then ever further apart
#' @noRd
shown_iterations <- function(last, most = 60) {
  if (last < most) {
    return(0:last)
  }
  first <- most %/% 2
  # The changes become smaller by a factor as the iterations go on, so that so may the steps grow.
  later <- exp(seq(log(first - 1), log(last), length.out = most - first + 1))
  unique(c(seq_len(first) - 1, round(later)))
}

#' The iterations that stand side by side: the start, the first, the last and three between
#' @noRd
still_iterations <- function(last) {
  unique(round(c(0, last^(0:4 / 4))))
}

#' What there is to see of a fit at some iterations
#'
#' @returns A list: `points`, `double[m, 1 or 2]`, at most 2,000 of the
#'   rows; `colours`, `character[m, length(iterations)]`; `mixtures`, those of the iterations in the
#'   columns shown; `values` of the column if it is one; and what else is drawn.
#' @noRd
new_frames <- function(fit, data, columns, level, iterations, call) {
  rows <- even_rows(fit$n, 2000)
  shown <- data[rows, , drop = FALSE]
  palette <- component_colours(fit$k)
  threads <- resolve_threads(fit$control$threads, call)
  path <- fit$path[iterations + 1]
  colours <- vapply(
    path,
    function(mixture) {
      blend_colours(score_rows(mixture, shown, "posterior", threads, call), palette)
    },
    character(length(rows))
  )
  title <- plot_title(fit)
  if (length(rows) < fit$n) {
    title <- paste0(title, " (", format_count(length(rows)), " of ", format_count(fit$n), " rows)")
  }
  list(
    points = unname(shown[, columns, drop = FALSE]),
    colours = matrix(colours, length(rows)),
    mixtures = lapply(path, function(mixture) lapply(marginal(mixture, columns), unname)),
    values = if (length(columns) == 1) unname(data[, columns]),
    iterations = iterations,
    trace = fit$trace,
    palette = palette,
    level = level,
    labels = axis_labels(fit, columns),
    title = title
  )
}

#' The histogram of the column, with a grid for curves over it and the height of all of them
#' @noRd
frames_histogram <- function(frames) {
  bars <- column_bars(frames$values)
  # Wide curves are seen to their ends, but those of no mixture far beyond the data.
  reach <- vapply(frames$mixtures, function(mixture) {
    range(mixture$means[, 1] + outer(sqrt(mixture$covariances[1, 1, ]), c(-3, 3)))
  }, numeric(2))
  ends <- range(bars$breaks)
  most <- ends + c(-0.3, 0.3) * diff(ends)
  grid <- seq(
    max(most[1], min(ends[1], reach[1, ])), min(most[2], max(ends[2], reach[2, ])),
    length.out = 301
  )
  curves <- lapply(frames$mixtures, component_curves, grid)
  heights <- vapply(curves, function(curve) max(rowSums(curve)), 0)
  highest <- max(bars$density, heights[length(heights)])
  # An early component may be a spike: what the last mixture needs is to be seen.
  highest <- max(highest, heights[heights <= 1.5 * highest])
  list(bars = bars, grid = grid, curves = curves, top = 1.15 * highest)
}
