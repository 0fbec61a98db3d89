# Data that every contender gets, and the mixture at which every contender starts.

# `n` rows of `k` overlapping components in `d` dimensions, each with a covariance of its own. They
# are so near each other that EM climbs slowly and no run ends early. All begin at covariances that
# are the identity: that belongs to every family.
workload <- function(n, d, k) {
  set.seed(1)
  distance <- 3.2
  centres <- if (d == 1) {
    matrix(0.8 * distance * seq(-1.5, 1.5, length.out = k))
  } else {
    matrix(rnorm(k * d, sd = distance / sqrt(2 * d)), k)
  }
  z <- sample(k, n, replace = TRUE, prob = rgamma(k, 8))
  x <- matrix(rnorm(n * d), n)
  for (j in seq_len(k)) {
    # Axes are of lengths between the square roots of these, in any direction.
    axes <- qr.Q(qr(matrix(rnorm(d * d), d))) * rep(sqrt(runif(d, 0.4, 2)), each = d)
    own <- z == j
    x[own, ] <- tcrossprod(x[own, , drop = FALSE], axes) + rep(centres[j, ], each = sum(own))
  }
  start <- list(
    weights = rep(1 / k, k),
    means = centres + 0.3 * matrix(rnorm(k * d), k),
    covariances = array(diag(d), c(d, d, k))
  )
  list(n = n, d = d, k = k, x = x, start = start)
}

workload_name <- function(work) {
  number <- function(x) format(x, scientific = x >= 1e4)
  paste(vapply(work[c("n", "d", "k")], number, ""), collapse = " x ")
}

# The arguments of a peer in another process: a directory with little-endian doubles, column by
# column, and their shape.
write_workload <- function(work) {
  directory <- file.path("build/bench", gsub(" ", "", workload_name(work)))
  dir.create(directory, showWarnings = FALSE, recursive = TRUE)
  writeBin(as.vector(work$x), file.path(directory, "x"), endian = "little")
  writeBin(as.vector(work$start$means), file.path(directory, "means"), endian = "little")
  sprintf("%s %d %d %d", directory, work$n, work$d, work$k)
}
