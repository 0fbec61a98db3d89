#' The lower bound of the log-likelihood that EM raises
#'
#' For any responsibilities \eqn{r_{nk}}{r_nk}, by Jensen's inequality,
#' \deqn{\sum_{nk} r_{nk} (\log \pi_k + \log N(x_n | \mu_k, \Sigma_k)) - \sum_{nk} r_{nk} \log
#' r_{nk}}{sum_nk r_nk (log pi_k + log N(x_n | mu_k, Sigma_k)) - sum_nk r_nk log r_nk}
#' is at most the log-likelihood: the expected complete-data log-likelihood, plus the entropy of the
#' responsibilities. It is equal to the log-likelihood where these are the mixture's own: the bound
#' touches. So the E-step ([gmm_estep()]) raises the bound to the log-likelihood, the M-step
#' ([gmm_mstep()]) raises it further, and with it the log-likelihood, which lies above.
#'
#' @inheritParams gmm_estep
#' @param posterior What [gmm_estep()] returns; or `double[n, k]`: responsibilities, whose rows sum
#'   to 1. Or `n` numbers of components, 1 to `k`: every row then belongs to one, and the bound is
#'   the classification log-likelihood, without entropy.
#'
#' @returns A number. It is `-Inf` where a row has a positive responsibility of a component whose
#'   density there is so small that even its logarithm overflows.
#'
#' @inheritSection gmm_estep Errors
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, equations 9.70 to 9.72 and
#' section 9.4. Springer.
#'
#' Neal, R. M. and Hinton, G. E. (1998). A view of the EM algorithm that justifies incremental,
#' sparse, and other variants. In M. I. Jordan (ed.), *Learning in Graphical Models*, 355--368.
#' Springer.
#'
#' @examples
#' x <- faithful$waiting
#' mixture <- gmm_mixture(means = c(50, 80), covariances = 100)
#' step <- gmm_estep(x, mixture)
#' gmm_elbo(x, mixture, step)
#' step$loglik
#'
#' # Other responsibilities give less
#' gmm_elbo(x, mixture, matrix(0.5, length(x), 2))
#' gmm_elbo(x, mixture, predict(mixture, x))
#' @export
gmm_elbo <- function(x, mixture, posterior) {
  call <- quote(gmm_elbo())
  is_missing <- c(x = missing(x), mixture = missing(mixture), posterior = missing(posterior))
  check_given(is_missing, call)
  check_order(x, "gmm_elbo(x, mixture, posterior)", call)
  mixture <- as_mixture(mixture, "mixture", call)
  x <- step_rows(x, mixture, call)
  k <- length(mixture$weights)
  posterior <- component_posterior(posterior, nrow(x), k, call)
  log_joint <- score_complete(mixture, x, "component_density", call, TRUE)
  log_joint <- log_joint + rep(log(mixture$weights), each = nrow(x))
  if (!is.matrix(posterior)) {
    return(sum(log_joint[cbind(seq_len(nrow(x)), posterior)]))
  }
  # The limit of r log r is zero, and a row's density does not matter where nobody claims it.
  own <- posterior > 0
  sum(posterior[own] * (log_joint[own] - log(posterior[own])))
}

#' Responsibilities of the components of a mixture, or the numbers of components
#' @noRd
component_posterior <- function(posterior, n, k, call) {
  posterior <- bare_posterior(posterior)
  if (is.matrix(posterior)) {
    posterior <- as_responsibilities(posterior, n, "posterior", call)
    if (ncol(posterior) != k) {
      must <- cli::pluralize("a matrix with {k} column{?s}, as the mixture has components")
      abort_argument("posterior", must, paste("has", ncol(posterior)), "bad_shape", call)
    }
    return(posterior)
  }
  must <- paste("responsibilities, or numbers of components from 1 to", k)
  if (!is.numeric(posterior) || is.object(posterior)) {
    abort_argument("posterior", must, is_type(posterior), "bad_type", call)
  }
  strange <- setdiff(posterior[!is.na(posterior)], seq_len(k))
  if (length(strange) > 0) {
    is <- paste("has", format_values(strange[1]))
    abort_argument("posterior", must, is, "bad_value", call)
  }
  check_labels(posterior, "posterior", must, call)
  check_label_count(posterior, n, "posterior", call)
  as.integer(posterior)
}
