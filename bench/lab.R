# A simulated lab: is the number of components found that the rows came from?

simulate_lab <- function(seed) {
  set.seed(seed)
  centres <- c(rnorm(200), rnorm(200, 10, 2), rnorm(200, 20, 1), rnorm(200, 40, 2))
  cbind(X = centres, Y = rnorm(800))
}

run_lab <- function(seed) {
  x <- simulate_lab(seed)
  fit <- gmm_fit(x)
  from_truth <- gmm_fit(x, start = rep(1:4, each = 200))
  theirs <- Mclust(x, verbose = FALSE)
  run <- data.frame(
    seed,
    k = fit$k, covariance = fit$covariance, BIC = BIC(fit),
    mclust_k = theirs$G, mclust_covariance = theirs$modelName, mclust_BIC = -theirs$bic,
    truth = BIC(from_truth)
  )
  if (run$BIC > run$truth + 1e-3) {
    print(run)
    stop("the search has not found what the true partition leads to")
  }
  run
}

lab <- function(quick) {
  runs <- do.call(rbind, lapply(seq_len(if (quick) 3 else 50), run_lab))
  count <- function(name, k, bic) {
    behind <- bic - runs$truth
    data.frame(
      name,
      four = sum(k == 4),
      worse = sum(behind > 1e-3),
      most = if (any(behind > 1e-3)) max(behind) else NA_real_,
      better = sum(behind < -1e-3)
    )
  }
  table <- rbind(
    count("gaussmix", runs$k, runs$BIC),
    count("mclust", runs$mclust_k, runs$mclust_BIC)
  )
  names(table) <- c("", "4 components", "worse than from the truth", "by at most", "better")
  others <- runs[runs$k != 4, ]
  list(
    title = "The simulated lab",
    text = paste(
      "Four components of 200 rows each: in the first column N(0, 1), N(10, 4), N(20, 1) and",
      "N(40, 4), in the second N(0, 1) for all. Of", nrow(runs), "seeds, how often the best model",
      "by BIC has 4 components, and how often its BIC is worse or better than the best that all",
      "families with 4 components reach from the true partition. gaussmix chooses otherwise in:",
      if (nrow(others) == 0) {
        "none."
      } else {
        seeds <- sprintf("seed %d (%s with k = %d)", others$seed, others$covariance, others$k)
        paste0(paste(seeds, collapse = ", "), ".")
      }
    ),
    table = table
  )
}
