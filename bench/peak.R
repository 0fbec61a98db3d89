# Usage: Rscript peak.R start|search THREADS DIRECTORY n d k
# Prints the memory of R with the data, and what a fit adds at its peak, in MB.

library(gaussmix)

arguments <- commandArgs(TRUE)
directory <- arguments[3]
shape <- as.numeric(arguments[4:6])

read <- function(name, rows, columns) {
  values <- readBin(file.path(directory, name), "double", rows * columns, endian = "little")
  dim(values) <- c(rows, columns)
  values
}

status <- function(field) {
  line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024 / 1e6
}

x <- read("x", shape[1], shape[2])
start <- if (arguments[1] == "start") {
  list(
    weights = rep(1 / shape[3], shape[3]),
    means = read("means", shape[3], shape[2]),
    covariances = array(diag(shape[2]), shape[c(2, 2, 3)])
  )
}
# What R loads at the first call of all is none of the fit's.
invisible(suppressWarnings(gmm_fit(faithful, k = 2, covariance = "full", max_iter = 1, threads = 1)))
invisible(gc())
# The peak so far is forgotten: proc(5).
writeLines("5", "/proc/self/clear_refs")
before <- status("VmRSS")
fit <- gmm_fit(
  x,
  k = shape[3], covariance = "full", start = start, max_iter = 20, tol = 0,
  threads = as.numeric(arguments[2])
)
cat(before, status("VmHWM") - before, "\n")
