# Plots are drawn to a file; what they show is returned, and looked at by people.
drawn <- function(code) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  withVisible(code)
}

# A mixture from its parameters, in the shapes of a fit.
bare_mixture <- function(parameters) {
  parts <- unclass(parameters)[c("weights", "means", "covariances")]
  parts$k <- nrow(parts$means)
  parts$d <- ncol(parts$means)
  structure(parts, class = "gmm_mixture")
}

# A fit whose iterations, of textbook EM from a mixture, have been kept. The components are in the
# same order throughout only if their weights are.
fit_with_path <- function(x, start, iterations) {
  fits <- lapply(seq_len(iterations), function(i) {
    gmm_fit(
      x,
      covariance = "full", start = start, max_iter = i, tol = 0, accelerate = FALSE
    )
  })
  fit <- fits[[iterations]]
  fit$path <- c(list(bare_mixture(start)), lapply(fits, bare_mixture))
  fit
}

faithful_start <- bare_mixture(list(
  weights = c(0.5, 0.5),
  means = rbind(c(3.5, 80), c(3, 60)),
  covariances = array(diag(c(1, 100)), c(2, 2, 2))
))
