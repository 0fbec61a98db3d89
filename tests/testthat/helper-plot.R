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

# The instructions of the page that a plot makes, the same for the same plot at any time.
page_of <- function(code, width = 7, height = 7) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file, width, height, compress = FALSE, useKerning = FALSE)
  tryCatch(force(code), finally = grDevices::dev.off())
  page <- readLines(file, warn = FALSE)
  unlink(file)
  grep("Date", page, value = TRUE, fixed = TRUE, invert = TRUE, useBytes = TRUE)
}

# The words that a plot writes; where, in points from the lower left corner of the page, and in
# which size.
written <- function(code, width = 7, height = 7) {
  number <- "([-0-9.]+)"
  pattern <- paste(".* Tf", number, number, ".*", number, number, "Tm \\((.*)\\) Tj.*")
  page <- page_of(code, width, height)
  lines <- grep(pattern, page, value = TRUE, useBytes = TRUE)
  part <- function(i) sub(pattern, paste0("\\", i), lines)
  data.frame(
    text = gsub("\\\\([()])", "\\1", part(5)),
    x = as.double(part(3)),
    y = as.double(part(4)),
    # One of the two is zero, as text is level or upright.
    size = as.double(part(1)) + as.double(part(2))
  )
}

# Whether a page has something filled in this colour.
has_colour <- function(page, colour) {
  shares <- sprintf("%.3f", grDevices::col2rgb(colour) / 255)
  paste(c(shares, "scn"), collapse = " ") %in% page
}
