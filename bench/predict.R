# `predict(type = "posterior")`, which has a large matrix to write.

predict_posterior <- function(quick) {
  work <- workload(if (quick) 1e5 else 1e6, 10, 8)
  one <- function(threads) {
    fit <- gmm_fit(
      work$x,
      covariance = "full", start = work$start, max_iter = 2, tol = 0, threads = threads
    )
    seconds <- replicate(if (quick) 3 else 9, c(
      predict = timed(function() predict(fit, type = "posterior"))$seconds,
      write = timed(function() matrix(0, work$n, work$k))$seconds,
      turn(gaussmix_contender(work, "VVV", threads), c(1, 6))["each"]
    ))
    over <- function(what) median(seconds["predict", ] / what)
    data.frame(
      threads,
      over(seconds["each", ]),
      over(seconds["write", ]),
      over(1.5 * seconds["each", ] + seconds["write", ])
    )
  }
  table <- do.call(rbind, lapply(1:2, one))
  names(table) <- c("threads", "an iteration", "the matrix", "1.5 iterations and the matrix")
  list(
    title = paste("Posterior probabilities,", workload_name(work)),
    text = paste(
      "Time of `predict(fit, type = \"posterior\")` over that of an EM iteration, over that of",
      "`matrix(0, n, k)`, and over one and a half iterations with the matrix together."
    ),
    table = table
  )
}
