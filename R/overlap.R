#' Bhattacharyya coefficients of the components: 1 where they are the same, 0 where far apart
#'
#' `integral sqrt(f_i f_j)`, without the weights.
#'
#' # Source
#' Fukunaga, K. (1990). Introduction to Statistical Pattern Recognition, equation 3.152.
#'
#' @returns `double[k, k]`.
#' @noRd
bhattacharyya <- function(x) {
  log_determinant <- function(covariance) {
    as.double(determinant(covariance, logarithm = TRUE)$modulus)
  }
  covariance <- function(k) matrix(x$covariances[, , k], x$d)
  determinants <- vapply(seq_len(x$k), function(k) log_determinant(covariance(k)), 0)
  coefficients <- diag(x$k)
  for (i in seq_len(x$k - 1)) {
    for (j in (i + 1):x$k) {
      middle <- (covariance(i) + covariance(j)) / 2
      away <- x$means[i, ] - x$means[j, ]
      distance <- sum(away * solve(middle, away, tol = 0)) / 8 +
        (log_determinant(middle) - (determinants[i] + determinants[j]) / 2) / 2
      coefficients[i, j] <- coefficients[j, i] <- exp(-distance)
    }
  }
  dimnames(coefficients) <- list(seq_len(x$k), seq_len(x$k))
  coefficients
}
