plot_iterations <- function(view, at, level) {
  path <- fit_path(view$x, view$call)
  at <- check_iterations(at, view$x$trace, view$call)
  view$columns <- utils::head(view$columns, 2)
  view$labels <- utils::head(view$labels, 2)
  count <- length(at)
  old <- graphics::par(
    mfrow = rev(grDevices::n2mfrow(count)), mar = c(1.8, 2.4, 2, 0.6), oma = c(2.2, 2.2, 1.4, 0),
    mgp = c(2, 0.5, 0), tcl = -0.3
  )
  on.exit(graphics::par(old))
  loglik <- view$x$trace[at + 1]
  frame <- if (length(view$columns) == 1) draw_curve_frame else draw_plane_frame
  for (i in seq_len(count)) {
    frame(view, path[[at[i] + 1]], frame_title(at[i], loglik[i]), level)
  }
  if (diff(range(view$x$trace)) < 1 && length(path) > 1) {
    note_short_path(view$x)
  }
  labels <- list_modify(
    list(xlab = view$labels[1], ylab = c(view$labels, "Density")[2]),
    view$dots
  )
  graphics::mtext(labels$xlab, 1, outer = TRUE, line = 0.8, cex = 0.85)
  graphics::mtext(labels$ylab, 2, outer = TRUE, line = 0.8, cex = 0.85)
  do.call(rbind, lapply(seq_len(count), function(i) {
    frame_data(view, path[[at[i] + 1]], at[i], loglik[i])
  }))
}

#' Say in the margin that there is little to see, and how to see more
#' @noRd
note_short_path <- function(x) {
  start <- sprintf("`start = sample(%d, %.0f, TRUE)`", x$k, x$n)
  note <- paste("The path begins near the optimum;", start, "shows more.")
  graphics::mtext(note, 3, outer = TRUE, line = 0.2, cex = 0.7, col = "grey30")
}

#' The iterations to show; the last in place of those beyond it
#'
#' By default nine frames, three by three, if there are as many; the last is always among them.
#' @noRd
check_iterations <- function(at, trace, call) {
  last <- length(trace) - 1
  if (is.null(at)) {
    at <- telling_iterations(trace)
  }
  for (one in if (is.numeric(at) && length(at) > 1) at else list(at)) {
    check_count(one, "at", min = 0, call = call)
  }
  sort(unique(pmin(at, last)))
}

#' Up to nine iterations that show how a run went
#'
#' The first two, the first to have climbed a seventh of the way, two sevenths, and so on, and the
#' last; where these are fewer, the earliest of the others, too.
#' @noRd
telling_iterations <- function(trace) {
  last <- length(trace) - 1
  climb <- cummax(trace) - trace[1]
  passed <- vapply(seq_len(6) / 7, function(part) which(climb >= part * max(climb))[1] - 1, 0)
  at <- unique(c(0, min(1, last), passed, last))
  others <- setdiff(seq(0, last), at)
  sort(c(at, utils::head(others, 9 - length(at))))
}

frame_title <- function(iteration, loglik) {
  name <- if (iteration == 0) "Start" else paste("Iteration", iteration)
  paste0(name, ":  ", format_2(loglik))
}

frame_data <- function(view, mixture, iteration, loglik) {
  means <- mixture$means[, view$columns, drop = FALSE]
  colnames(means) <- view$labels
  data.frame(
    iteration = iteration,
    loglik = loglik,
    component = seq_len(view$x$k),
    weight = as.double(mixture$weights),
    means,
    row.names = NULL,
    check.names = FALSE
  )
}

#' Rows in colours blended by the responsibilities that the mixture gives them
#' @noRd
draw_plane_frame <- function(view, mixture, title, level) {
  style <- view$style
  dots <- list_modify(view$dots, list(xlab = "", ylab = ""))
  open_frame(column_limits(view, level), c("", ""), title, list_modify(list(cex.main = 1), dots))
  if (view$n > 0) {
    rows <- even_rows(view$n, 50000)
    shown <- view$data[rows, , drop = FALSE]
    posterior <- score_view(view, mixture, "posterior", shown)
    opacity <- if (style$crowded) style$opacity else 0.8
    colours <- blend_colours(posterior, style$colours)
    graphics::points(
      shown[, view$columns],
      # Of the same size in all layouts, which R's `cex` shrinks; smaller ones become squares.
      pch = 16, cex = max(0.8 * style$size, 0.4) / graphics::par("cex"),
      col = grDevices::adjustcolor(colours, alpha.f = opacity)
    )
  }
  draw_ellipses(marginal(mixture, view$columns), style, level)
}

draw_curve_frame <- function(view, mixture, title, level) {
  column <- view$columns
  bars <- if (view$n > 0) column_bars(view$data[, column], view$dots$breaks)
  limits <- column_limits(view, level)
  curve <- density_curve(marginal(mixture, column), limits)
  final <- density_curve(marginal(view$x, column), limits)
  # The same height in all frames.
  top <- 1.15 * max(bars$density, final$density)
  dots <- list_modify(view$dots, list(xlab = "", ylab = ""))
  dots$breaks <- NULL
  open_frame(
    cbind(limits, c(0, top)), c("", ""), title, list_modify(list(cex.main = 1), dots)
  )
  draw_bars(bars)
  if (view$n > 0) {
    rows <- view$data[even_rows(view$n, 1000), , drop = FALSE]
    values <- rows[, column]
    posterior <- score_view(view, mixture, "posterior", rows)
    colours <- grDevices::adjustcolor(blend_colours(posterior, view$style$colours), alpha.f = 0.5)
    # `rug()` has one colour.
    foot <- graphics::par("usr")[3]
    graphics::segments(values, foot, values, foot + 0.04 * top, col = colours)
  }
  draw_curves(curve, view$style, lwd = 1.5)
  peaks <- vapply(curve[-(1:2)], max, 0)
  draw_means(cbind(mixture$means[, column], peaks), view$style)
}
