# Whole fits: each package looks for a start of its own, so that the log-likelihoods may differ.

# Without the components' own covariances, and apart or not.
simulate_rows <- function(n, d, k, spread) {
  set.seed(1)
  centres <- matrix(rnorm(k * d, sd = spread), k)
  matrix(rnorm(n * d), n) + centres[sample(k, n, replace = TRUE), ]
}

compare_fits <- function(name, x, k, rounds) {
  set.seed(1)
  search <- list(
    ours_1 = function() gmm_fit(x, k = k, covariance = "full", threads = 1)$loglik,
    ours_2 = function() gmm_fit(x, k = k, covariance = "full", threads = 2)$loglik,
    mclust = function() Mclust(x, G = k, modelNames = "VVV", verbose = FALSE)$loglik
  )
  found <- replicate(rounds, vapply(search, \(call) unlist(timed(call)), numeric(2)))
  over <- function(who) median(found["seconds", "mclust", ] / found["seconds", who, ])
  gain <- median(found["value", "ours_1", ] - found["value", "mclust", ])
  data.frame(name, k, over("ours_1"), over("ours_2"), gain)
}

whole_fits <- function(quick) {
  few <- if (quick) 1 else 3
  many <- if (quick) 3 else 25
  table <- rbind(
    compare_fits("Old Faithful", as.matrix(faithful), 2, many),
    compare_fits("iris", as.matrix(iris[1:4]), 3, many),
    compare_fits("1e4 x 5, separate", simulate_rows(1e4, 5, 4, spread = 4), 4, few),
    compare_fits("1e4 x 5, overlapping", simulate_rows(1e4, 5, 4, spread = 1), 4, few)
  )
  names(table) <- c("data", "k", "mclust", "mclust, 2 threads", "log-likelihood gained")
  list(
    title = "Whole fits, full covariance",
    text = paste(
      "Time of `Mclust()` over that of `gmm_fit()`, the search for a start included: up to 24",
      "starts against one. *Gained* is the log-likelihood of gaussmix less that of mclust."
    ),
    table = table
  )
}
