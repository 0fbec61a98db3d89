# What a search finds: the log-likelihood of every model, beside that of peers.

# From packages of R and Debian; `MASS` may be missing.
search_sets <- function() {
  from <- function(package, name) {
    found <- new.env()
    utils::data(list = name, package = package, envir = found)
    found[[name]]
  }
  sets <- list(
    faithful = faithful,
    iris = iris[1:4],
    diabetes = from("mclust", "diabetes")[-1],
    banknote = from("mclust", "banknote")[-1],
    thyroid = from("mclust", "thyroid")[-1],
    acidity = from("mclust", "acidity"),
    USArrests = USArrests,
    swiss = swiss,
    quakes = quakes[1:3],
    rock = rock[1:3],
    trees = trees,
    airquality = stats::na.omit(airquality)[1:4]
  )
  if (requireNamespace("MASS", quietly = TRUE)) {
    sets <- c(sets, list(
      crabs = from("MASS", "crabs")[4:8],
      geyser = from("MASS", "geyser"),
      galaxies = from("MASS", "galaxies")
    ))
  }
  lapply(sets, as.matrix)
}

# Whether what a peer has found may be chance, by the rule that gaussmix has for its own: it judges
# the optimum that the peer's run was on its way to. What it takes for singular there, or for a
# collapse, is nothing else.
is_suspect <- function(x, covariance, mixture) {
  tryCatch(
    suppressWarnings(gmm_fit(x, covariance = covariance, start = mixture))$narrowest$is_suspect,
    gmm_error_bad_value = function(e) TRUE,
    gmm_error_degenerate = function(e) TRUE
  )
}

# The log-likelihoods of mclust, the best from several initializations, and which may be chance.
# NA is no fit.
mclust_cells <- function(x, models, initializations) {
  search <- timed(function() {
    lapply(initializations, function(initialization) {
      mclustBIC(x, G = 1:9, initialization = initialization, verbose = FALSE)
    })
  })
  tables <- search$value
  df <- mapply(mclust::nMclustParams, models$covariance, ncol(x), models$k)
  loglik <- vapply(tables, function(table) {
    bic <- table[cbind(match(models$k, rownames(table)), match(models$covariance, colnames(table)))]
    (bic + df * log(nrow(x))) / 2
  }, numeric(nrow(models)))
  best <- apply(loglik, 1, function(row) which.max(row)[1])
  found <- loglik[cbind(seq_len(nrow(models)), best)]
  suspect <- vapply(seq_len(nrow(models)), function(i) {
    !is.na(found[i]) && models$k[i] > 1 && is_suspect(
      x, models$covariance[i],
      mclust_mixture(x, tables[[best[i]]], models$k[i], models$covariance[i], found[i])
    )
  }, NA)
  list(cells = data.frame(loglik = found, suspect), seconds = search$seconds)
}

# The mixture behind a number of mclust's table, which it keeps no mixtures in.
mclust_mixture <- function(x, table, k, covariance, loglik) {
  model <- mclust::mclustModel(x, table, G = k, modelNames = covariance)
  stopifnot(all.equal(model$loglik, loglik))
  variance <- model$parameters$variance
  covariances <- if (ncol(x) == 1) rep_len(variance$sigmasq, k) else variance$sigma
  list(
    weights = model$parameters$pro,
    means = matrix(t(model$parameters$mean), k),
    covariances = array(covariances, c(ncol(x), ncol(x), k))
  )
}

# The same for scikit-learn, which has four of the families, and two where there is one column: what
# these take says nothing of fourteen.
scikit_cells <- function(x, models) {
  file <- tempfile()
  on.exit(unlink(file))
  writeBin(as.double(x), file, endian = "little")
  command <- "build/bench/python/bin/python bench/peers/scikit_search.py"
  lines <- system(paste(command, file, nrow(x), ncol(x)), intern = TRUE)
  types <- if (ncol(x) == 1) c(E = "tied", V = "full") else scikit_types
  cells <- data.frame(loglik = rep(NA_real_, nrow(models)), suspect = FALSE)
  d <- ncol(x)
  for (line in strsplit(lines, " ")) {
    k <- as.numeric(line[1])
    i <- which(models$k == k & types[models$covariance] == line[2])
    if (length(i) == 1) {
      numbers <- as.numeric(line[-(1:2)])
      cells$loglik[i] <- numbers[1]
      mixture <- list(
        weights = numbers[1 + seq_len(k)],
        means = matrix(numbers[1 + k + seq_len(k * d)], k, byrow = TRUE),
        covariances = array(tail(numbers, k * d^2), c(d, d, k))
      )
      cells$suspect[i] <- k > 1 && is_suspect(x, models$covariance[i], mixture)
    }
  }
  list(cells = cells[models$covariance %in% names(types), ], seconds = NA_real_)
}

# Differences that stopping rules make do not count.
same <- 1e-3

# Random pairs of rows, merged at random. Of an odd number of rows mclust's function leaves one
# alone to the end, which no family of unequal covariances can begin with: it is merged first.
random_pairs <- function(x) {
  repeat {
    pairs <- mclust::hcRandomPairs(x)
    alone <- setdiff(seq_len(nrow(x)), pairs)
    if (length(alone) == 0) {
      return(pairs)
    }
    # A merged pair goes by the smaller number of the two, so that the first row can't be added.
    if (alone > 1) break
  }
  merged <- cbind(c(sample(alone - 1, 1), alone), pairs)
  shape <- attributes(pairs)[c("initialPartition", "dimensions")]
  attributes(merged)[names(shape)] <- shape
  merged
}

# A row for each model that the peer has, too.
compare_cells <- function(name, effort, peer, our_search, their_search) {
  theirs <- their_search$cells
  has <- as.numeric(rownames(theirs))
  ours <- our_search$value[has, ]
  data.frame(
    name, effort, peer,
    our_seconds = our_search$seconds, their_seconds = their_search$seconds,
    k = ours$k, covariance = ours$covariance,
    gain = ours$loglik - theirs$loglik,
    flagged = startsWith(ours$status, "near-spurious") | theirs$suspect,
    only_ours = !is.na(ours$loglik) & is.na(theirs$loglik),
    only_theirs = is.na(ours$loglik) & !is.na(theirs$loglik) & !theirs$suspect
  )
}

search_set <- function(name, x, starts) {
  message(format(Sys.time(), "%H:%M:%S "), "  ", name)
  set.seed(1)
  found <- lapply(c(default = "default", thorough = "thorough"), function(effort) {
    timed(function() as.data.frame(gmm_select(x, search = effort)))
  })
  random <- lapply(seq_len(starts), function(seed) {
    set.seed(seed)
    list(hcPairs = random_pairs(x))
  })
  models <- found$default$value
  theirs <- list(mclust_cells(x, models, list(list())), mclust_cells(x, models, random))
  names(theirs) <- c("mclust", sprintf("mclust, best of %d", starts))
  theirs[["scikit-learn, 10 starts"]] <- scikit_cells(x, models)
  cells <- lapply(names(found), function(effort) {
    lapply(names(theirs), function(peer) {
      compare_cells(name, effort, peer, found[[effort]], theirs[[peer]])
    })
  })
  do.call(rbind, unlist(cells, recursive = FALSE))
}

count_cells <- function(cells, data = cells$name[1]) {
  gain <- cells$gain[!cells$flagged & !is.na(cells$gain)]
  searches <- cells[!duplicated(cells$name), ]
  data.frame(
    data,
    peer = cells$peer[1],
    above = sum(gain > same),
    equal = sum(abs(gain) <= same),
    below = sum(gain < -same),
    most = if (any(gain < -same)) -min(gain) else NA_real_,
    only_ours = sum(cells$only_ours & !cells$flagged),
    only_theirs = sum(cells$only_theirs),
    flagged = sum(cells$flagged),
    time = sum(searches$their_seconds) / sum(searches$our_seconds)
  )
}

# By data set and peer, and over all data sets.
count_all <- function(cells) {
  by_default <- cells$effort == "default"
  count <- function(part, by, ...) {
    do.call(rbind, lapply(split(part, part[by], drop = TRUE, lex.order = TRUE), count_cells, ...))
  }
  table <- rbind(
    count(cells[by_default, ], c("peer", "name")),
    count(cells[by_default, ], "peer", "all"),
    count(cells[!by_default, ], "peer", "all, thorough")
  )
  names(table) <- c(
    "data", "peer", "above", "equal", "below", "most below", "only gaussmix", "only the peer",
    "flagged", "time"
  )
  rownames(table) <- NULL
  table
}

search <- function(quick) {
  sets <- search_sets()
  if (quick) {
    sets <- sets[c("trees", "USArrests")]
  }
  cells <- do.call(rbind, Map(search_set, names(sets), sets, if (quick) 2 else 20))
  below <- cells[!cells$flagged & !is.na(cells$gain) & cells$gain < -same, ]
  message(paste(capture.output(print(below, row.names = FALSE)), collapse = "\n"))
  list(
    title = "What a search finds",
    text = paste(
      "Models (14 families, or two where there is one column, with `k` = 1 to 9) in which the",
      "log-likelihood of `gmm_fit(x)` is above that of the peer, equal to it within",
      paste0(same, ", and below, and by how much at most. *mclust* is `mclustBIC(x)`; *best of*"),
      "is the best of so many calls of it that begin at random pairs of rows.",
      "scikit-learn has four families; of its ten starts, those that collapse are left out. *Only*",
      "one of the two has a fit, which is not flagged. *Flagged*, and counted nowhere else, are",
      "models whose optimum may be chance, ours or the peer's, by the rule of `gmm_select()`.",
      "*Thorough* is `gmm_fit(x, search = \"thorough\")`. *Time* is that of mclust, which uses one",
      "core, over that of gaussmix, which uses all."
    ),
    table = count_all(cells)
  )
}
