#' Parts of probability whose regions are drawn
#' @noRd
region_levels <- c(0.5, 0.75, 0.9, 0.95)

plot_density <- function(view, level, type) {
  p <- length(view$columns)
  type <- check_density_type(type, p, view$call)
  colours <- view$colours %||% density_colours
  if (p == 1) {
    return(draw_histogram(view, level))
  }
  if (p > 2) {
    return(draw_density_matrix(view, level, type, colours))
  }
  surface <- density_surface(view, view$columns, level, density_limits(view, level))
  switch(type,
    contour = draw_contours(view, surface, level),
    image = draw_image(view, surface, level, colours),
    persp = draw_surface(view, level, colours)
  )
  surface
}

density_colours <- grDevices::hcl.colors(100, "YlGnBu", rev = TRUE)

check_density_type <- function(type, p, call) {
  type <- type %||% "contour"
  check_choice(type, c("contour", "image", "persp"), "type", call)
  if (p == 1 && type != "contour" || p > 2 && type == "persp") {
    needed <- if (type == "persp") "two" else "several"
    abort_gmm(
      c(
        "A density drawn as {.val {type}} needs {needed} columns.",
        x = "{cli::qty(p)}There {?is/are} {p}.",
        i = if (p > 2) "Choose two with {.arg columns}."
      ),
      "bad_value",
      argument = "type",
      call = call
    )
  }
  type
}

#' Limits that hold the rows and the regions
#' @noRd
density_limits <- function(view, level, columns = view$columns) {
  widen(column_limits(view, max(level, 0.975), columns))
}

#' The density of two columns on a grid, and at the edges of the regions
#' @noRd
density_surface <- function(view, columns, level, limits, most = 400) {
  mixture <- marginal(view$x, columns)
  cells <- grid_size(mixture, limits, most)
  x <- seq(limits[1, 1], limits[2, 1], length.out = cells)
  y <- seq(limits[1, 2], limits[2, 2], length.out = cells)
  grid <- cbind(rep(x, times = cells), rep(y, each = cells))
  density <- matrix(exp(score_view(view, mixture, "density", grid)), cells, cells)
  list(x = x, y = y, density = density, levels = region_densities(view, mixture, level))
}

#' As many cells that the narrowest component is some three wide, within bounds
#' @noRd
grid_size <- function(mixture, limits, most) {
  narrowest <- vapply(seq_len(mixture$k), function(k) {
    covariance <- mixture$covariances[, , k]
    # Deviations of a column where the other is known.
    conditional <- sqrt(pmax(det(covariance), 0) / rev(diag(covariance)))
    min(conditional / (limits[2, ] - limits[1, ]))
  }, 0)
  ceiling(min(max(3 / min(narrowest), 200), most))
}

#' The density at the edge of the smallest region that holds a part of the probability
#'
#' It is the quantile of the density of a row that the mixture draws (Hyndman 1996). In place of
#' random rows stand those of a spiral through each component, which hold equal parts of it.
#' @noRd
region_densities <- function(view, mixture, level, points = 5000) {
  i <- seq_len(points)
  radius <- sqrt(stats::qchisq((i - 0.5) / points, 2))
  golden <- pi * (3 - sqrt(5))
  spiral <- rbind(cos(i * golden), sin(i * golden)) * rep(radius, each = 2)
  rows <- lapply(seq_len(mixture$k), function(k) {
    t(mixture$means[k, ] + square_root(mixture$covariances[, , k]) %*% spiral)
  })
  density <- exp(score_view(view, mixture, "density", do.call(rbind, rows)))
  weight <- rep(mixture$weights / points, each = points)
  lowest <- order(density, decreasing = TRUE)
  held <- cumsum(weight[lowest])
  at <- vapply(level, function(part) which(held >= part * sum(weight))[1], 0L)
  set_names(density[lowest][at], paste0(100 * level, "%"))
}

#' Regions as shades under lines, with the rows between
#' @noRd
draw_contours <- function(view, surface, level) {
  held <- paste0(100 * level, " %")
  old <- open_surface_frame(view, level, legend_lines(held, "Holds"))
  on.exit(graphics::par(old))
  draw_regions(view, surface, view$columns)
  shades <- region_shades(length(level))
  draw_side_legend(
    legend = held, fill = rev(shades$fill), border = rev(shades$line), title = "Holds"
  )
}

open_surface_frame <- function(view, level, right) {
  # The surface fills the frame.
  dots <- list_modify(list(xaxs = "i", yaxs = "i"), view$dots)
  open_frame(density_limits(view, level), view$labels, plot_title(view$x), dots, right)
}

#' Shades from that of the largest region to that of the smallest
#' @noRd
region_shades <- function(count) {
  fill <- grDevices::colorRampPalette(c("#DCE9F5", "#5B9BD0"))(count)
  line <- grDevices::colorRampPalette(c("#7FB0DA", "#08407E"))(count)
  list(fill = fill, line = line)
}

draw_regions <- function(view, surface, columns, size = 1, rows = TRUE) {
  levels <- sort(surface$levels)
  shades <- region_shades(length(levels))
  if (max(surface$density) > max(levels)) {
    breaks <- c(levels, max(surface$density) * 1.01)
    graphics::.filled.contour(surface$x, surface$y, surface$density, breaks, shades$fill)
  }
  if (rows && view$n > 0) {
    draw_faint_rows(view, columns, size)
  }
  graphics::contour(
    surface$x, surface$y, surface$density,
    levels = levels, col = shades$line, lwd = 1.5 * size, drawlabels = FALSE, add = TRUE
  )
}

#' The rows as what is not the subject of a plot
#' @noRd
draw_faint_rows <- function(view, columns, size = 1) {
  # In small panels many rows would hide the density.
  rows <- even_rows(view$n, if (size < 1) 3000 else 30000)
  opacity <- if (view$n > 20000) 0.1 else if (view$n > 2000) 0.2 else 0.45
  graphics::points(
    view$data[rows, columns, drop = FALSE],
    pch = 16, cex = (if (view$n > 2000) 0.3 else 0.5) * size,
    col = grDevices::adjustcolor("grey15", alpha.f = opacity)
  )
}

draw_image <- function(view, surface, level, colours) {
  key <- key_ticks(max(surface$density))
  # The bar is as wide as two symbols of a legend.
  old <- open_surface_frame(view, level, legend_lines(names(key), "Density", 4))
  on.exit(graphics::par(old))
  draw_shades(surface, colours)
  graphics::box()
  draw_key(key, max(surface$density), colours)
}

#' Shades by the square root of the density
#' @noRd
draw_shades <- function(surface, colours) {
  graphics::image(
    surface$x, surface$y, sqrt(surface$density),
    zlim = c(0, sqrt(max(surface$density))), col = colours, add = TRUE, useRaster = TRUE
  )
}

#' Densities to mark on the scale of the shades, named as they are written
#' @noRd
key_ticks <- function(highest) {
  ticks <- pretty(c(0, highest), 6)
  ticks <- ticks[ticks <= highest]
  # Seven digits, that no two are written alike.
  set_names(ticks, format(ticks, digits = 7, trim = TRUE))
}

#' The scale of the shades in the right margin
#' @noRd
draw_key <- function(ticks, highest, colours) {
  edge <- graphics::par("usr")
  width <- edge[2] - edge[1]
  letter <- graphics::strwidth("0", cex = legend_size)
  left <- edge[2] + 0.02 * width + letter
  right <- left + 2 * letter
  graphics::rasterImage(
    grDevices::as.raster(matrix(rev(colours))), left, edge[3], right, edge[4], xpd = NA
  )
  graphics::rect(left, edge[3], right, edge[4], xpd = NA, border = "grey40")
  # The scale is that of the square root, on which ticks crowd at the top.
  height <- edge[3] + sqrt(ticks / highest) * (edge[4] - edge[3])
  graphics::segments(right, height, right + 0.5 * letter, height, xpd = NA)
  graphics::text(
    right + letter, height, names(ticks), adj = c(0, 0.5), cex = legend_size, xpd = NA
  )
  graphics::text(
    left, edge[4] + graphics::strheight("D"), "Density", adj = c(0, 0), cex = legend_size, xpd = NA
  )
}

draw_surface <- function(view, level, colours) {
  surface <- density_surface(view, view$columns, level, density_limits(view, level), most = 70)
  z <- surface$density
  last <- nrow(z)
  # The colour of a facet is that of its mean height.
  height <- (z[-1, -1] + z[-1, -last] + z[-last, -1] + z[-last, -last]) / 4
  shade <- 1 + floor((length(colours) - 1) * sqrt(height / max(height)))
  defaults <- list(
    x = surface$x, y = surface$y, z = z, col = colours[shade], border = NA,
    shade = 0.2, ltheta = -30, lphi = 50,
    theta = 25, phi = 35, expand = 0.6, ticktype = "detailed", cex.axis = 0.7,
    xlab = view$labels[1], ylab = view$labels[2], zlab = "Density", main = plot_title(view$x)
  )
  old <- graphics::par(mar = c(1.5, 2, 3, 1))
  on.exit(graphics::par(old))
  do.call(graphics::persp, list_modify(defaults, view$dots))
}

#' Marginal densities of all pairs of columns, and of the columns on the diagonal
#' @noRd
draw_density_matrix <- function(view, level, type, colours) {
  limits <- density_limits(view, level)
  surfaces <- list()
  panel <- function(i, j) {
    columns <- view$columns[c(i, j)]
    surface <- density_surface(view, columns, level, limits[, c(i, j)], most = 150)
    if (i < j) {
      pair <- paste(view$labels[c(i, j)], collapse = "~")
      surfaces[[pair]] <<- surface
    }
    if (type == "image") {
      draw_shades(surface, colours)
    } else {
      draw_regions(view, surface, columns, 0.8)
    }
  }
  diagonal <- function(i) draw_marginal(view, i, limits[, i])
  draw_matrix(limits, panel, diagonal, columns_title(view), view$dots)
  surfaces
}

#' A column's histogram and densities, as high as its panel is
#' @noRd
draw_marginal <- function(view, i, limits) {
  column <- view$columns[i]
  bars <- if (view$n > 0) column_bars(view$data[, column])
  curve <- density_curve(marginal(view$x, column), limits)
  edge <- graphics::par("usr")
  # Room for the name above.
  height <- 0.8 / max(bars$density, curve$density)
  graphics::plot.window(edge[1:2], c(0, 1), xaxs = "i", yaxs = "i")
  draw_bars(bars, height)
  draw_curves(curve, view$style, height, 1.5)
  name <- view$labels[i]
  width <- graphics::strwidth(name, font = 2) / (edge[2] - edge[1])
  graphics::text(mean(edge[1:2]), 0.97, name, adj = c(0.5, 1), font = 2, cex = min(1, 0.9 / width))
  graphics::plot.window(edge[1:2], edge[3:4], xaxs = "i", yaxs = "i")
}
