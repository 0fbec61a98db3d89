# EM iterations of every covariance family, at one size, with one thread.

families <- c(
  "EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"
)

# What other packages call the families that they have.
scikit_types <- c(VII = "spherical", VVI = "diag", EEE = "tied", VVV = "full")
armadillo_types <- c(VVI = "diag", VVV = "full")

# Their M-steps iterate until a tolerance of their own: with a smaller one, the log-likelihood that
# mclust itself reaches in 12 iterations is another by up to 1e-4.
inexact <- c("VEE", "EVE", "VVE")

compare_family <- function(family, work, posterior, peers, iterations, rounds) {
  contenders <- list(
    ours = gaussmix_contender(work, family, 1),
    full = gaussmix_contender(work, "VVV", 1),
    mclust = mclust_contender(work, family, posterior),
    scikit = if (family %in% names(scikit_types)) {
      peers$scikit$contender(scikit_types[[family]], 1)
    },
    armadillo = if (family %in% names(armadillo_types)) {
      peers$armadillo$contender(armadillo_types[[family]], 1)
    },
    flexmix = if (family == "VVV") flexmix_contender(work, posterior),
    kmeans = if (family == "EII") kmeans_contender(work)
  )
  contenders <- Filter(Negate(is.null), contenders)
  turns <- in_turns(contenders, iterations, rounds)
  over <- function(a, b) if (a %in% names(contenders)) ratio(turns, a, b, calls_of) else NA_real_
  # flexmix divides by a little less than the mass of a component, so that its steps are others.
  comparable <- setdiff(names(contenders), c("full", "flexmix", "kmeans"))
  if (family == "VVV") difference(turns[, c("ours", "flexmix"), ], tolerance = 1e-6)
  data.frame(
    family,
    over("mclust", "ours"),
    over("scikit", "ours"),
    over("armadillo", "ours"),
    over("flexmix", "ours"),
    over("kmeans", "ours"),
    1 / over("full", "ours"),
    difference(turns[, comparable, , drop = FALSE], if (family %in% inexact) 1e-3 else 1e-9)
  )
}

each_family <- function(quick) {
  if (quick) {
    families <- c("EII", "VVI", "EEE", "VVV")
  }
  work <- workload(if (quick) 1e4 else 1e5, 10, 5)
  posterior <- start_posterior(work)
  peers <- start_peers(work)
  on.exit(peers$end())
  rows <- lapply(families, function(family) {
    compare_family(family, work, posterior, peers, c(2, 12), if (quick) 2 else 5)
  })
  table <- do.call(rbind, rows)
  names(table) <- c(
    "family", "mclust", "scikit-learn", "Armadillo", "flexmix", "kmeans",
    "ours over VVV", "difference"
  )
  list(
    title = paste("EM iterations of every family,", workload_name(work)),
    text = paste(
      "Time of the peer over that of gaussmix, everything with one thread, as above.",
      "flexmix has another estimator of the covariance, so that its log-likelihood differs by up",
      "to 1e-6, and the M-steps of VEE, EVE and VVE are iterations themselves, which end elsewhere",
      "in each package. `stats::kmeans()` is Lloyd's algorithm: it has no densities to compute.",
      "*Ours over VVV* is the time of gaussmix for this family over that for the full covariance."
    ),
    table = table
  )
}
