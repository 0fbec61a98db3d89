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

# The words that a plot writes, and where, in points from the lower left corner of the page.
written <- function(code, width = 7, height = 7) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file, width, height, compress = FALSE, useKerning = FALSE)
  tryCatch(force(code), finally = grDevices::dev.off())
  page <- readLines(file, warn = FALSE)
  unlink(file)
  pattern <- ".* ([-0-9.]+) ([-0-9.]+) Tm \\((.*)\\) Tj.*"
  lines <- grep(pattern, page, value = TRUE, useBytes = TRUE)
  text <- gsub("\\\\([()])", "\\1", sub(pattern, "\\3", lines))
  data.frame(
    text = text,
    x = as.double(sub(pattern, "\\1", lines)),
    y = as.double(sub(pattern, "\\2", lines))
  )
}
