#' A fit of full covariances from labels that has kept its iterations, which are here made by hand
fit_with_path <- function(x, labels, iterations = 20) {
  x <- as.matrix(x)
  posterior <- outer(labels, seq_len(max(labels)), "==") + 0
  steps <- list()
  for (i in 0:iterations) {
    steps[[i + 1]] <- mixture_of(x, posterior)
    posterior <- score_rows(steps[[i + 1]], x, "posterior", 1L, quote(test()))
  }
  fit <- gmm_fit(
    x,
    start = steps[[1]],
    covariance = "full",
    max_iter = iterations,
    tol = 0,
    accelerate = FALSE
  )
  order <- order(-steps[[iterations + 1]]$weights)
  fit$path <- lapply(steps, function(mixture) {
    list(
      weights = mixture$weights[order],
      means = mixture$means[order, , drop = FALSE],
      covariances = mixture$covariances[, , order, drop = FALSE]
    )
  })
  last <- fit$path[[iterations + 1]]
  stopifnot(all.equal(last$means, fit$means, check.attributes = FALSE))
  fit
}

mixture_of <- function(x, posterior) {
  parts <- lapply(seq_len(ncol(posterior)), function(k) {
    stats::cov.wt(x, posterior[, k] / sum(posterior[, k]), method = "ML")
  })
  list(
    weights = colMeans(posterior),
    means = do.call(rbind, lapply(parts, `[[`, "center")),
    covariances = array(
      unlist(lapply(parts, `[[`, "cov")),
      c(ncol(x), ncol(x), ncol(posterior))
    )
  )
}
