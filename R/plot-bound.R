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
  grid <- seq(slice$range[1], slice$range[2], length.out = 121)
  value <- sort(unique(c(grid, slice$iterates)))
  curve <- slice_heights(view, slice, value)
  iterates <- data.frame(
    iteration = slice$iterations,
    value = slice$iterates,
    loglik = curve$loglik[match(slice$iterates, value)]
  )
  draw_bounds(view, slice, curve, iterates)
  list(curve = curve, iterates = iterates)
}

#' The log-likelihood and the bounds at values along the slice
#' @noRd
slice_heights <- function(view, slice, value) {
  mixtures <- lapply(value, slice$mixture)
  loglik <- vapply(mixtures, function(mixture) sum(score_view(view, mixture, "density")), 0)
  bounds <- lapply(slice$iterates, function(at) {
    held <- expected_statistics(view$data, score_view(view, slice$mixture(at), "posterior"))
    vapply(mixtures, lower_bound, 0, held = held)
  })
  names(bounds) <- paste0("bound_", slice$iterations)
  data.frame(value = value, loglik = loglik, bounds)
}

#' What the bound needs of the rows, with responsibilities held
#' @noRd
expected_statistics <- function(data, posterior) {
  components <- lapply(seq_len(ncol(posterior)), function(k) {
    r <- posterior[, k]
    # A component may own no row at all.
    mean <- colSums(r * data) / max(sum(r), .Machine$double.xmin)
    list(count = sum(r), mean = mean, scatter = crossprod(sqrt(r) * sweep(data, 2, mean)))
  })
  list(
    components = components,
    entropy = -sum(ifelse(posterior > 0, posterior * log(posterior), 0))
  )
}

#' The evidence lower bound of a mixture's log-likelihood
#'
#' `sum(r * (log(weight) + log(density))) - sum(r * log(r))` (Bishop 2006, eqs. 9.40 and 9.71).
#' @noRd
lower_bound <- function(mixture, held) {
  parts <- vapply(seq_along(held$components), function(k) {
    component <- held$components[[k]]
    if (component$count == 0) {
      return(0)
    }
    covariance <- matrix(mixture$covariances[, , k], ncol(mixture$means))
    factor <- chol(covariance)
    away <- component$mean - mixture$means[k, ]
    spread <- component$scatter + component$count * tcrossprod(away)
    log_determinant <- 2 * sum(log(diag(factor))) + nrow(covariance) * log(2 * pi)
    component$count * (log(mixture$weights[[k]]) - log_determinant / 2) -
      sum(chol2inv(factor) * spread) / 2
  }, 0)
  sum(parts) + held$entropy
}

draw_bounds <- function(view, slice, curve, iterates) {
  count <- nrow(iterates)
  colours <- grDevices::colorRampPalette(c("#E69F00", "#D55E00", "#8B1A1A"))(count)
  ends <- range(iterates$value, slice$to)
  lowest <- min(curve$loglik[curve$value >= ends[1] & curve$value <= ends[2]])
  highest <- max(curve$loglik)
  # Bounds fall far below the curve; only their upper parts matter.
  height <- max(highest - lowest, 1e-6 * abs(highest))
  limits <- cbind(slice$range, c(lowest - 0.35 * height, highest + 0.1 * height))
  legend <- c("log-likelihood", paste("bound at", iterates$iteration))
  old <- open_frame(
    limits, c(slice$label, "Log-likelihood"), slice$title, view$dots, legend_lines(legend, NULL, 4)
  )
  on.exit(graphics::par(old))
  foot <- graphics::par("usr")[3]
  graphics::segments(iterates$value, foot, iterates$value, iterates$loglik, col = colours, lty = 3)
  graphics::lines(curve$value, curve$loglik, lwd = 3)
  for (i in seq_len(count)) {
    graphics::lines(curve$value, curve[[i + 2]], col = colours[i], lwd = 2)
  }
  draw_discs(iterates[c("value", "loglik")], iterates$iteration, colours)
  draw_side_legend(
    legend = legend, col = c("black", colours), lwd = c(3, rep(2, count)), seg.len = 1.5
  )
}
