#' Plot a fit
#'
#' `what = "classification"` shows the rows in the colour and symbol of their component, with the
#' components, numbered, over them. For `d` = 2 these are ellipses that hold the parts `level` of
#' the component's probability, around its mean; for `d` > 2 a matrix of such plots, one for each
#' pair of columns; for `d` = 1 a histogram with the density of the mixture (black) and of its
#' components, times their weights (coloured). The two axes have scales of their own; with `asp = 1`
#' they have the same, and the ellipses of spherical families are circles.
#'
#' `what = "selection"` shows the criterion of all models that were fitted, see [gmm_select()].
#'
#' The colours are told apart by readers with a colour vision deficiency; symbols repeat the
#' distinction.
#'
#' @param x A fit from [gmm_fit()].
#' @param what `"classification"` or `"selection"`.
#' @param ... Graphical parameters, such as `main`, `xlab`, `col` (a colour per component), `pch`,
#'   `cex`; for `d` = 1 also `breaks`. What is not of the points goes to the frame of the plot.
#' @param level Numbers between 0 and 1: parts of probability that the ellipses hold.
#' @param columns Names or numbers of the columns to show; by default all, but not more than
#'   eight.
#'
#' @returns The data of the plot, invisibly: a data frame of the columns shown and `cluster`; for a
#'   selection that of [gmm_select()].
#'
#' @section Errors:
#' `gmm_error_no_data` where the fit was made with `keep_data = FALSE`; `gmm_error_bad_value` and
#' `gmm_error_bad_type` name the `argument` that is wrong.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful)
#' plot(fit)
#' plot(fit, what = "selection")
#' plot(gmm_fit(iris[1:4], k = 3))
#' plot(gmm_fit(faithful$waiting, k = 2), xlab = "Minutes until the next eruption")
#' @export
plot.gmm <- function(x, what = "classification", ..., level = c(0.5, 0.95), columns = NULL) {
  call <- quote(plot())
  check_choice(what, c("classification", "selection"), "what", call)
  if (what == "selection") {
    return(invisible(plot(x$selection, ...)))
  }
  check_level(level, call)
  data <- fit_data(x, call)
  columns <- plot_columns(x, columns, call)
  dots <- list(...)
  if (!length(dots$col) %in% c(0, 1, x$k)) {
    must <- paste("one colour per component:", x$k)
    abort_argument("col", must, paste("has", length(dots$col)), "bad_value", call)
  }
  panels <- choose(length(columns), 2)
  style <- plot_style(x$k, x$n * max(panels, 1) > 2000, x$n, dots)
  # What the plot sets itself.
  dots[c("col", "pch", "cex", "type", "panel", "freq")] <- NULL
  draw <- switch(min(length(columns), 3), plot_histogram, plot_scatter, plot_pairs)
  draw(x, data, columns, level, style, dots)
  shown <- data[, columns, drop = FALSE]
  colnames(shown) <- axis_labels(x, columns)
  invisible(data.frame(shown, cluster = x$cluster, check.names = FALSE))
}

check_level <- function(level, call) {
  must <- "numbers between 0 and 1"
  if (!is.numeric(level)) {
    abort_argument("level", must, is_type(level), "bad_type", call)
  }
  if (length(level) == 0 || !isTRUE(all(level > 0 & level < 1))) {
    is <- cli::format_inline("is {.val {level}}")
    abort_argument("level", must, is, "bad_value", call)
  }
}

plot_columns <- function(x, columns, call) {
  if (is.null(columns)) {
    return(seq_len(min(x$d, 8)))
  }
  found <- if (is.character(columns)) match(columns, colnames(x$means)) else columns
  if (!is.numeric(found) || length(found) == 0 || !all(found %in% seq_len(x$d)) ||
      anyDuplicated(found)) {
    must <- "different names or numbers of columns of the fit"
    is <- cli::format_inline("is {.val {columns}}")
    abort_argument("columns", must, is, "bad_value", call)
  }
  as.integer(found)
}

#' Okabe and Ito's colours, which the colour-blind tell apart, with symbols that go on longer
#' @noRd
component_colours <- function(k) {
  colours <- c(
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#A6761D",
    "#8C8C8C"
  )
  rep_len(colours, k)
}

plot_style <- function(k, crowded, n, dots) {
  colours <- rep_len(dots$col %||% component_colours(k), k)
  list(
    crowded = crowded,
    colours = colours,
    points = if (crowded) grDevices::adjustcolor(colours, alpha.f = 0.35) else colours,
    symbols = rep_len(dots$pch %||% if (crowded) 16 else c(1, 2, 0, 3, 4, 5, 6, 8, 7), k),
    size = dots$cex %||% if (n > 20000) 0.3 else if (crowded) 0.5 else 0.9
  )
}

axis_labels <- function(x, columns) {
  names <- colnames(x$means)
  if (is.null(names)) {
    return(if (x$d == 1) "x" else paste0("x[, ", columns, "]"))
  }
  names[columns]
}

plot_scatter <- function(x, data, columns, level, style, dots) {
  labels <- axis_labels(x, columns)
  outlines <- lapply(seq_len(x$k), function(k) {
    ellipse(x$means[k, columns], x$covariances[columns, columns, k], max(level))
  })
  extent <- apply(rbind(data[, columns], do.call(rbind, outlines)), 2, range)
  defaults <- list(
    x = data[, columns],
    xlim = extent[, 1],
    ylim = extent[, 2],
    xlab = labels[1],
    ylab = labels[2],
    main = plot_title(x),
    las = 1
  )
  do.call(graphics::plot.default, c(list_modify(defaults, dots), list(type = "n")))
  draw_cloud(x, data, columns, level, style)
}

plot_title <- function(x) {
  cli::pluralize("{x$k} component{?s}, {x$covariance}")
}

list_modify <- function(defaults, changes) {
  defaults[names(changes)] <- changes
  defaults
}

#' Points, ellipses and means of two columns, into the current plot
#' @noRd
draw_cloud <- function(x, data, columns, level, style) {
  graphics::points(
    data[, columns],
    col = style$points[x$cluster],
    pch = style$symbols[x$cluster],
    cex = style$size
  )
  for (k in seq_len(x$k)) {
    for (i in seq_along(level)) {
      outline <- ellipse(x$means[k, columns], x$covariances[columns, columns, k], level[i])
      if (style$crowded) {
        # A pale line under the coloured one keeps it visible among points of its colour.
        graphics::lines(outline, col = "white", lwd = 4)
      }
      graphics::lines(outline, col = style$colours[k], lwd = 2, lty = i)
    }
  }
  centres <- x$means[, columns, drop = FALSE]
  graphics::points(centres, pch = 21, cex = 2.2, bg = style$colours, col = "white")
  graphics::text(centres, labels = seq_len(x$k), cex = 0.75, font = 2, col = "white")
}

#' Points of the ellipse that holds `level` of a bivariate normal distribution
#' @noRd
ellipse <- function(mean, covariance, level) {
  angle <- seq(0, 2 * pi, length.out = 181)
  circle <- rbind(cos(angle), sin(angle)) * sqrt(stats::qchisq(level, 2))
  t(mean + t(chol(covariance)) %*% circle)
}

plot_pairs <- function(x, data, columns, level, style, dots) {
  panel <- function(...) {
    # `pairs()` fills a grid: the panel in row i, column j shows column j against column i.
    at <- graphics::par("mfg")[2:1]
    draw_cloud(x, data, columns[at], level, style)
  }
  title <- plot_title(x)
  if (length(columns) < x$d) {
    title <- paste0(title, " (", length(columns), " of ", x$d, " columns)")
  }
  defaults <- list(
    x = data[, columns],
    labels = axis_labels(x, columns),
    main = title,
    gap = 0.4,
    las = 1
  )
  do.call(graphics::pairs, c(list_modify(defaults, dots), list(panel = panel)))
}

plot_histogram <- function(x, data, columns, level, style, dots) {
  values <- data[, columns]
  breaks <- dots$breaks %||% min(max(grDevices::nclass.FD(values), 10), 100)
  dots$breaks <- NULL
  bars <- graphics::hist(values, breaks = breaks, plot = FALSE)
  grid <- seq(min(bars$breaks), max(bars$breaks), length.out = 512)
  component <- vapply(
    seq_len(x$k),
    function(k) {
      deviation <- sqrt(x$covariances[columns, columns, k])
      x$weights[[k]] * stats::dnorm(grid, x$means[k, columns], deviation)
    },
    numeric(length(grid))
  )
  density <- rowSums(component)
  defaults <- list(
    x = bars,
    freq = FALSE,
    col = "grey92",
    border = "grey75",
    xlab = axis_labels(x, columns),
    ylab = "Density",
    main = plot_title(x),
    ylim = c(0, 1.05 * max(bars$density, density)),
    las = 1
  )
  do.call(graphics::plot, list_modify(defaults, dots))
  graphics::lines(grid, density, lwd = 3)
  for (k in seq_len(x$k)) {
    graphics::lines(grid, component[, k], col = style$colours[k], lwd = 2, lty = 2)
  }
  if (x$n <= 2000) {
    for (k in which(tabulate(x$cluster, x$k) > 0)) {
      graphics::rug(values[x$cluster == k], col = style$colours[k])
    }
  }
}
