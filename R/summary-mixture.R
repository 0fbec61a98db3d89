#' Summarise a mixture
#'
#' The parameters of a mixture in words and tables: weights, means, standard deviations and
#' correlations. Of a fit there is more to say: see [summary.gmm()].
#'
#' @param object A mixture from [gmm_mixture()] or [gmm_mstep()].
#' @param x A summary.
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns A list of class `"summary.gmm_mixture"`: `weights` `double[k]`; `means` and `deviations`,
#'   `double[k, d]`, in the units of the data; `correlations` `double[d, d, k]`; and the `mixture`.
#'   Printing returns the summary invisibly.
#'
#' @examples
#' summary(gmm_mstep(iris[1:4], iris$Species))
#' @export
summary.gmm_mixture <- function(object, ...) {
  structure(
    list(
      weights = object$weights,
      means = object$means,
      deviations = component_deviations(object),
      correlations = component_correlations(object),
      mixture = object
    ),
    class = "summary.gmm_mixture"
  )
}

#' Correlations, `double[d, d, k]`
#' @noRd
component_correlations <- function(mixture) {
  covariances <- lapply(seq_len(mixture$k), function(j) {
    matrix(mixture$covariances[, , j], mixture$d, mixture$d)
  })
  correlations <- mixture$covariances
  correlations[] <- vapply(covariances, stats::cov2cor, numeric(mixture$d^2))
  correlations
}

#' @rdname summary.gmm_mixture
#' @export
print.summary.gmm_mixture <- function(x, digits = 4, ...) {
  print.gmm_mixture(x$mixture, digits)
  if (x$mixture$d > 1) {
    cat("\nCorrelations\n")
    # The family is not known, and the full one leaves nothing out.
    table <- correlation_table(x$correlations, "VVV")
    table[] <- formatC(table, digits = digits, format = "f")
    print_cut(table, digits)
  }
  invisible(x)
}
