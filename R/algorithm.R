#' EM, its relatives, and fixed parameters
#'
#' @description
#' [gmm_fit()] estimates a mixture by the EM algorithm, or by a relative of it that its argument
#' `algorithm` names. Each of them may hold some parameters fixed, with the argument `fix`.
#'
#' All of them repeat two steps. The E-step, [gmm_estep()], computes the responsibilities of the
#' components for every row. The M-step, [gmm_mstep()], takes the mixture of these. They differ in
#' what they do with the responsibilities in between.
#'
#' @section EM:
#' `algorithm = "em"`, the default, shares every row between the components, by its
#' responsibilities. The log-likelihood never falls, except with `reg_covar`. It climbs to an
#' optimum, which may be a local one.
#'
#' @section Classification EM:
#' `algorithm = "cem"` gives every row to the component where `weights[k]` times the density is
#' largest. This climbs the classification log-likelihood \eqn{\sum_n \log \pi_{z_n}
#' f_{z_n}(x_n)}{sum log(pi_z f_z(x))}, over mixtures and labels `z`, and has converged when a
#' partition repeats, mostly after a few iterations. Its parameters are biased where components
#' overlap.
#'
#' With `covariance = "EII"` and `equal_weights = TRUE` it is k-means by Lloyd's algorithm.
#'
#' @section Stochastic EM:
#' `algorithm = "sem"` draws the component of every row from its responsibilities. It does not
#' converge, but wanders, also away from optima that are only local. Every run makes `max_iter`
#' iterations, 200 unless [gmm_control()] says otherwise, and ends at the mixture with the highest
#' log-likelihood that it has seen.
#'
#' @section What a fit reports:
#' `loglik`, `df` and the criteria are those of the mixture, whatever the algorithm. So is `trace` of
#' EM and of SEM, which for SEM goes up and down, and has `loglik` as its highest value. That of CEM
#' has the classification log-likelihoods. As in EM, a run in which a component loses its rows or
#' collapses is dropped. All starts of CEM and SEM run to the end: see [gmm_control()].
#'
#' @section Fixed parameters:
#' Parameters in `fix` stay as they are given, and the M-step estimates the others. With fixed
#' means, covariances are about these; with fixed covariances, means and weights are as always. `df`
#' counts the parameters that are free. `k` follows from `fix`, except from one covariance for all.
#' Fixed parameters take the place of those that `start` has. Components keep the order of
#' parameters that are fixed component by component.
#'
#' With fixed covariances no family is left to choose: it is the smallest that has them, and
#' `covariance` must allow it, as the default and `"full"` always do. With covariances \eqn{s^2
#' I}{s^2 I} this is the soft k-means algorithm, and with small `s` nearly k-means. `equal_weights
#' = TRUE` beside fixed weights, and `reg_covar` or `min_eigen_ratio` beside fixed covariances,
#' are refused.
#'
#' @references
#' Celeux, G. and Diebolt, J. (1985). The SEM algorithm: a probabilistic teacher algorithm derived
#' from the EM algorithm for the mixture problem. *Computational Statistics Quarterly* 2, 73--82.
#'
#' Celeux, G. and Govaert, G. (1992). A classification EM algorithm for clustering and two
#' stochastic versions. *Computational Statistics & Data Analysis* 14, 315--332.
#'
#' Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete
#' data via the EM algorithm. *Journal of the Royal Statistical Society B* 39, 1--38.
#'
#' @seealso `vignette("em-step-by-step")` derives them, with code.
#'
#' @examples
#' # Two clusters that overlap: the means of classification EM are too far apart
#' overlap <- gmm_example("overlap", seed = 1)[1:2]
#' set.seed(1)
#' gmm_fit(overlap, k = 2, covariance = "EII")$means
#' gmm_fit(overlap, k = 2, covariance = "EII", algorithm = "cem")$means
#' gmm_fit(overlap, k = 2, covariance = "EII", algorithm = "sem")$means
#'
#' # k-means, and soft k-means, from the same centres
#' centres <- as.matrix(faithful[c(1, 2), ])
#' gmm_fit(
#'   faithful,
#'   covariance = "EII", algorithm = "cem", equal_weights = TRUE, start = list(means = centres)
#' )
#' gmm_fit(faithful, start = list(means = centres), fix = list(covariances = 25 * diag(2)))
#' @name gmm-algorithms
#' @aliases gmm_algorithms
NULL

algorithms <- c("em", "cem", "sem")
