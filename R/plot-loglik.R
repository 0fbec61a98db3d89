#' The climb, and what is left of it
#'
#' SEM does not climb: it wanders, and nothing is left to gain.
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
  has_left <- any(shown$left > 0) && !is_wandering(x)
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

is_wandering <- function(x) {
  identical(x$algorithm, "sem")
}

draw_climb <- function(view, shown) {
  heights <- range(shown$loglik)
  if (diff(heights) < 1e-9 * max(abs(heights))) {
    # It does not climb: a flat line, with ticks that say where.
    heights <- heights + c(-0.5, 0.5)
  }
  limits <- cbind(c(0, max(shown$iteration, 1)), heights)
  is_cem <- identical(view$x$algorithm, "cem")
  name <- if (is_cem) "Classification log-likelihood" else "Log-likelihood"
  old <- open_iterations(limits, name, plot_title(view$x), view$dots)
  on.exit(graphics::par(old))
  if (is_wandering(view$x)) {
    graphics::lines(shown$iteration, shown$loglik, col = component_colours(1))
    return(invisible())
  }
  draw_steps(shown$iteration, shown$loglik, shown)
  if (any(is_small_step(shown))) {
    note <- "Open circles: gains less than 1 %"
    graphics::mtext(note, 3, line = 0.3, cex = 0.7 * graphics::par("cex"))
  }
}

#' A frame whose horizontal axis counts
#' @noRd
open_iterations <- function(limits, name, title, dots) {
  own <- setdiff(names(dots), "xaxt")
  old <- open_frame(limits, c("Iteration", name), title, c(dots[own], xaxt = "n"))
  if (!identical(dots$xaxt, "n")) {
    ticks <- graphics::axTicks(1)
    at <- ticks[ticks == round(ticks)]
    graphics::axis(1, at = at, cex.axis = dots$cex.axis %||% graphics::par("cex.axis"))
  }
  old
}

draw_left <- function(view, shown) {
  positive <- shown[shown$left > 0, ]
  dots <- list_modify(list(main = "Left to gain", ylab = ""), view$dots)
  dots$ylab <- NULL
  # Decades, which `log = "y"` labels badly where there are many.
  height <- log10(positive$left)
  limits <- cbind(range(shown$iteration), range(height))
  own <- setdiff(names(dots), c("main", "yaxt"))
  old <- open_iterations(limits, "", dots$main, c(dots[own], yaxt = "n"))
  on.exit(graphics::par(old))
  ticks <- unique(round(pretty(height)))
  labels <- as.expression(lapply(ticks, function(power) bquote(10^.(power))))
  graphics::abline(h = ticks, col = "grey90")
  graphics::axis(2, at = ticks, labels = labels, las = 1)
  draw_steps(positive$iteration, height, positive)
}

#' A line with open circles where a step gained little
#' @noRd
draw_steps <- function(x, y, shown) {
  is_small <- is_small_step(shown)
  colour <- component_colours(1)
  graphics::lines(x, y, col = colour, lwd = 1.5)
  graphics::points(
    x, y,
    pch = 21, col = colour, bg = ifelse(is_small, "white", colour),
    cex = if (length(x) > 60) 0.6 else 1
  )
}

is_small_step <- function(shown) {
  climb <- max(shown$loglik) - min(shown$loglik)
  !is.na(shown$gain) & shown$gain < climb / 100
}
