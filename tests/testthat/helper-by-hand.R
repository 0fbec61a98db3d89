#' Log joint densities `double[n, k]` of rows and components, by the textbook
joint_by_hand <- function(x, mixture) {
  d <- ncol(x)
  vapply(seq_along(mixture$weights), function(j) {
    covariance <- matrix(mixture$covariances[, , j], d)
    centred <- sweep(x, 2, mixture$means[j, ])
    distance <- rowSums((centred %*% solve(covariance)) * centred)
    log(mixture$weights[[j]]) - (d * log(2 * pi) + log(det(covariance)) + distance) / 2
  }, numeric(nrow(x)))
}

loglik_by_hand <- function(x, mixture) {
  sum(log(rowSums(exp(joint_by_hand(x, mixture)))))
}

posterior_by_hand <- function(x, mixture) {
  joint <- exp(joint_by_hand(x, mixture))
  joint / rowSums(joint)
}

#' The M-step of full covariances, about `means` if they are given
m_step_by_hand <- function(x, posterior, means = NULL) {
  mass <- colSums(posterior)
  means <- if (is.null(means)) t(posterior) %*% x / mass else means
  covariance <- function(j) {
    centred <- sweep(x, 2, means[j, ])
    t(centred) %*% (posterior[, j] * centred) / mass[j]
  }
  list(
    weights = mass / nrow(x),
    means = means,
    covariances = simplify2array(lapply(seq_along(mass), covariance))
  )
}

expect_same_mixture <- function(found, expected, tolerance = 1e-10) {
  for (part in c("weights", "means", "covariances")) {
    testthat::expect_equal(
      as.vector(found[[part]]), as.vector(expected[[part]]),
      tolerance = tolerance
    )
  }
}
