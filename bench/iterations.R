# EM iterations, full covariance: same data, same start, same number of iterations.

# n, d, k; few and many iterations; rounds.
sizes <- list(
  list(1e4, 2, 3, c(20, 220), 5),
  list(1e5, 2, 5, c(5, 35), 5),
  list(1e6, 1, 4, c(2, 8), 3),
  list(1e5, 10, 5, c(4, 20), 5),
  list(1e6, 10, 8, c(1, 4), 3),
  list(1e5, 50, 10, c(1, 4), 3),
  list(2e4, 100, 5, c(1, 7), 3)
)

# Ratios are of calls that make so many iterations.
calls_of <- 100

compare_iterations <- function(size, quick) {
  n <- if (quick) size[[1]] / 10 else size[[1]]
  work <- workload(n, size[[2]], size[[3]])
  peers <- start_peers(work)
  on.exit(peers$end())
  contenders <- list(
    ours_1 = gaussmix_contender(work, "VVV", 1),
    ours_2 = gaussmix_contender(work, "VVV", 2),
    avx2 = gaussmix_contender(work, "VVV", 1, isa = "avx2"),
    portable = gaussmix_contender(work, "VVV", 1, isa = "portable"),
    mclust = mclust_contender(work, "VVV"),
    scikit_1 = peers$scikit$contender("full", 1),
    scikit_2 = peers$scikit$contender("full", 2),
    armadillo_1 = peers$armadillo$contender("full", 1),
    armadillo_2 = peers$armadillo$contender("full", 2)
  )
  turns <- in_turns(contenders, size[[4]], if (quick) 2 else size[[5]])
  over <- function(a, b) ratio(turns, a, b, calls_of)
  rest <- function(who) median(turns["rest", who, ] / turns["each", who, ])
  data.frame(
    work = workload_name(work),
    over("mclust", "ours_1"),
    over("mclust", "ours_2"),
    over("mclust", "avx2"),
    over("mclust", "portable"),
    min(over("scikit_1", "ours_1"), over("scikit_2", "ours_1")),
    min(over("scikit_1", "ours_2"), over("scikit_2", "ours_2")),
    over("armadillo_1", "ours_1"),
    over("armadillo_2", "ours_2"),
    rest("ours_1"),
    rest("ours_2"),
    difference(turns)
  )
}

iterations <- function(quick) {
  if (quick) {
    sizes <- sizes[c(3, 4)]
  }
  table <- do.call(rbind, lapply(sizes, compare_iterations, quick = quick))
  names(table) <- c(
    "n x d x k", "mclust", "mclust, 2 threads", "mclust, AVX2", "mclust, portable",
    "scikit-learn", "scikit-learn, 2 threads", "Armadillo", "Armadillo, 2 threads",
    "the rest of a call", "with 2 threads", "difference"
  )
  list(
    title = "EM iterations, full covariance",
    text = paste(
      "Time of the peer over that of gaussmix, for calls of", calls_of, "iterations: above 1",
      "gaussmix is faster. gaussmix has one thread, or two where it says so; mclust always has",
      "one, Armadillo as many as gaussmix, scikit-learn one or two, whichever is faster.",
      "*AVX2* is gaussmix without AVX-512, which it uses elsewhere if the processor has it, and",
      "*portable* without either. *The rest of a call* is what a `gmm_fit()` costs beside its",
      "iterations, measured in iterations. *Difference* is the largest between the",
      "log-likelihoods, relative."
    ),
    table = table
  )
}
