#' The log-likelihood along one direction, and the bounds that EM maximises
#' @noRd
plot_bound <- function(view, at, parameter) {
  need_data(view, "bound")
  if (!is.null(at) && !is.null(parameter)) {
    abort_gmm(
      c(
        "{.arg at} and {.arg parameter} must not both be given.",
        i = "With {.arg at} all parameters move, from an iterate to the next."
      ),
      "bad_value",
      argument = "parameter",
      call = view$call
    )
  }
  slice <- if (is.null(at)) mean_slice(view, parameter) else step_slice(view, at)
  bounds <- lapply(slice$iterates, function(value) score_view(view, slice$mixture(value), "posterior"))
  value <- sort(unique(c(seq(slice$range[1], slice$range[2], length.out = 161), slice$iterates)))
  curve <- data.frame(value = value, slice_heights(view, slice, value, bounds))
  iterates <- data.frame(
    iteration = slice$iterations,
    value = slice$iterates,
    loglik = curve$loglik[match(slice$iterates, value)]
  )
  draw_bounds(view, slice, curve, iterates)
  list(curve = curve, iterates = iterates)
}

#' One mean moves, and all else stays as in the fit: EM in one unknown
#'
#' @returns A list of `mixture`, a function of the value; the `iterates` and their `iterations`; the
#'   `range` to show, and `title` and `label`.
#' @noRd
mean_slice <- function(view, parameter) {
  x <- view$x
  deviations <- sqrt(component_variances(x))
  # Where a random partition would have the mean of every component.
  away <- sweep(-x$means, 2, mixture_moments(x)$mean, "+") / deviations
  at <- if (is.null(parameter)) {
    arrayInd(which.max(abs(away)), dim(away))
  } else {
    check_parameter(parameter, x, view$call)
  }
  k <- at[1]
  j <- at[2]
  mixture <- function(value) {
    x$means[k, j] <- value
    x
  }
  side <- if (away[k, j] < 0) -1 else 1
  iterates <- x$means[k, j] + side * 2.5 * deviations[k, j]
  for (i in 1:3) {
    iterates[i + 1] <- next_mean(view, mixture(iterates[i]), k, j)
  }
  ends <- range(iterates, x$means[k, j])
  column <- axis_labels(x, j)
  list(
    mixture = mixture,
    iterates = iterates,
    iterations = 0:3,
    range = ends + c(-1, 1) * pmax(0.25 * diff(ends), 0.5 * deviations[k, j]),
    title = "EM in one unknown",
    label = paste0("Mean of component ", k, if (x$d > 1) paste0(" in ", column))
  )
}

#' The mean of a component in a column that the bound of a mixture is highest at, all else held
#'
#' With responsibilities r and the precision P of the component, the derivative of the expected
#' log-likelihood by the mean is `sum(r * (x - mean) %*% P[, j])`.
#' @noRd
next_mean <- function(view, mixture, k, j) {
  posterior <- score_view(view, mixture, "posterior")[, k]
  precision <- solve(matrix(mixture$covariances[, , k], mixture$d))
  pull <- drop((posterior %*% sweep(view$data, 2, mixture$means[k, ])) %*% precision[, j])
  mixture$means[k, j] + pull / (sum(posterior) * precision[j, j])
}

#' The way from an iterate of the fit's own run to the next
#' @noRd
step_slice <- function(view, at) {
  path <- fit_path(view$x, view$call)
  at <- check_count(at, "at", min = 0, max = max(length(path) - 2, 0), call = view$call)
  if (length(path) < 2) {
    must <- "an iteration that has a next one"
    abort_argument("at", must, paste("is", at, "of a run without a step"), "bad_value", view$call)
  }
  from <- path[[at + 1]]
  to <- path[[at + 2]]
  mixture <- function(value) {
    parts <- c("weights", "means", "covariances")
    moved <- lapply(set_names(parts), function(part) {
      from[[part]] + value * (to[[part]] - from[[part]])
    })
    c(moved, k = view$x$k, d = view$x$d)
  }
  list(
    mixture = mixture,
    iterates = c(0, 1),
    iterations = at + 0:1,
    range = furthest_mixtures(mixture, c(-0.6, 1.9)),
    title = paste("The step from iterate", at, "to", at + 1),
    label = paste0("Way from iterate ", at, " (0) to iterate ", at + 1, " (1)")
  )
}

#' As far along a line as there still are mixtures
#' @noRd
furthest_mixtures <- function(mixture, range) {
  is_mixture <- function(value) {
    moved <- mixture(value)
    smallest <- vapply(seq_len(moved$k), function(k) {
      covariance <- matrix(moved$covariances[, , k], moved$d)
      # Correlations, so that units of columns do not matter.
      if (any(diag(covariance) <= 0)) -1 else min(eigen(stats::cov2cor(covariance), TRUE, TRUE)$values)
    }, 0)
    all(moved$weights > 0) && all(smallest > 1e-8)
  }
  steps <- seq(0, 1, length.out = 41)
  below <- range[1] * steps
  above <- 1 + (range[2] - 1) * steps
  reach <- function(values) values[match(FALSE, c(vapply(values, is_mixture, NA), FALSE)) - 1]
  c(reach(below), reach(above))
}

#' The log-likelihood and the bounds at values along the slice
#'
#' A bound is `sum(r * (log(weight) + log(density))) - sum(r * log(r))`, with `0 * log(0) = 0`.
#' @noRd
slice_heights <- function(view, slice, value, posteriors) {
  entropies <- vapply(posteriors, function(r) -sum(ifelse(r > 0, r * log(r), 0)), 0)
  heights <- vapply(value, function(at) {
    mixture <- slice$mixture(at)
    joint <- sweep(
      score_view(view, mixture, "component_density"), 2, log(as.double(mixture$weights)), "+"
    )
    expected <- vapply(posteriors, function(r) sum(ifelse(r > 0, r * joint, 0)), 0)
    c(sum(score_view(view, mixture, "density")), expected + entropies)
  }, numeric(length(posteriors) + 1))
  heights <- as.data.frame(t(heights))
  names(heights) <- c("loglik", paste0("bound_", slice$iterations))
  heights
}

draw_bounds <- function(view, slice, curve, iterates) {
  count <- nrow(iterates)
  colours <- grDevices::colorRampPalette(c("#E69F00", "#D55E00", "#8B1A1A"))(count)
  span <- range(curve$loglik)
  # Bounds fall far below the curve; only their upper parts matter.
  limits <- cbind(slice$range, span + c(-0.12, 0.06) * max(diff(span), 1e-8))
  old <- graphics::par(mar = c(4.4, 6, 3.4, 1))
  on.exit(graphics::par(old))
  dots <- list_modify(list(ylab = "Log-likelihood"), view$dots)
  ylab <- dots$ylab
  dots$ylab <- ""
  open_frame(limits, c(slice$label, ""), slice$title, dots)
  graphics::title(ylab = ylab, line = 4.6)
  graphics::segments(
    iterates$value, graphics::par("usr")[3], iterates$value, iterates$loglik,
    col = colours, lty = 3
  )
  for (i in seq_len(count)) {
    graphics::lines(curve$value, curve[[i + 2]], col = colours[i], lwd = 2)
  }
  graphics::lines(curve$value, curve$loglik, lwd = 3)
  graphics::points(iterates$value, iterates$loglik, pch = 21, bg = colours, col = "white", cex = 1.8)
  graphics::legend(
    "bottomright",
    legend = c("log-likelihood", paste("bound at iterate", iterates$iteration)),
    col = c("black", colours), lwd = c(3, rep(2, count)), bg = "white", box.col = "grey80",
    cex = 0.85
  )
}
