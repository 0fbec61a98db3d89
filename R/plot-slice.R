# A slice of the parameters, along which bounds are drawn, is a list of `mixture`, a function of the
# value; the `iterates` and their numbers, `iterations`; the value that they lead `to`; the `range`
# to show; `title` and `label`.

#' One mean moves, and all else stays as in the fit: EM in one unknown
#' @noRd
mean_slice <- function(view, parameter) {
  line <- if (is.null(parameter)) {
    default_line(view$x)
  } else {
    coordinate_line(view$x, check_parameter(parameter, view$x, view$call))
  }
  mixture <- function(value) {
    view$x$means[line$k, ] <- line$origin + value * line$direction
    view$x
  }
  step <- function(value) mean_step(view, mixture(value), line)
  iterates <- line_start(line, step)
  for (i in 1:4) {
    following <- iterates[i] + step(iterates[i])
    # What is closer is not seen.
    if (i > 1 && abs(following - iterates[i]) < 0.03 * abs(iterates[1] - line$to)) break
    iterates[i + 1] <- following
  }
  ends <- range(iterates, line$to)
  list(
    mixture = mixture,
    iterates = iterates,
    iterations = seq_along(iterates) - 1,
    to = line$to,
    range = ends + c(-0.3, 0.3) * diff(ends),
    title = "EM in one unknown",
    label = line$label
  )
}

#' Where to begin on a line: as far from its end as EM soon finds the way there
#' @noRd
line_start <- function(line, step) {
  length <- line$to - line$from
  starts <- line$from + length * seq(0, 0.6, by = 0.1)
  is_lost <- vapply(starts, step, 0) / length < 0.05
  starts[min(max(which(is_lost), 0) + 1, length(starts))]
}

#' A component's way to its mean from that of the one it is hardest to tell from
#' @noRd
default_line <- function(x) {
  if (x$k == 1 || x$d == 1) {
    return(coordinate_line(x, if (x$k == 1) c(1, 1) else c(closest_components(x)[2], 1)))
  }
  pair <- closest_components(x)
  list(
    k = pair[2],
    origin = x$means[pair[1], ],
    direction = x$means[pair[2], ] - x$means[pair[1], ],
    from = 0,
    to = 1,
    label = sprintf(
      "Mean of component %d, from that of component %d (0) to its own (1)", pair[2], pair[1]
    )
  )
}

#' A component's mean in one column
#'
#' It comes from the mean of the closest other component; with several columns, where that might be
#' far from all rows, from 2.5 standard deviations away, on the side of the mean of all.
#' @noRd
coordinate_line <- function(x, at) {
  k <- at[1]
  j <- at[2]
  own <- x$means[k, j]
  from <- if (x$d == 1 && x$k > 1) {
    x$means[closest_to(x, k), j]
  } else {
    side <- if (mixture_moments(x)$mean[j] < own) -1 else 1
    own + side * 2.5 * sqrt(x$covariances[j, j, k])
  }
  unit <- as.double(seq_len(x$d) == j)
  column <- if (x$d > 1) paste0(" in ", axis_labels(x, j))
  list(
    k = k,
    origin = x$means[k, ] * (1 - unit),
    direction = unit,
    from = unname(from),
    to = unname(own),
    label = paste0("Mean of component ", k, column)
  )
}

#' The step along a line that the bound at a mixture is highest after
#'
#' With responsibilities r and the precision P of the component, the derivative of the bound by the
#' place on the line, in direction u, is `sum(r * (x - mean) %*% P %*% u)`.
#' @noRd
mean_step <- function(view, mixture, line) {
  r <- score_view(view, mixture, "posterior")[, line$k]
  # Units may differ by more than the tolerance of `solve()` allows.
  covariance <- matrix(mixture$covariances[, , line$k], mixture$d)
  pull <- solve(covariance, line$direction, tol = 0)
  away <- colSums(r * sweep(view$data, 2, mixture$means[line$k, ]))
  sum(away * pull) / max(sum(r) * sum(line$direction * pull), .Machine$double.xmin)
}

check_parameter <- function(parameter, x, call) {
  must <- "a component and a column, such as `c(1, 1)`"
  if (length(parameter) != 2 || !(is.numeric(parameter) || is.character(parameter))) {
    is <- if (length(parameter) != 2) paste("has length", length(parameter)) else is_type(parameter)
    abort_argument("parameter", must, is, "bad_type", call)
  }
  k <- match(parameter[1], seq_len(x$k))
  j <- match(parameter[2], c(seq_len(x$d), colnames(x$means)))
  if (is.na(k) || is.na(j)) {
    is <- cli::format_inline("is {.val {parameter}}")
    hint <- c(i = cli::format_inline("There are {x$k} component{?s} and {x$d} column{?s}."))
    abort_argument("parameter", must, is, "bad_value", call, hint)
  }
  # A column's name may stand after its number.
  c(k, if (j > x$d) j - x$d else j)
}

#' The two components that are closest to each other
#' @noRd
closest_components <- function(x) {
  overlap <- bhattacharyya(x)
  diag(overlap) <- -1
  sort(arrayInd(which.max(overlap), dim(overlap))[1, ])
}

closest_to <- function(x, k) {
  overlap <- bhattacharyya(x)[k, ]
  which.max(replace(overlap, k, -1))
}

#' The way from an iterate of the fit's own run to the next
#' @noRd
step_slice <- function(view, at) {
  path <- fit_path(view$x, view$call)
  at <- check_count(at, "at", min = 0, max = max(length(path) - 2, 0), call = view$call)
  if (length(path) < 2) {
    is <- paste("is", at, "of a run without a step")
    abort_argument("at", "an iteration that has a next one", is, "bad_value", view$call)
  }
  from <- path[[at + 1]]
  to <- path[[at + 2]]
  mixture <- function(value) {
    moved <- lapply(set_names(mixture_parts), function(part) {
      from[[part]] + value * (to[[part]] - from[[part]])
    })
    c(moved, k = view$x$k, d = view$x$d)
  }
  list(
    mixture = mixture,
    iterates = c(0, 1),
    iterations = at + 0:1,
    to = 1,
    range = mixture_range(mixture, c(-0.6, 1.9)),
    title = paste("The step from iterate", at, "to", at + 1),
    label = paste0("Way from iterate ", at, " (0) to iterate ", at + 1, " (1)")
  )
}

#' The part of a range, around 0 to 1, where there are mixtures along a line
#' @noRd
mixture_range <- function(mixture, range) {
  steps <- seq(0, 1, length.out = 41)
  farthest <- function(values) {
    beyond <- match(FALSE, c(vapply(lapply(values, mixture), is_mixture, NA), FALSE))
    values[max(beyond - 1, 1)]
  }
  c(farthest(range[1] * steps), farthest(1 + (range[2] - 1) * steps))
}

is_mixture <- function(mixture) {
  smallest <- vapply(seq_len(mixture$k), function(k) {
    covariance <- matrix(mixture$covariances[, , k], mixture$d)
    if (any(diag(covariance) <= 0)) {
      return(-1)
    }
    # Of correlations, so that the units of columns do not matter.
    min(eigen(stats::cov2cor(covariance), symmetric = TRUE, only.values = TRUE)$values)
  }, 0)
  all(mixture$weights > 0) && all(smallest > 1e-12)
}
