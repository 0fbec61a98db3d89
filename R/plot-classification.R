plot_classification <- function(view, level) {
  draw <- switch(min(length(view$columns), 3), draw_histogram, draw_plane, draw_planes)
  draw(view, level)
  shown_rows(view)
}

#' Two columns in a frame
#' @noRd
draw_plane <- function(view, level) {
  old <- open_frame(column_limits(view, level), view$labels, plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  draw_cloud(view, view$columns, level)
}

#' A frame for each pair of columns
#' @noRd
draw_planes <- function(view, level) {
  draw_matrix(
    widen(column_limits(view, level)),
    function(i, j) draw_cloud(view, view$columns[c(i, j)], level, 0.8),
    function(i) draw_name(view$labels[i]),
    columns_title(view),
    view$dots
  )
}

columns_title <- function(view) {
  p <- length(view$columns)
  d <- view$x$d
  paste0(plot_title(view$x), if (p < d) paste0(" (", p, " of ", d, " columns)"))
}

#' Points, ellipses and means of two columns, into the current plot
#' @noRd
draw_cloud <- function(view, columns, level, size = 1) {
  style <- view$style
  if (view$n > 0) {
    rows <- view$drawn
    graphics::points(
      view$data[rows, columns, drop = FALSE],
      col = style$points[view$cluster[rows]],
      pch = style$symbols[view$cluster[rows]],
      cex = visible_size(style$size * size)
    )
  }
  draw_ellipses(marginal(view$x, columns), style, level, size)
}

#' Ellipses and numbered means of a mixture of two columns
#' @noRd
draw_ellipses <- function(mixture, style, level, size = 1) {
  # Among points of their colour, lines are darker and on a pale ground.
  colours <- if (style$crowded) mix_colours(style$colours, "black", 0.3) else style$colours
  for (k in seq_len(mixture$k)) {
    for (i in seq_along(level)) {
      outline <- ellipse(mixture$means[k, ], mixture$covariances[, , k], level[i])
      if (style$crowded) {
        graphics::lines(outline, col = "white", lwd = 4 * size)
      }
      graphics::lines(outline, col = colours[k], lwd = 2 * size, lty = i)
    }
  }
  draw_means(mixture$means, style, size)
}

draw_means <- function(means, style, size = 1) {
  # Numbers stay legible where R shrinks all of a layout with many panels.
  size <- size * min(1 / graphics::par("cex"), 1.6)
  draw_discs(means, seq_len(nrow(means)), style$colours, size)
}

#' White numbers on discs that are wide enough for them
#' @noRd
draw_discs <- function(at, number, colours, size = 1) {
  digits <- max(nchar(number))
  graphics::points(at, pch = 21, cex = (1.7 + 0.5 * digits) * size, bg = colours, col = "white")
  graphics::text(
    at, labels = number, cex = (if (digits > 2) 0.6 else 0.75) * size, font = 2, col = "white"
  )
}

#' Points of the ellipse that holds `level` of a bivariate normal distribution
#' @noRd
ellipse <- function(mean, covariance, level) {
  angle <- seq(0, 2 * pi, length.out = 181)
  circle <- rbind(cos(angle), sin(angle)) * sqrt(stats::qchisq(level, 2))
  t(as.vector(mean) + square_root(covariance) %*% circle)
}

#' A matrix whose product with its transpose is the covariance, also where that is all but singular
#' @noRd
square_root <- function(covariance) {
  axes <- eigen(unname(covariance), symmetric = TRUE)
  axes$vectors %*% diag(sqrt(pmax(axes$values, 0)), length(axes$values))
}

#' One column: a histogram with the densities over it
#' @noRd
draw_histogram <- function(view, level) {
  style <- view$style
  breaks <- view$dots$breaks
  view$dots$breaks <- NULL
  column <- view$columns
  bars <- if (view$n > 0) column_bars(view$data[, column], breaks)
  curve <- density_curve(marginal(view$x, column), bars$breaks)
  top <- max(bars$density, curve$density)
  limits <- cbind(range(curve[[1]]), c(0, 1.05 * top))
  old <- open_frame(limits, c(view$labels, "Density"), plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  draw_bars(bars)
  draw_curves(curve, style)
  peaks <- vapply(curve[-(1:2)], max, 0)
  draw_means(cbind(view$x$means[, column], peaks), style, 0.9)
  if (view$n > 0 && view$n <= 2000) {
    for (k in which(tabulate(view$cluster, view$x$k) > 0)) {
      graphics::rug(view$data[view$cluster == k, column], col = style$colours[k])
    }
  }
  names(curve)[1] <- view$labels
  curve
}

column_bars <- function(values, breaks = NULL) {
  # A single value has no spread to choose bins by.
  few <- length(values) < 2
  breaks <- breaks %||% if (few) 10 else min(max(grDevices::nclass.FD(values), 10), 100)
  graphics::hist(values, breaks = breaks, plot = FALSE)
}

draw_bars <- function(bars, height = 1) {
  if (!is.null(bars)) {
    last <- length(bars$breaks)
    graphics::rect(
      bars$breaks[-last], 0, bars$breaks[-1], bars$density * height,
      col = "grey92", border = "grey75"
    )
  }
}

draw_curves <- function(curve, style, height = 1, lwd = 2) {
  graphics::lines(curve[[1]], curve$density * height, lwd = 1.5 * lwd)
  for (k in seq_len(ncol(curve) - 2)) {
    part <- curve[[k + 2]] * height
    graphics::lines(curve[[1]], part, col = style$colours[k], lwd = lwd, lty = 2)
  }
}

#' The density of a mixture of one column and of its components, times their weights
#'
#' @param range Where to show it; by default where the components are.
#' @noRd
density_curve <- function(mixture, range = NULL) {
  deviations <- component_deviations(mixture)
  if (is.null(range)) {
    range <- range(mixture$means - 3 * deviations, mixture$means + 3 * deviations)
  }
  # The grid is dense where a narrow component is.
  near <- as.vector(outer(as.vector(deviations), seq(-4, 4, by = 0.1)) + as.vector(mixture$means))
  value <- c(seq(min(range), max(range), length.out = 512), near)
  value <- sort(unique(value[value >= min(range) & value <= max(range)]))
  component <- component_curves(mixture, value)
  colnames(component) <- paste0("component_", seq_len(mixture$k))
  data.frame(value = value, density = rowSums(component), component)
}

#' The densities of the components of one column, times their weights: `double[length(value), k]`
#' @noRd
component_curves <- function(mixture, value) {
  curves <- vapply(seq_along(mixture$weights), function(k) {
    deviation <- sqrt(mixture$covariances[1, 1, k])
    mixture$weights[[k]] * stats::dnorm(value, mixture$means[k, 1], deviation)
  }, numeric(length(value)))
  matrix(curves, length(value))
}
