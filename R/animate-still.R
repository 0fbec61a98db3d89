#' Draw the iterations side by side
#'
#' What [gmm_animate()] gives in a document that does not become HTML: the start, some iterations
#' and the last, and the log-likelihood with a point at each of them.
#'
#' @param x Frames from [gmm_animate()].
#' @param ... Ignored.
#'
#' @returns `x`, invisibly.
#' @export
#' @keywords internal
print.gmm_frames <- function(x, ...) {
  panels <- length(x$iterations) + 1
  old <- graphics::par(
    mfrow = if (panels > 3) c(2, ceiling(panels / 2)) else c(1, panels),
    mar = c(4, 4, 2, 0.5),
    oma = c(0, 0, 2, 0),
    las = 1
  )
  on.exit(graphics::par(old))
  draw <- if (is.null(x$values)) still_cloud(x) else still_curves(x)
  for (i in seq_along(x$iterations)) {
    draw(i)
    at <- x$iterations[i]
    graphics::title(if (at == 0) "Start" else paste("Iteration", at), cex.main = 1, line = 0.5)
  }
  iteration <- seq_along(x$trace) - 1
  graphics::plot(iteration, x$trace, type = "l", xlab = "Iteration", ylab = "")
  graphics::points(x$iterations, x$trace[x$iterations + 1], pch = 19)
  graphics::title("Log-likelihood", cex.main = 1, line = 0.5)
  graphics::mtext(x$title, outer = TRUE, font = 2)
  invisible(x)
}

still_cloud <- function(frames) {
  extent <- apply(frames$points, 2, grDevices::extendrange, f = 0.08)
  function(i) {
    graphics::plot(
      frames$points,
      col = frames$colours[, i],
      pch = 16,
      cex = if (nrow(frames$points) > 500) 0.4 else 0.7,
      xlim = extent[, 1],
      ylim = extent[, 2],
      xlab = frames$labels[1],
      ylab = frames$labels[2]
    )
    mixture <- frames$mixtures[[i]]
    for (k in seq_along(frames$palette)) {
      outline <- ellipse(mixture$means[k, ], mixture$covariances[, , k], frames$level)
      graphics::lines(outline, col = "white", lwd = 4)
      graphics::lines(outline, col = frames$palette[k], lwd = 2)
    }
    graphics::points(mixture$means, pch = 21, cex = 2, bg = frames$palette, col = "white")
    labels <- seq_along(frames$palette)
    graphics::text(mixture$means, labels = labels, cex = 0.7, font = 2, col = "white")
  }
}

still_curves <- function(frames) {
  histogram <- frames_histogram(frames)
  function(i) {
    graphics::plot(
      histogram$bars,
      freq = FALSE,
      col = "grey92",
      border = "grey75",
      main = "",
      xlab = frames$labels,
      ylim = c(0, histogram$top)
    )
    curves <- histogram$curves[[i]]
    graphics::lines(histogram$grid, rowSums(curves), lwd = 2.5)
    for (k in seq_along(frames$palette)) {
      graphics::lines(histogram$grid, curves[, k], col = frames$palette[k], lwd = 2, lty = 2)
    }
    for (colour in unique(frames$colours[, i])) {
      graphics::rug(frames$points[frames$colours[, i] == colour, 1], col = colour)
    }
  }
}
