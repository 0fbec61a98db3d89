#' Colours of components, nine that differ
#'
#' Okabe and Ito's, which the colour-blind tell apart, without the yellow, which is lost on white;
#' then a brown and a grey that stay apart from them.
#' @noRd
component_colours <- function(k) {
  colours <- c(
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F3C10",
    "#606060"
  )
  rep_len(colours, k)
}

plot_style <- function(k, n, panels, dots) {
  crowded <- n * panels > 2000
  colours <- rep_len(dots[["col"]] %||% component_colours(k), k)
  opacity <- if (n > 20000) 0.2 else if (crowded) 0.4 else 1
  list(
    crowded = crowded,
    colours = colours,
    opacity = opacity,
    points = grDevices::adjustcolor(colours, alpha.f = opacity),
    symbols = rep_len(dots[["pch"]] %||% if (crowded) 16 else c(1, 2, 0, 3, 4, 5, 6, 8, 7), k),
    size = dots[["cex"]] %||% if (n > 20000) 0.3 else if (crowded) 0.5 else 0.9
  )
}

#' Colours of rows, mixed from those of the components by the responsibilities
#' @noRd
blend_colours <- function(posterior, colours) {
  mixed <- posterior %*% t(grDevices::col2rgb(colours))
  # Rounding may take a sum of 255 above it.
  grDevices::rgb(pmin(mixed, 255), maxColorValue = 255)
}

#' Colours mixed with another, 0 none of it, 1 it alone
#' @noRd
mix_colours <- function(colours, with, part) {
  from <- grDevices::col2rgb(rep_len(colours, max(length(colours), length(part))))
  to <- as.vector(grDevices::col2rgb(with))
  part <- rep_len(part, ncol(from))
  mixed <- sweep(from, 2, 1 - part, "*") + outer(to, part)
  grDevices::rgb(t(mixed), maxColorValue = 255)
}

axis_labels <- function(x, columns) {
  names <- colnames(x$means)
  if (is.null(names)) {
    return(if (x$d == 1) "x" else paste0("x[, ", columns, "]"))
  }
  names[columns]
}

plot_title <- function(x) {
  components <- cli::pluralize("{x$k} component{?s}")
  paste(c(components, x[["covariance"]]), collapse = ", ")
}

list_modify <- function(defaults, changes) {
  defaults[names(changes)] <- changes
  defaults
}

#' An empty frame with its axes
#'
#' The margins on the left and on the right grow where the numbers at the ticks or a legend need
#' more. The title shrinks to the width there is.
#'
#' @param right Lines of margin that a legend takes, see `legend_lines()`.
#' @param mar The margins, but for what needs more.
#' @returns The graphical parameters to put back.
#' @noRd
open_frame <- function(limits, labels, title, dots, right = 0, mar = graphics::par("mar")) {
  defaults <- list(
    x = limits[, 1],
    y = limits[, 2],
    xlim = limits[, 1],
    ylim = limits[, 2],
    xlab = labels[1],
    ylab = labels[2],
    main = title,
    las = 1
  )
  settings <- list_modify(defaults, dots)
  line <- label_line(settings)
  has_label <- isTRUE(nzchar(settings$ylab))
  mar[2] <- max(mar[2], line + if (has_label) 1.1 else -0.4)
  # A legend is cut off rather than that nothing is left for the plot.
  most <- 0.7 * graphics::par("fin")[1] / line_inches() - mar[2]
  mar[4] <- max(mar[4], min(right, most))
  old <- graphics::par("mar")
  if (!identical(mar, old)) {
    graphics::par(mar = mar)
  }
  apart <- list(main = "", ylab = "", type = "n")
  do.call(graphics::plot.default, list_modify(settings, apart))
  graphics::title(
    main = settings$main,
    cex.main = settings$cex.main %||% title_size(settings$main),
    font.main = settings$font.main %||% graphics::par("font.main"),
    col.main = settings$col.main %||% graphics::par("col.main")
  )
  graphics::title(
    ylab = settings$ylab, line = line,
    cex.lab = settings$cex.lab %||% graphics::par("cex.lab"),
    font.lab = settings$font.lab %||% graphics::par("font.lab"),
    col.lab = settings$col.lab %||% graphics::par("col.lab")
  )
  list(mar = old)
}

#' The line of the left margin where the title of an axis is clear of the numbers at its ticks
#' @noRd
label_line <- function(settings) {
  usual <- graphics::par("mgp")[1]
  if (!settings$las %in% 1:2 || identical(settings$yaxt, "n") || isFALSE(settings$axes)) {
    return(usual)
  }
  ticks <- format(pretty(settings$ylim), trim = TRUE)
  width <- tick_lines(ticks, settings$cex.axis %||% graphics::par("cex.axis"))
  max(usual, width + graphics::par("mgp")[2] + 0.6)
}

tick_lines <- function(ticks, size = 1) {
  max(graphics::strwidth(ticks, "inches", cex = size)) / line_inches()
}

#' The height of a line of margin
#' @noRd
line_inches <- function() {
  graphics::par("mai")[1] / graphics::par("mar")[1]
}

#' The size, at most that given, at which a title is not cut off at the edges of its figure
#' @noRd
title_size <- function(title, size = graphics::par("cex.main")) {
  if (length(title) == 0) {
    return(size)
  }
  aside <- min(graphics::par("mai")[c(2, 4)])
  room <- graphics::par("pin")[1] + 2 * aside
  width <- max(graphics::strwidth(title, "inches", cex = size, font = 2))
  size * min(1, 0.97 * room / width)
}

#' From where to where columns must be shown to hold the rows and the components: `double[2, p]`
#'
#' @param level An ellipse that holds this much reaches as far in each column as in the plane.
#' @noRd
column_limits <- function(view, level, columns = view$columns) {
  x <- view$x
  reach <- sqrt(stats::qchisq(max(level), 2)) * component_deviations(x)
  limits <- vapply(columns, function(j) {
    values <- if (view$n > 0) range(view$data[, j])
    range(values, x$means[, j] - reach[, j], x$means[, j] + reach[, j])
  }, numeric(2))
  matrix(limits, nrow = 2)
}

#' Limits with the margin that R's axes leave by default
#' @noRd
widen <- function(limits) {
  apply(limits, 2, grDevices::extendrange, f = 0.04)
}

#' A matrix of panels with the axes outside
#'
#' Unlike in [graphics::pairs()], every column has limits that hold the ellipses, too.
#'
#' @param limits Those of the panels, `double[2, p]`.
#' @param panel A function of two of the columns, counted among those shown; it draws the second
#'   against the first.
#' @param diagonal A function of one.
#' @noRd
draw_matrix <- function(limits, panel, diagonal, title, dots) {
  p <- ncol(limits)
  main <- if ("main" %in% names(dots)) dots[["main"]] else title
  old <- graphics::par(
    mfrow = c(p, p), mar = rep(0.25, 4), oma = c(3, 3.6, if (is.null(main)) 1 else 3.4, 1),
    mgp = c(3, 0.6, 0)
  )
  on.exit(graphics::par(old))
  # Outer margins are in lines of the panels' size.
  ticks <- apply(limits, 2, function(ends) format(pretty(ends)), simplify = FALSE)
  graphics::par(oma = replace(graphics::par("oma"), 2, max(3.6, tick_lines(unlist(ticks)) + 1.2)))
  for (i in seq_len(p)) {
    for (j in seq_len(p)) {
      graphics::plot.new()
      graphics::plot.window(
        limits[, j], limits[, i],
        asp = dots[["asp"]] %||% NA, xaxs = "i", yaxs = "i"
      )
      if (i == j) {
        diagonal(i)
      } else {
        panel(j, i)
      }
      graphics::box(col = "grey40")
      if (i == p) draw_panel_axis(1)
      if (j == 1) draw_panel_axis(2)
    }
  }
  graphics::mtext(main, side = 3, outer = TRUE, line = 1.1, font = 2, cex = 1.1)
}

#' An axis whose numbers do not reach into the next panel
#' @noRd
draw_panel_axis <- function(side, size = 0.9) {
  at <- graphics::axTicks(side)
  labels <- format(at, trim = TRUE)
  edge <- graphics::par("usr")[2 * side - 1:0]
  extent <- if (side == 1) graphics::strwidth else graphics::strheight
  reach <- extent(labels, cex = size) * 0.6
  fits <- at - reach >= edge[1] & at + reach <= edge[2]
  graphics::axis(side, at = at, labels = FALSE)
  if (any(fits)) {
    graphics::axis(side, at = at[fits], labels = labels[fits], las = 1, cex.axis = size, tick = FALSE)
  }
}

#' Sizes of points that do not vanish in a small panel, in which R shrinks them
#' @noRd
visible_size <- function(size) {
  pmax(size, pmin(0.6, size / graphics::par("cex")))
}

#' The name of a column, in the middle of its panel
#' @noRd
draw_name <- function(label) {
  edge <- graphics::par("usr")
  width <- graphics::strwidth(label) / (edge[2] - edge[1])
  size <- min(1.8, 0.8 / width)
  graphics::text(mean(edge[1:2]), mean(edge[3:4]), label, cex = size)
}

#' A legend in the right margin
#' @noRd
draw_side_legend <- function(..., title = NULL) {
  edge <- graphics::par("usr")
  graphics::legend(
    edge[2] + 0.02 * (edge[2] - edge[1]), edge[4], ..., title = title, title.adj = 0, bty = "n",
    cex = legend_size, xpd = NA
  )
}

legend_size <- 0.85

#' Lines of margin that a legend takes: its words, and its symbols or lines before them
#' @noRd
legend_lines <- function(labels, title = NULL, symbols = 2) {
  inches <- function(words) max(0, graphics::strwidth(words, "inches", cex = legend_size))
  letter <- graphics::par("cin")[1] * graphics::par("cex") * legend_size
  width <- max(inches(labels) + (symbols + 1) * letter, inches(title) + letter)
  # The legend begins a little to the right of the frame.
  gap <- 0.02 * graphics::par("pin")[1]
  (width + gap) / line_inches() + 0.5
}
