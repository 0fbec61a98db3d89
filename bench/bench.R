# Compares gaussmix with mclust: Rscript bench/bench.R, or `make bench`.
#
# An EM iteration: both begin at the same mixture and make the same number of iterations, which the
# log-likelihoods must confirm before anything is timed. The whole job: both search for a start of
# their own, so that the log-likelihoods may differ, and the table shows by how much.
# Times are taken in turns (A B A B); the table has medians of their ratios, and no times, since
# those of different machines and days can't be compared. Two threads need two idle cores.

suppressPackageStartupMessages({
  library(gaussmix)
  library(mclust)
})

# With `spread = 1` the components overlap, so that EM climbs slowly and no run ends early.
simulate_rows <- function(n, d, k, spread = 1) {
  centres <- matrix(rnorm(k * d, sd = spread), k)
  matrix(rnorm(n * d), n) + centres[sample(k, n, replace = TRUE), ]
}

start_mixture <- function(x, k) {
  list(
    weights = rep(1 / k, k),
    means = x[sample(nrow(x), k), ],
    covariances = array(cov(x), c(ncol(x), ncol(x), k))
  )
}

gaussmix_iterations <- function(x, start, iterations, threads) {
  gmm_fit(x, start = start, max_iter = iterations, tol = 0, threads = threads)
}

mclust_iterations <- function(x, start, iterations) {
  variance <- list(
    modelName = "VVV", d = ncol(x), G = length(start$weights), sigma = start$covariances,
    cholsigma = array(apply(start$covariances, 3, chol), dim(start$covariances))
  )
  parameters <- list(pro = start$weights, mean = t(start$means), variance = variance)
  emVVV(x, parameters, control = emControl(itmax = iterations, tol = 0))
}

# Seconds of every contender in every round, double[length(contenders), rounds].
seconds_in_turns <- function(contenders, rounds) {
  seconds <- function(run) {
    gc(FALSE)
    began <- Sys.time()
    run()
    as.numeric(Sys.time() - began, units = "secs")
  }
  replicate(rounds, vapply(contenders, seconds, numeric(1)))
}

# A line of the table for each number of threads: mclust's time over gaussmix's.
compare <- function(label, gaussmix, mclust, threads, rounds, difference) {
  contenders <- c(lapply(threads, function(count) function() gaussmix(count)), mclust)
  seconds <- seconds_in_turns(contenders, rounds)
  ratio <- function(i) median(seconds[length(contenders), ] / seconds[i, ])
  data.frame(
    work = label,
    threads = threads,
    ratio = vapply(seq_along(threads), ratio, numeric(1)),
    difference = difference
  )
}

compare_iterations <- function(n, d, k, iterations, threads = 1:2, rounds = 5) {
  x <- simulate_rows(n, d, k)
  start <- start_mixture(x, k)
  ours <- gaussmix_iterations(x, start, iterations, 1)
  theirs <- mclust_iterations(x, start, iterations)
  difference <- ours$loglik - theirs$loglik
  stopifnot(
    ours$iterations == iterations,
    # mclust negates the number if it is all that was allowed.
    attr(theirs, "info")[["iterations"]] == -iterations,
    abs(difference) < 1e-9 * abs(theirs$loglik)
  )
  compare(
    sprintf("%d EM iterations, n = %g, d = %d, k = %d", iterations, n, d, k),
    function(count) gaussmix_iterations(x, start, iterations, count),
    function() mclust_iterations(x, start, iterations),
    threads, rounds, difference
  )
}

compare_search <- function(name, x, k, threads = 1:2, rounds = 25) {
  search <- function(count) gmm_fit(x, k = k, threads = count)
  search_mclust <- function() Mclust(x, G = k, modelNames = "VVV", verbose = FALSE)
  difference <- search(1)$loglik - search_mclust()$loglik
  label <- sprintf("whole fit, %s, k = %d", name, k)
  compare(label, search, search_mclust, threads, rounds, difference)
}

print_table <- function(table) {
  cat(
    "| work | threads | time, mclust / gaussmix | log-likelihood, gaussmix - mclust |",
    "|---|--:|--:|--:|",
    sprintf("| %s | %d | %.1f | %.2g |", table$work, table$threads, table$ratio, table$difference),
    sep = "\n"
  )
}

set.seed(1)
table <- rbind(
  compare_iterations(1e4, 2, 3, iterations = 200),
  compare_iterations(1e5, 2, 5, iterations = 50),
  compare_iterations(1e5, 10, 5, iterations = 20, rounds = 3),
  compare_search("Old Faithful", as.matrix(faithful), 2),
  compare_search("iris", as.matrix(iris[1:4]), 3),
  compare_search("n = 10000, d = 5, separate", simulate_rows(1e4, 5, 4, spread = 4), 4,
                 rounds = 3),
  compare_search("n = 10000, d = 5, overlapping", simulate_rows(1e4, 5, 4), 4, rounds = 3)
)
cat(sprintf(
  "gaussmix %s, mclust %s, %s, %s\n\n",
  packageVersion("gaussmix"), packageVersion("mclust"), R.version.string, R.version$platform
))
print_table(table)
