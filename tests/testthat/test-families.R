families <- engine_families()$name

# Log-likelihoods of the best optima known, `faithful` with k = 2 and `iris[1:4]` with k = 3, and
# the numbers of free parameters: those of many starts of mclust and of this package.
known <- data.frame(
  family = c(
    "EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"
  ),
  faithful = c(
    -1709.681373, -1709.529282, -1157.680012, -1152.880196, -1153.885568, -1147.806353,
    -1140.186759, -1136.259854, -1136.910261, -1132.187446, -1139.331599, -1134.679204,
    -1135.769904, -1130.263960
  ),
  faithful_df = c(6, 7, 7, 8, 8, 9, 8, 9, 9, 10, 9, 10, 10, 11),
  iris = c(
    -401.802176, -384.314095, -361.425522, -339.468727, -338.788848, -306.860461, -256.354043,
    -237.560163, -233.332601, -215.240870, -214.850379, -186.073283, -205.535881, -180.185477
  ),
  iris_df = c(15, 17, 18, 20, 24, 26, 24, 26, 30, 32, 36, 38, 42, 44)
)

# Whether `larger` allows all that `smaller` does, letter by letter.
contains <- function(larger, smaller) {
  level <- function(family) match(strsplit(family, "")[[1]], c("I", "E", "V"))
  all(level(smaller) <= level(larger))
}

expected_complete <- function(x, posterior, covariances) {
  mass <- colSums(posterior)
  terms <- vapply(seq_along(mass), function(k) {
    mean <- colSums(posterior[, k] * x) / mass[k]
    centred <- sweep(x, 2, mean)
    scatter <- crossprod(centred * sqrt(posterior[, k]))
    covariance <- as.matrix(covariances[, , k])
    -0.5 * (mass[k] * as.numeric(determinant(covariance)$modulus) +
      sum(diag(solve(covariance, scatter))))
  }, numeric(1))
  sum(terms)
}

m_step <- function(x, posterior, family) {
  x <- as.matrix(x)
  found <- engine_m_step(x, nrow(x), posterior, family, FALSE, 1L)
  array(found$covariances, c(ncol(x), ncol(x), ncol(posterior)))
}

test_that("every family reaches the best known optimum, with the right number of parameters", {
  expect_identical(families, known$family)
  for (i in seq_along(families)) {
    set.seed(i)
    fit <- gmm_fit(faithful, k = 2, covariance = families[i])
    expect_gt(fit$loglik, known$faithful[i] - 1e-5)
    expect_identical(fit$df, known$faithful_df[i])
    fit <- gmm_fit(iris[1:4], k = 3, covariance = families[i])
    expect_gt(fit$loglik, known$iris[i] - 1e-5)
    expect_identical(fit$df, known$iris_df[i])
    expect_identical(fit$covariance, families[i])
    expect_true(all(diff(fit$trace) > -1e-9))
  }
})

test_that("the M-step gives mclust's covariances, or better ones", {
  skip_if_not_installed("mclust")
  x <- as.matrix(iris[1:4])
  set.seed(1)
  for (posterior in list(mclust::unmap(iris$Species), random_posterior(150, 3))) {
    for (family in families) {
      ours <- m_step(x, posterior, family)
      # Some of their M-steps iterate, and are told to go on until the end.
      control <- mclust::emControl(itmax = c(1, 10000), tol = c(1e-5, 1e-14))
      theirs <- getExportedValue("mclust", paste0("mstep", family))
      theirs <- theirs(x, posterior, control = control)
      theirs <- theirs$parameters$variance$sigma
      gained <- expected_complete(x, posterior, ours) - expected_complete(x, posterior, theirs)
      expect_gt(gained, -1e-9 * abs(expected_complete(x, posterior, theirs)))
      if (gained < 1e-8) {
        expect_lt(max(abs(ours - theirs)), 1e-6)
      }
      # Where mclust has a closed form, too.
      if (family %in% c("EII", "VII", "EEI", "EVI", "VVI", "EEE", "EEV", "EVV", "VVV")) {
        expect_lt(max(abs(ours - theirs)), 1e-8)
      }
    }
  }
})

test_that("no member of a family that an optimiser finds is better than the M-step's", {
  # Every covariance of a family in two columns: volumes, a ratio of axes, angles.
  covariances <- function(theta, family) {
    letters <- strsplit(family, "")[[1]]
    take <- function(letter) {
      count <- c(I = 0, E = 1, V = 2)[[letter]]
      values <- theta[seq_len(count)]
      theta <<- theta[-seq_len(count)]
      if (count == 0) c(0, 0) else rep_len(values, 2)
    }
    volume <- exp(take(letters[1]))
    ratio <- exp(take(letters[2]))
    angle <- take(letters[3])
    vapply(1:2, function(k) {
      turn <- matrix(c(cos(angle[k]), sin(angle[k]), -sin(angle[k]), cos(angle[k])), 2)
      volume[k] * turn %*% diag(c(ratio[k], 1 / ratio[k])) %*% t(turn)
    }, matrix(0, 2, 2))
  }
  x <- scale(as.matrix(faithful))
  set.seed(2)
  posterior <- random_posterior(nrow(x), 2)
  posterior[, 1] <- ifelse(x[, 1] > 0, 0.9, 0.2)
  posterior[, 2] <- 1 - posterior[, 1]
  for (family in families) {
    size <- sum(c(I = 0, E = 1, V = 2)[strsplit(family, "")[[1]]])
    # Far from the optimum matrices may be singular.
    objective <- function(theta) {
      tryCatch(-expected_complete(x, posterior, covariances(theta, family)), error = function(e) 1e10)
    }
    found <- replicate(5, {
      start <- rnorm(size, sd = 0.7)
      optim(start, objective, method = "BFGS", control = list(maxit = 1000, reltol = 1e-15))$value
    })
    ours <- expected_complete(x, posterior, m_step(x, posterior, family))
    expect_equal(ours, -min(found), tolerance = 1e-9)
  }
})

test_that("a family's optimum is at least that of every family which it contains", {
  set.seed(3)
  loglik <- vapply(families, function(family) {
    gmm_fit(iris[1:4], k = 2, covariance = family)$loglik
  }, numeric(1))
  pairs <- expand.grid(larger = families, smaller = families, stringsAsFactors = FALSE)
  pairs <- pairs[mapply(contains, pairs$larger, pairs$smaller), ]
  expect_identical(nrow(pairs), 75L)
  expect_true(all(loglik[pairs$larger] >= loglik[pairs$smaller] - 1e-5))
})

test_that("covariances have the form that the letters say", {
  # Volume, and sorted shape, of every component.
  volumes <- function(fit) apply(fit$covariances, 3, det)^(1 / fit$d)
  axes <- function(fit) {
    apply(fit$covariances, 3, function(s) eigen(s, symmetric = TRUE)$values / det(s)^(1 / fit$d))
  }
  is_equal <- function(x, y) isTRUE(all.equal(x, y, tolerance = 1e-8, check.attributes = FALSE))
  for (family in families) {
    letters <- strsplit(family, "")[[1]]
    set.seed(4)
    fit <- gmm_fit(iris[1:3], k = 2, covariance = family)
    s <- fit$covariances
    expect_identical(is_equal(volumes(fit)[1], volumes(fit)[2]), letters[1] == "E")
    expect_identical(is_equal(axes(fit)[, 1], axes(fit)[, 2]), letters[2] != "V")
    is_diagonal <- all(s[, , 1][lower.tri(diag(3))] == 0)
    expect_identical(is_diagonal, letters[3] == "I")
    # Matrices with the same axes commute.
    commute <- is_equal(s[, , 1] %*% s[, , 2], s[, , 2] %*% s[, , 1])
    expect_identical(commute, letters[3] != "V")
  }
})

test_that("the log-likelihood of every family agrees with mvtnorm", {
  skip_if_not_installed("mvtnorm")
  x <- as.matrix(iris[1:4])
  for (family in families) {
    set.seed(5)
    fit <- gmm_fit(x, k = 3, covariance = family)
    joint <- vapply(1:3, function(k) {
      fit$weights[[k]] * mvtnorm::dmvnorm(x, fit$means[k, ], fit$covariances[, , k])
    }, numeric(150))
    expect_equal(fit$loglik, sum(log(rowSums(joint))), tolerance = 1e-9)
    expect_equal(predict(fit, type = "density"), rowSums(joint), tolerance = 1e-9)
    expect_equal(unname(predict(fit, type = "posterior")), joint / rowSums(joint), tolerance = 1e-8)
  }
})

test_that("fits follow the data when these are shifted, rescaled or permuted", {
  x <- as.matrix(iris[1:4])
  labels <- iris$Species
  free <- c("EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV")
  for (family in families) {
    fit <- gmm_fit(x, covariance = family, start = labels)
    moved <- gmm_fit(sweep(3 * x, 2, c(10, -20, 1e4, 5), "+"), covariance = family, start = labels)
    expect_equal(moved$loglik, fit$loglik - 150 * 4 * log(3), tolerance = 1e-8)
    expect_equal(moved$covariances, 9 * fit$covariances, tolerance = 1e-3)
    columns <- c(3, 1, 4, 2)
    turned <- gmm_fit(x[, columns], covariance = family, start = labels)
    expect_equal(turned$loglik, fit$loglik, tolerance = 1e-8)
    expect_equal(turned$covariances, fit$covariances[columns, columns, ], tolerance = 1e-3)
    units <- c(1, 10, 0.1, 3)
    rescaled <- gmm_fit(sweep(x, 2, units, "*"), covariance = family, start = labels)
    same <- abs(rescaled$loglik + 150 * sum(log(units)) - fit$loglik) < 1e-4
    expect_identical(same, family %in% free)
  }
})

test_that("equal weights are equal, for every family", {
  for (family in families) {
    set.seed(6)
    free <- gmm_fit(faithful, k = 2, covariance = family)
    equal <- gmm_fit(faithful, k = 2, covariance = family, equal_weights = TRUE)
    expect_identical(unname(equal$weights), c(0.5, 0.5))
    expect_identical(equal$df, free$df - 1)
    expect_lt(equal$loglik, free$loglik)
    expect_true(all(diff(equal$trace) > -1e-9))
  }
  expect_true(equal$equal_weights)
  expect_output(print(equal), "equal weights")
})

test_that("components of equal weights with the identity for covariance are soft k-means", {
  # Two points a distance apart: their responsibilities follow from that distance alone.
  x <- matrix(c(0, 0, 4, 0), ncol = 2, byrow = TRUE)
  mixture <- list(weights = c(0.5, 0.5), means = x, covariances = array(diag(2), c(2, 2, 2)))
  fit <- suppressWarnings(gmm_fit(
    rbind(x, x + 1), covariance = "EII", start = mixture, max_iter = 1, equal_weights = TRUE
  ))
  expect_identical(unname(fit$weights), c(0.5, 0.5))
})

test_that("one column has two families, and every other name stands for one of them", {
  skip_if_not_installed("mclust")
  x <- faithful$waiting
  labels <- mclust::unmap(x > 68)
  tight <- mclust::emControl(tol = 1e-12)
  reference <- list(
    E = mclust::meE(x, labels, control = tight),
    V = mclust::meV(x, labels, control = tight)
  )
  for (family in c(families, "E", "V")) {
    set.seed(11)
    fit <- gmm_fit(x, k = 2, covariance = family)
    letter <- substr(family, 1, 1)
    expect_identical(fit$covariance, letter)
    expect_identical(fit$df, c(E = 4, V = 5)[[letter]])
    expect_equal(fit$loglik, reference[[letter]]$loglik, tolerance = 1e-8)
  }
  expect_identical(gmm_fit(x, k = 2, covariance = "full")$covariance, "V")
  expect_output(print(fit), "covariance V (a variance for each)", fixed = TRUE)
  refused(gmm_fit(faithful, k = 2, covariance = "V"), "bad_value", argument = "covariance")
})

test_that("the words stand for families", {
  words <- c(spherical = "VII", diagonal = "VVI", tied = "EEE", full = "VVV")
  for (word in names(words)) {
    fit <- gmm_fit(iris[1:4], start = iris$Species, covariance = word)
    expect_identical(fit$covariance, words[[word]])
    expect_output(print(fit), sprintf('covariance %s ("%s")', words[[word]], word), fixed = TRUE)
  }
})

test_that("threads change no bit of any family", {
  set.seed(7)
  x <- matrix(rnorm(12000), ncol = 3) + rep(c(0, 2), each = 2000)
  for (family in families) {
    fits <- lapply(1:2, function(threads) {
      set.seed(8)
      fit <- gmm_fit(x, k = 2, covariance = family, n_init = 2, threads = threads)
      fit[c("weights", "means", "covariances", "trace")]
    })
    expect_identical(fits[[1]], fits[[2]])
  }
})

test_that("components that lie far apart keep their precision in every family", {
  set.seed(9)
  near <- matrix(rnorm(600), ncol = 2)
  x <- rbind(near, near + 1e5)
  labels <- rep(1:2, each = 300)
  for (family in families) {
    one <- gmm_fit(near, k = 1, covariance = family)
    two <- gmm_fit(x, covariance = family, start = labels)
    expect_equal(two$covariances[, , 1], one$covariances[, , 1], tolerance = 1e-6)
    expect_equal(two$loglik, 2 * one$loglik - 600 * log(2), tolerance = 1e-9)
  }
})

test_that("families without orientations fit data with more columns than rows, or collinear ones", {
  set.seed(10)
  wide <- matrix(rnorm(8 * 10), 8)
  double <- cbind(faithful, twice = 2 * faithful$waiting)
  for (family in families) {
    if (endsWith(family, "I")) {
      expect_true(is.finite(gmm_fit(wide, k = 1, covariance = family)$loglik))
      expect_true(is.finite(gmm_fit(double, k = 2, covariance = family)$loglik))
    } else {
      expect_error(gmm_fit(wide, k = 1, covariance = family), class = "gmm_error_too_few_rows")
      expect_error(gmm_fit(double, k = 2, covariance = family), class = "gmm_error_collinear")
    }
  }
  refused(gmm_fit(wide, k = 1, covariance = "EEE"), "too_few_rows", argument = "x")
  refused(gmm_fit(double, k = 2, covariance = "VVE"), "collinear", columns = "twice")
})

test_that("a component of a shared covariance may begin with a single row", {
  labels <- rep(1, 150)
  labels[107] <- 2
  expect_equal(
    gmm_fit(iris[1:4], start = labels, covariance = "EEE")$loglik, -360.2265,
    tolerance = 1e-6
  )
  condition <- expect_error(
    gmm_fit(iris[1:4], start = labels, covariance = "VVV"),
    class = "gmm_error_degenerate"
  )
  expect_identical(condition$component, 2)
})
