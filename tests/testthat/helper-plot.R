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

# A fit without its history.
bare_mixture <- function(fit) {
  gmm_mixture(fit$weights, fit$means, fit$covariances)
}

# A fit that has kept the iterations of textbook EM.
fit_with_path <- function(x, start, iterations) {
  gmm_fit(
    x,
    covariance = "full", start = start, max_iter = iterations, tol = 0, accelerate = FALSE,
    keep_path = TRUE
  )
}

faithful_start <- gmm_mixture(
  means = rbind(c(3.5, 80), c(3, 60)),
  covariances = diag(c(1, 100))
)
