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
#' @noRd
open_frame <- function(limits, labels, title, dots) {
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
  do.call(graphics::plot.default, c(list_modify(defaults, dots), list(type = "n")))
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

#' An empty frame whose vertical axis has wide numbers, with its title beyond them
#'
#' @returns The graphical parameters to put back.
#' @noRd
open_wide_frame <- function(limits, labels, title, dots) {
  ticks <- format(pretty(limits[, 2]), scientific = FALSE)
  lines <- max(nchar(ticks)) * graphics::par("cin")[1] / graphics::par("csi") + 1.2
  old <- graphics::par(mar = c(4.4, lines + 1.4, 3.4, 1))
  dots <- list_modify(list(ylab = labels[2]), dots)
  ylab <- dots$ylab
  dots$ylab <- ""
  open_frame(limits, labels, title, dots)
  graphics::title(ylab = ylab, line = lines)
  old
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
      if (i == p) graphics::axis(1, cex.axis = 0.9)
      if (j == 1) graphics::axis(2, las = 1, cex.axis = 0.9)
    }
  }
  graphics::mtext(main, side = 3, outer = TRUE, line = 1.1, font = 2, cex = 1.1)
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
draw_side_legend <- function(...) {
  edge <- graphics::par("usr")
  graphics::legend(
    edge[2] + 0.02 * (edge[2] - edge[1]), edge[4], ..., bty = "n", cex = 0.85, xpd = NA
  )
}
