#' The rows above the diagonal, the density below it, and on it that of each column
#' @noRd
plot_pairs <- function(view, level, call) {
  if (length(view$columns) == 1) {
    draw_histogram(view, NULL)
    return(shown_rows(view))
  }
  ellipses <- check_levels(level, c(0.5, 0.95), call)
  regions <- check_levels(level, region_levels, call)
  limits <- density_limits(view, c(ellipses, regions))
  panel <- function(i, j) {
    columns <- view$columns[c(i, j)]
    if (i > j) {
      return(draw_cloud(view, columns, ellipses, 0.8))
    }
    surface <- density_surface(view, columns, regions, limits[, c(i, j)], most = 150)
    draw_regions(view, surface, columns, 0.8, rows = FALSE)
  }
  diagonal <- function(i) draw_marginal(view, i, limits[, i])
  draw_matrix(limits, panel, diagonal, columns_title(view), view$dots)
  shown_rows(view)
}
