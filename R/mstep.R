#' The M-step: the mixture of given responsibilities
#'
#' Finds the mixture that maximises the expected complete-data log-likelihood
#' \deqn{\sum_{nk} r_{nk} (\log \pi_k + \log N(x_n | \mu_k, \Sigma_k))}{sum_nk r_nk (log pi_k + log
#' N(x_n | mu_k, Sigma_k))}
#' of responsibilities \eqn{r_{nk}}{r_nk}. With full covariances these are the weighted moments of
#' the rows; what other families make of them is in [`?gmm_covariance`][gmm-covariance]. With labels
#' it is the "oracle" estimate, of someone who knows which row comes from which component.
#'
#' @param x The data, `n` rows and `d` columns: a numeric matrix, a data frame of numeric columns,
#'   or a numeric vector (`d` = 1). All values must be finite and every column must vary.
#' @param posterior What [gmm_estep()] returns; or `double[n, k]`: responsibilities, whose rows sum
#'   to 1. Or `n` labels, one for each row: a factor, or a vector of whole numbers, strings, or
#'   `TRUE` and `FALSE`, none missing. The components are then numbered in the sorted order of the
#'   labels, or in that of the factor's levels; levels without a row are left out.
#' @param covariance A covariance family, such as `"full"` or `"EEI"`, see
#'   [`?gmm_covariance`][gmm-covariance].
#' @param equal_weights `TRUE` or `FALSE`: whether all weights are 1 / `k`.
#'
#' @returns A mixture as [gmm_mixture()] returns it, with the components in the order of
#'   `posterior`. Covariances are those of maximum likelihood: sums of squares are divided by the sum
#'   of the responsibilities, not by one less.
#'
#' @section Errors:
#' `gmm_error_degenerate` names the `component` that is empty or whose covariance is singular, and
#' the `rows` that belong to it most; where all components share the covariance, no component is
#' named. As in [gmm_fit()], a component is empty if the sum of its responsibilities is below 1, and
#' a covariance is singular if it is so at the scale of the data. `gmm_error_bad_type`,
#' `gmm_error_bad_shape` and `gmm_error_bad_value` name the `argument` that is wrong, with missing
#' labels also their `rows`; `gmm_error_non_finite` and `gmm_error_constant_column` name the
#' `columns`.
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, equations 9.24 to 9.26.
#' Springer.
#'
#' Celeux, G. and Govaert, G. (1995). Gaussian parsimonious clustering models. *Pattern
#' Recognition* 28, 781--793.
#'
#' @seealso [gmm_estep()], [gmm_elbo()]
#'
#' @examples
#' # Two groups of seven numbers: means 1.75 and 3.81, weights 5/7 and 2/7
#' gmm_mstep(c(1.13, 4.76, 0.87, 3.32, 4.29, 1.03, 0.98), c(1, 1, 1, 2, 2, 1, 1))
#'
#' # The oracle, and how well it would assign the flowers
#' oracle <- gmm_mstep(iris[1:4], iris$Species, covariance = "tied")
#' table(iris$Species, predict(oracle, iris[1:4]))
#' @export
gmm_mstep <- function(x, posterior, covariance = "full", equal_weights = FALSE) {
  call <- quote(gmm_mstep())
  check_given(c(x = missing(x), posterior = missing(posterior)), call)
  check_order(x, "gmm_mstep(x, posterior)", call)
  x <- as_data_matrix(x, "x", call)
  check_rows(x, "x", call)
  check_finite(x, "x", call)
  check_flag(equal_weights, "equal_weights", call)
  family <- resolve_family(covariance, ncol(x), call)
  posterior <- as_posterior(posterior, nrow(x), "posterior", "labels or responsibilities", call)
  check_variation(x, "x", call)
  threads <- resolve_threads(NULL, call)
  found <- engine_m_step(x, nrow(x), posterior, family$letters, equal_weights, threads)
  if (isTRUE(found$condition %in% c("empty", "singular"))) {
    abort_m_step(found, x, posterior, family$name, call)
  }
  new_mixture(engine_value(found, x, call), colnames(x))
}

#' The one covariance family that the user names
#' @noRd
resolve_family <- function(covariance, d, call) {
  family <- resolve_families(covariance, d, call)
  if (length(family$name) > 1) {
    is <- cli::format_inline("stands for {length(family$name)}")
    abort_argument("covariance", "one covariance family", is, "bad_value", call)
  }
  family
}

#' Say which component has too few rows, or rows that vary too little
#' @noRd
abort_m_step <- function(found, x, posterior, family, call) {
  k <- if (is.matrix(posterior)) ncol(posterior) else max(posterior)
  cluster <- if (is.matrix(posterior)) max.col(posterior, "first") else posterior
  rows <- which(cluster == found$component)
  collapse <- describe_collapse(list(cause = found, rows = rows), x, family, k)
  # A run loses rows on its way; a single step has them or not.
  what <- sub("lost its rows", "is empty", collapse$what, fixed = TRUE)
  abort_gmm(
    c(
      "{.arg posterior} must leave every component a covariance that can be inverted.",
      x = "{what}"
    ),
    "degenerate",
    argument = "posterior",
    component = collapse$component,
    rows = collapse$rows,
    call = call
  )
}
