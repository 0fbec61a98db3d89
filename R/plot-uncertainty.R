plot_uncertainty <- function(view) {
  p <- length(view$columns)
  if (view$x$d > 1) {
    need_data(view, "uncertainty")
  }
  view$uncertainty <- if (!is.null(view$data)) score_view(view, view$x, "uncertainty")
  if (view$x$d == 1) {
    draw_uncertainty_curve(view)
  } else if (p == 1) {
    draw_uncertainty_column(view)
  } else if (p == 2) {
    draw_uncertainty_plane(view)
  } else {
    draw_matrix(
      widen(column_limits(view, 0.5)),
      function(i, j) draw_uncertain_rows(view, view$columns[c(i, j)]),
      function(i) draw_name(view$labels[i]),
      columns_title(view),
      view$dots
    )
  }
  shown_rows(view, uncertainty = view$uncertainty %||% numeric())
}

draw_uncertainty_plane <- function(view) {
  shown <- c(0, 0.1, 0.25, 0.5)
  shown <- shown[shown <= 1 - 1 / view$x$k]
  right <- legend_lines(format(shown), "Uncertainty")
  limits <- column_limits(view, 0.5)
  old <- open_frame(limits, view$labels, plot_title(view$x), view$dots, right)
  on.exit(graphics::par(old))
  draw_uncertain_rows(view, view$columns)
  draw_side_legend(
    legend = shown, title = "Uncertainty", pch = 16, y.intersp = 1.4,
    pt.cex = pmax(uncertain_sizes(view, shown), 0.4), col = uncertain_colours("grey70", shown)
  )
}

#' Rows in the order of their uncertainty, so that those that are sure hide no other
#' @noRd
draw_uncertain_rows <- function(view, columns, size = 1) {
  # Those that are uncertain are few, and are drawn even where not all others are.
  rows <- union(view$drawn, utils::head(order(-view$uncertainty), 2000))
  rows <- rows[order(view$uncertainty[rows])]
  uncertainty <- view$uncertainty[rows]
  colours <- uncertain_colours(view$style$colours[view$cluster[rows]], uncertainty)
  graphics::points(
    view$data[rows, columns, drop = FALSE],
    pch = 16,
    cex = visible_size(uncertain_sizes(view, uncertainty) * size),
    col = grDevices::adjustcolor(colours, alpha.f = if (view$style$crowded) 0.5 else 0.85)
  )
  draw_means(view$x$means[, columns, drop = FALSE], view$style, 0.8 * size)
}

uncertain_sizes <- function(view, uncertainty) {
  # The areas grow with the uncertainty. Of very many rows, too, those that are uncertain are seen.
  size <- view$style$size
  0.75 * size + max(1.9 * size, 1.1) * sqrt(uncertainty)
}

#' Pale where sure, then the colour itself, and black where nothing is sure
#' @noRd
uncertain_colours <- function(colours, uncertainty) {
  pale <- mix_colours(colours, "white", 0.55 * pmax(0, 1 - uncertainty / 0.1))
  mix_colours(pale, "black", pmin(1, 2 * uncertainty))
}

#' One of several columns: the rows with their uncertainty as height
#' @noRd
draw_uncertainty_column <- function(view) {
  highest <- max(view$uncertainty, 0.05)
  limits <- cbind(range(view$data[, view$columns]), c(0, highest))
  old <- open_frame(limits, c(view$labels, "Uncertainty"), plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  rows <- view$drawn
  graphics::points(
    view$data[rows, view$columns], view$uncertainty[rows],
    pch = 16, cex = view$style$size, col = view$style$points[view$cluster[rows]]
  )
}

#' The uncertainty as a function of the one column
#' @noRd
draw_uncertainty_curve <- function(view) {
  style <- view$style
  ends <- range(column_limits(view, 0.95))
  value <- uncertainty_grid(view, ends)
  posterior <- score_view(view, view$x, "posterior", matrix(value))
  cluster <- max.col(posterior, "first")
  uncertainty <- 1 - posterior[cbind(seq_along(value), cluster)]
  limits <- cbind(ends, c(0, max(uncertainty, 0.05) * 1.05))
  old <- open_frame(limits, c(view$labels, "Uncertainty"), plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  for (stretch in split(seq_along(value), cumsum(c(TRUE, diff(cluster) != 0)))) {
    colour <- style$colours[cluster[stretch[1]]]
    # To the next stretch, so that no gap is left.
    to <- c(stretch, min(max(stretch) + 1, length(value)))
    graphics::polygon(
      value[c(to[1], to, to[length(to)])], c(0, uncertainty[to], 0),
      col = mix_colours(colour, "white", 0.75), border = NA
    )
    graphics::lines(value[to], uncertainty[to], col = colour, lwd = 2.5)
  }
  draw_rug(view)
  draw_means(cbind(view$x$means, 0), style)
}

#' Values along the column, close together where the assignment changes and the curve has a peak
#' @noRd
uncertainty_grid <- function(view, ends) {
  value <- sort(unique(c(
    seq(ends[1], ends[2], length.out = 1001), density_curve(view$x, ends)$value
  )))
  for (finer in 1:2) {
    posterior <- score_view(view, view$x, "posterior", matrix(value))
    before <- which(diff(max.col(posterior, "first")) != 0)
    between <- lapply(before, function(i) seq(value[i], value[i + 1], length.out = 41))
    value <- sort(unique(c(value, unlist(between))))
  }
  value
}

#' Ticks of the rows; of many, of quantiles, which show as well where they are dense
#' @noRd
draw_rug <- function(view) {
  if (view$n == 0) {
    return(invisible())
  }
  values <- sort(view$data[, 1])
  rows <- even_rows(view$n, 1000)
  cluster <- view$cluster[order(view$data[, 1])]
  opacity <- if (view$n > 300) 0.4 else 0.8
  colours <- grDevices::adjustcolor(view$style$colours, alpha.f = opacity)
  for (k in unique(cluster[rows])) {
    graphics::rug(values[rows][cluster[rows] == k], col = colours[k], ticksize = 0.025)
  }
}
