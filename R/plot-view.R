#' What all plots need to know
#'
#' @returns A list of the mixture `x`; the `data` to show, `double[n, d]`, or `NULL`; the `cluster`
#'   of each row; `drawn`, the rows that are drawn; `columns` and their `labels`; the `style` of
#'   points; `dots`, graphical parameters for the frame; and the `call`.
#' @noRd
plot_view <- function(x, data, columns, what, dots, call) {
  most <- if (what == "profile") x$d else 8
  columns <- plot_columns(x, columns, call, most)
  view <- list(
    x = x,
    data = plot_data(x, data, call),
    columns = columns,
    labels = axis_labels(x, columns),
    call = call
  )
  view$n <- NROW(view$data)
  p <- length(columns)
  is_coloured <- what %in% c("classification", "uncertainty", "pairs") ||
    what == "density" && p == 1
  if (is_coloured || what %in% c("iterations", "profile")) {
    check_colours(dots[["col"]], x$k, call)
  }
  if (!is.null(view$data) && is_coloured) {
    view$cluster <- if (is.null(data)) x$cluster else score_view(view, x, "cluster")
  }
  panels <- if (p > 2) p * (p - 1) else 1
  view$drawn <- even_rows(view$n, 5e5 / panels)
  view$style <- plot_style(x$k, view$n, panels, dots)
  view$colours <- dots[["col"]]
  # What the plots set themselves.
  dots[c("col", "pch", "cex", "type", "panel", "freq")] <- NULL
  view$dots <- dots
  view
}

check_colours <- function(colours, k, call) {
  if (!length(colours) %in% c(0, 1, k)) {
    must <- paste("one colour per component:", k)
    abort_argument("col", must, paste("has", length(colours)), "bad_value", call)
  }
}

#' The rows to show as a matrix of doubles
#' @noRd
plot_data <- function(x, data, call) {
  if (is.null(data)) {
    return(x$data)
  }
  data <- new_rows(x, data, call, "data")
  check_rows(data, "data", call)
  check_finite(data, "data", call)
  data
}

#' The engine's score of all rows under a mixture
#' @noRd
score_view <- function(view, mixture, type, rows = view$data) {
  threads <- resolve_threads(view$x$control$threads, view$call)
  score_rows(mixture, rows, type, threads, view$call)
}

plot_columns <- function(x, columns, call, most = 8) {
  if (is.null(columns)) {
    return(seq_len(min(x$d, most)))
  }
  found <- if (is.character(columns)) match(columns, colnames(x$means)) else columns
  if (!is.numeric(found) || length(found) == 0 || !all(found %in% seq_len(x$d)) ||
      anyDuplicated(found)) {
    must <- paste("different names or numbers of columns of the", name_kind(x))
    is <- if (is.atomic(columns) && length(columns) > 0) {
      cli::format_inline("is {.val {columns}}")
    } else {
      is_type(columns)
    }
    labels <- axis_labels(x, seq_len(x$d))
    shown <- utils::head(labels, 12)
    more <- if (x$d > 12) paste(" and", x$d - 12, "more")
    hint <- c(i = cli::format_inline("The columns are {.val {shown}}{more}."))
    abort_argument("columns", must, is, "bad_value", call, hint)
  }
  as.integer(found)
}

#' Refuse a plot that shows rows where there are none
#' @noRd
need_data <- function(view, what) {
  if (!is.null(view$data)) {
    return(invisible())
  }
  abort_gmm(
    c(
      "A plot of {.val {what}} needs data.",
      x = if (inherits(view$x, "gmm")) {
        "The fit was made with `keep_data = FALSE`."
      } else {
        "A mixture has none."
      },
      i = "Give them as {.arg data}."
    ),
    "no_data",
    call = view$call
  )
}

#' The mixtures of all iterations
#' @noRd
fit_path <- function(x, call) {
  if (is.null(x$path)) {
    abort_gmm(
      c(
        "The iterations must have been kept.",
        x = if (inherits(x, "gmm")) "The fit has no path." else "A mixture has no path.",
        i = "Keep it with `gmm_fit(..., keep_path = TRUE)`."
      ),
      "no_path",
      call = call
    )
  }
  x$path
}

#' The marginal mixture of some columns, which is exact
#' @noRd
marginal <- function(mixture, columns) {
  list(
    weights = mixture$weights,
    means = mixture$means[, columns, drop = FALSE],
    covariances = mixture$covariances[columns, columns, , drop = FALSE],
    k = length(mixture$weights),
    d = length(columns)
  )
}

#' The mean and the standard deviation of every column in a mixture
#' @noRd
mixture_moments <- function(mixture) {
  mean <- drop(mixture$weights %*% mixture$means)
  within <- drop(mixture$weights %*% component_deviations(mixture)^2)
  between <- drop(mixture$weights %*% sweep(mixture$means, 2, mean)^2)
  list(mean = mean, deviation = sqrt(within + between))
}

#' Rows at even steps, at most so many
#' @noRd
even_rows <- function(n, most) {
  if (n <= most) seq_len(n) else unique(round(seq(1, n, length.out = most)))
}

#' The rows shown as a data frame, without rows where there are no data
#' @noRd
shown_rows <- function(view, ...) {
  if (is.null(view$data)) {
    shown <- matrix(0, 0, length(view$columns))
    colnames(shown) <- view$labels
    none <- lapply(list(cluster = integer(), ...), function(column) column[0])
    return(data.frame(shown, none, check.names = FALSE))
  }
  shown <- view$data[, view$columns, drop = FALSE]
  colnames(shown) <- view$labels
  data.frame(shown, cluster = view$cluster, ..., check.names = FALSE)
}
