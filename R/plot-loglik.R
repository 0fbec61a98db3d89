#' The climb, and what is left of it
#'
#' Side by side, unless the user's own layout has room for both.
#' @noRd
plot_loglik <- function(view) {
  x <- view$x
  trace <- x$trace
  shown <- data.frame(
    iteration = seq_along(trace) - 1,
    loglik = trace,
    gain = c(NA, diff(trace)),
    left = max(trace) - trace
  )
  has_left <- any(shown$left > 0)
  if (has_left && identical(graphics::par("mfrow"), c(1L, 1L))) {
    old <- graphics::par(mfrow = c(1, 2))
    on.exit(graphics::par(old))
  }
  draw_climb(view, shown)
  if (has_left) {
    draw_left(view, shown)
  }
  shown
}

draw_climb <- function(view, shown) {
  limits <- vapply(shown[c("iteration", "loglik")], range, numeric(2))
  is_cem <- identical(view$x$algorithm, "cem")
  name <- if (is_cem) "Classification log-likelihood" else "Log-likelihood"
  old <- open_wide_frame(limits, c("Iteration", name), plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  draw_steps(shown$iteration, shown$loglik, shown)
  graphics::legend(
    "bottomright", "gains less than 1 %", pch = 21, col = component_colours(1), pt.bg = "white",
    bty = "n", cex = 0.8
  )
}

draw_left <- function(view, shown) {
  positive <- shown[shown$left > 0, ]
  old <- graphics::par(mar = c(4.4, 4.6, 3.4, 1))
  on.exit(graphics::par(old))
  dots <- list_modify(list(main = "Left to gain", ylab = ""), view$dots)
  dots$ylab <- NULL
  # Decades, which `log = "y"` labels badly where there are many.
  height <- log10(positive$left)
  limits <- cbind(range(shown$iteration), range(height))
  open_frame(limits, c("Iteration", ""), dots$main, c(dots[names(dots) != "main"], yaxt = "n"))
  ticks <- unique(round(pretty(height)))
  labels <- as.expression(lapply(ticks, function(power) bquote(10^.(power))))
  graphics::abline(h = ticks, col = "grey90")
  graphics::axis(2, at = ticks, labels = labels, las = 1)
  draw_steps(positive$iteration, height, positive)
}

#' A line with open circles where a step gained little
#' @noRd
draw_steps <- function(x, y, shown) {
  climb <- max(shown$loglik) - min(shown$loglik)
  is_small <- !is.na(shown$gain) & shown$gain < climb / 100
  colour <- component_colours(1)
  graphics::lines(x, y, col = colour, lwd = 1.5)
  graphics::points(
    x, y,
    pch = 21, col = colour, bg = ifelse(is_small, "white", colour),
    cex = if (length(x) > 60) 0.6 else 1
  )
}
