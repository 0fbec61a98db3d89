# Whole jobs: the choice of a model by the default call of each package, in turns.

compare_choices <- function(name, x, rounds) {
  jobs <- list(
    ours = function() gmm_fit(x, threads = 2),
    mclust = function() Mclust(x, verbose = FALSE)
  )
  set.seed(1)
  found <- replicate(rounds, lapply(jobs, timed), simplify = FALSE)
  seconds <- vapply(found, function(round) round$mclust$seconds / round$ours$seconds, 0)
  gain <- vapply(found, function(round) -round$mclust$value$bic - BIC(round$ours$value), 0)
  data.frame(name, peer = "Mclust()", ratio = median(seconds), gain = median(gain))
}

compare_kmeans <- function(n, d, k) {
  x <- simulate_rows(n, d, k, spread = 2)
  ours <- timed(function() gmm_fit(x, k = k, covariance = "full", threads = 2))
  theirs <- timed(function() {
    suppressWarnings(stats::kmeans(x, k, nstart = 10, iter.max = 100))
  })
  name <- sprintf("%s x %d, full with k = %d", format(n, scientific = TRUE), d, k)
  data.frame(name, peer = "kmeans()", ratio = theirs$seconds / ours$seconds, gain = NA_real_)
}

jobs <- function(quick) {
  rounds <- if (quick) 1 else 5
  sets <- search_sets()
  simulated <- lapply(if (quick) 500 else c(1, 2, 5, 10, 20) * 1e3, function(n) {
    x <- simulate_rows(n, 5, 4, spread = 2)
    compare_choices(sprintf("simulated, %d x 5", n), x, if (n >= 5000) 1 else rounds)
  })
  # Of a fraction of a second each, so that single ones say little.
  small <- lapply(c("faithful", "iris", "diabetes"), function(name) {
    compare_choices(name, sets[[name]], 4 * rounds)
  })
  table <- rbind(
    do.call(rbind, small),
    do.call(rbind, simulated),
    compare_kmeans(if (quick) 1e4 else 1e6, 10, 3)
  )
  names(table) <- c("data", "peer", "peer over gaussmix", "BIC gained")
  list(
    title = "Whole jobs",
    text = paste(
      "Time of the peer over that of gaussmix with two threads: `Mclust(x)` over `gmm_fit(x)`;",
      "both choose among 9 numbers of components and 14 families. And",
      "`kmeans(x, 3, nstart = 10, iter.max = 100)` over one model, all its starts included.",
      "Simulated rows are of 4 components. *BIC gained* is the BIC of mclust's choice less that of",
      "gaussmix: positive is better."
    ),
    table = table
  )
}
