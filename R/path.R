#' The course of a fit
#'
#' What the best run of a fit climbed, iteration by iteration; and, of a fit with
#' `keep_path = TRUE`, the parameters on the way.
#'
#' The log-likelihood of EM never falls. An accelerated iteration that was not taken repeats the row
#' before: `accelerate = FALSE` shows textbook EM. With `algorithm = "cem"` the column `loglik` is
#' the classification log-likelihood, which never falls either; with `algorithm = "sem"` it is the
#' log-likelihood, which goes up and down.
#'
#' @param fit A fit from [gmm_fit()].
#'
#' @returns A data frame with `fit$iterations + 1` rows, the first for the start, and columns
#' \describe{
#'   \item{`iteration`}{0, 1, 2, ...}
#'   \item{`loglik`}{What the algorithm climbs: `fit$trace`.}
#'   \item{`gain`}{Its difference to the row before; `NA` for the start.}
#' }
#' and with a path, for every component in turn,
#' \describe{
#'   \item{`weight_1`}{Its weight.}
#'   \item{`mean_1_a`}{Its mean in column `a`; `mean_1` where the data have one column without a
#'     name, and the column's number in place of its name where several have none.}
#'   \item{`sd_1_a`}{Its standard deviation there.}
#' }
#' All parameters, also the correlations, are in `fit$path`.
#'
#' @section Errors:
#' `gmm_error_bad_type` where `fit` is not a fit, and `gmm_error_bad_value` where it is missing.
#'
#' @examples
#' fit <- gmm_fit(
#'   faithful,
#'   covariance = "full", start = list(means = rbind(c(2, 60), c(3, 60))),
#'   accelerate = FALSE, keep_path = TRUE
#' )
#' head(gmm_trace(fit))
#'
#' # The means on their way
#' trace <- gmm_trace(fit)
#' plot(faithful, col = "grey")
#' lines(trace$mean_1_eruptions, trace$mean_1_waiting, type = "b")
#' lines(trace$mean_2_eruptions, trace$mean_2_waiting, type = "b")
#' fit$path[[1]]$means
#' @export
gmm_trace <- function(fit) {
  call <- quote(gmm_trace())
  check_given(c(fit = missing(fit)), call)
  check_fit(fit, call)
  trace <- data.frame(
    iteration = seq_along(fit$trace) - 1L,
    loglik = fit$trace,
    gain = c(NA_real_, diff(fit$trace))
  )
  if (is.null(fit$path)) {
    return(trace)
  }
  parameters <- lapply(fit$path, parameter_row)
  cbind(trace, as.data.frame(do.call(rbind, parameters), optional = TRUE))
}

#' Weights, means and standard deviations of a mixture, named, component by component
#' @noRd
parameter_row <- function(mixture) {
  of_columns <- if (!is.null(colnames(mixture$means))) {
    paste0("_", colnames(mixture$means))
  } else if (mixture$d > 1) {
    paste0("_", seq_len(mixture$d))
  }
  of_component <- function(j) {
    variances <- diag(matrix(mixture$covariances[, , j], mixture$d))
    values <- c(mixture$weights[[j]], mixture$means[j, ], sqrt(variances))
    labels <- c(paste0("mean_", j, of_columns), paste0("sd_", j, of_columns))
    set_names(values, c(paste0("weight_", j), labels))
  }
  unlist(lapply(seq_len(mixture$k), of_component))
}

#' The mixtures of a run
#'
#' @param path The engine's parameters of all, one after the other, or `NULL`.
#' @returns A list of `gmm_mixture`, or `NULL`.
#' @noRd
as_path <- function(path, k, d, columns) {
  if (is.null(path)) {
    return(NULL)
  }
  part <- function(values, size, i) values[seq_len(size) + (i - 1) * size]
  lapply(seq_len(length(path$weights) / k), function(i) {
    parts <- list(
      weights = part(path$weights, k, i),
      means = part(path$means, k * d, i),
      covariances = part(path$covariances, d * d * k, i)
    )
    new_mixture(parts, columns)
  })
}
