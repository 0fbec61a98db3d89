# Responsibilities at random
random_posterior <- function(n, k) {
  posterior <- matrix(rexp(n * k), n)
  posterior / rowSums(posterior)
}

# The lecture's example: numbers, and labels to begin with
seven <- c(1.13, 4.76, 0.87, 3.32, 4.29, 1.03, 0.98)
seven_labels <- c(1, 1, 1, 2, 2, 1, 1)
