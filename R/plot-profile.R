plot_profile <- function(view, level, standardise) {
  x <- view$x
  columns <- view$columns
  moments <- mixture_moments(x)
  if (is.null(standardise)) {
    deviations <- moments$deviation[columns]
    standardise <- max(deviations) > 5 * min(deviations)
  }
  check_flag(standardise, "standardise", view$call)
  centre <- if (standardise) moments$mean[columns] else 0 * columns
  scale <- if (standardise) moments$deviation[columns] else 1 + 0 * columns
  means <- sweep(sweep(x$means[, columns, drop = FALSE], 2, centre), 2, scale, "/")
  deviations <- sweep(component_deviations(x)[, columns, drop = FALSE], 2, scale, "/")
  reach <- stats::qnorm((1 + max(level)) / 2)
  heights <- range(means - reach * deviations, means + reach * deviations)
  ylab <- if (standardise) "Standard deviations from the mean" else "Mean"
  p <- length(columns)
  # Names fill the lower margin, the legend the right one.
  old <- open_profile(view, heights, ylab)
  on.exit(graphics::par(old))
  if (standardise) {
    graphics::abline(h = 0, col = "grey75")
  }
  # Components side by side, as long as there is room for it.
  aside <- if (p <= 25) (seq_len(x$k) - (x$k + 1) / 2) * min(0.1, 0.5 / x$k) else numeric(x$k)
  for (k in seq_len(x$k)) {
    draw_profile(view, seq_len(p) + aside[k], means[k, ], deviations[k, ], level, k)
  }
  draw_profile_legend(view)
  profile_data(view, level, means, deviations)
}

open_profile <- function(view, heights, ylab) {
  p <- length(view$columns)
  limits <- cbind(c(1, p) + c(-0.4, 0.4), heights)
  dots <- list_modify(list(xlab = ""), view$dots)
  old <- open_frame(
    limits, c("", ylab), columns_title(view), c(dots, xaxt = "n"),
    legend_lines(view$x$k, symbols = 3), c(name_lines(view), 4.1, 3.4, 1)
  )
  at <- even_rows(p, 60)
  along <- if (has_long_names(view)) 2 else 1
  graphics::axis(1, at = at, labels = view$labels[at], las = along, cex.axis = 0.8)
  old
}

has_long_names <- function(view) {
  length(view$columns) > 12 || sum(nchar(view$labels)) > 70
}

#' Lines of margin that the names of the columns take
#' @noRd
name_lines <- function(view) {
  if (!has_long_names(view)) {
    return(3)
  }
  longest <- max(graphics::strwidth(view$labels, "inches", cex = 0.8))
  min(longest / graphics::par("csi") + 1.5, 12)
}

draw_profile <- function(view, at, means, deviations, level, k) {
  style <- view$style
  colour <- style$colours[k]
  many <- length(at) > 25
  for (part in level) {
    reach <- stats::qnorm((1 + part) / 2) * deviations
    if (many) {
      graphics::polygon(
        c(at, rev(at)), c(means - reach, rev(means + reach)),
        col = grDevices::adjustcolor(colour, alpha.f = 0.12), border = NA
      )
    } else {
      width <- if (part == min(level)) 4 else 2
      graphics::segments(
        at, means - reach, at, means + reach,
        col = grDevices::adjustcolor(colour, alpha.f = 0.45), lwd = width, lend = 1
      )
    }
  }
  graphics::lines(at, means, col = colour, lwd = if (many) 2 else 1.5)
  if (!many) {
    graphics::points(at, means, pch = 21, bg = colour, col = "white", cex = 1.6)
  }
}

draw_profile_legend <- function(view) {
  # As many as there is room for.
  shown <- seq_len(min(view$x$k, 20))
  draw_side_legend(
    legend = shown, col = view$style$colours[shown], pch = 16, lwd = 2, pt.cex = 1.3
  )
}

profile_data <- function(view, level, means, deviations) {
  cells <- expand.grid(
    component = seq_len(view$x$k), column = view$labels, level = level, stringsAsFactors = FALSE
  )
  reach <- stats::qnorm((1 + cells$level) / 2) * as.vector(deviations)
  mean <- as.vector(means)
  data.frame(cells, mean = mean, lower = mean - reach, upper = mean + reach)
}
