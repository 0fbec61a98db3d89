# mclust looks up some of its functions from where it is called.
from_mclust <- function(name, ...) {
  do.call(name, list(...), envir = asNamespace("mclust"))
}

fit_mclust <- function(x, k, family, ...) {
  from_mclust("Mclust", x, G = k, modelNames = family, verbose = FALSE, ...)
}

cases <- list(
  list(x = as.matrix(faithful), k = 2),
  list(x = as.matrix(iris[1:4]), k = 3),
  list(x = as.matrix(iris[1:4]), k = 1),
  list(x = cbind(faithful$waiting), k = 2),
  list(x = cbind(faithful$waiting), k = 1)
)

for (i in seq_along(cases)) {
  several <- if (cases[[i]]$k == 1) c("EII", "VVI", "VVV") else engine_families()$name
  cases[[i]]$families <- if (ncol(cases[[i]]$x) == 1) c("E", "V") else several
  if (requireNamespace("mclust", quietly = TRUE)) {
    cases[[i]]$theirs <- sapply(cases[[i]]$families, simplify = FALSE, FUN = function(family) {
      fit_mclust(cases[[i]]$x, cases[[i]]$k, family)
    })
  }
}

test_that("a fit of mclust keeps its parameters, family, criteria and clusters", {
  skip_if_not_installed("mclust")
  for (case in cases) {
    for (family in case$families) {
      theirs <- case$theirs[[family]]
      fit <- as_gmm(theirs)
      order <- order(-theirs$parameters$pro)
      expect_s3_class(fit, c("gmm", "gmm_mixture"), exact = TRUE)
      expect_equal(unname(fit$weights), theirs$parameters$pro[order], tolerance = 1e-14)
      means <- matrix(theirs$parameters$mean, case$k, fit$d, byrow = fit$d > 1)
      expect_equal(unname(fit$means), means[order, , drop = FALSE], tolerance = 1e-14)
      if (fit$d > 1) {
        sigma <- theirs$parameters$variance$sigma[, , order, drop = FALSE]
        expect_equal(unname(fit$covariances), unname(sigma), tolerance = 1e-12)
      } else {
        variances <- rep_len(theirs$parameters$variance$sigmasq, case$k)
        expect_equal(as.double(fit$covariances), variances[order], tolerance = 1e-14)
      }
      expect_equal(fit$df, theirs$df)
      densities <- from_mclust("dens", theirs$data, theirs$modelName, theirs$parameters, TRUE)
      expect_equal(fit$loglik, sum(densities), tolerance = 1e-9)
      # mclust's value may be that of the step before.
      expect_lt(fit$loglik - theirs$loglik, 1e-5 * (1 + abs(fit$loglik)))
      bic <- as.numeric(theirs$bic) + 2 * (fit$loglik - theirs$loglik)
      expect_equal(BIC(fit), -bic, tolerance = 1e-12)
      expect_identical(unname(fit$cluster), match(predict(theirs)$classification, order))
    }
  }
})

test_that("a fit becomes an object with mclust's elements, fields and shapes", {
  skip_if_not_installed("mclust")
  for (case in cases) {
    for (family in case$families) {
      theirs <- case$theirs[[family]]
      ours <- as_mclust(as_gmm(theirs))
      expect_s3_class(ours, "Mclust", exact = TRUE)
      expect_named(ours, names(theirs))
      for (element in c("modelName", "n", "d", "G", "df", "hypvol", "data")) {
        expect_equal(ours[[element]], theirs[[element]])
      }
      order <- order(-theirs$parameters$pro)
      expect_equal(unname(ours$z), unname(theirs$z[, order, drop = FALSE]), tolerance = 0.01)
      expect_identical(rownames(ours$z), rownames(theirs$z))
      expect_identical(names(ours$classification), names(theirs$classification))
      expect_equal(ours$bic, as.numeric(theirs$bic), tolerance = 1e-4)
      expect_equal(as.numeric(from_mclust("icl", ours)), ours$icl)
      variance <- ours$parameters$variance
      expected <- theirs$parameters$variance
      # mclust gives VVI this field at times, and at times not.
      expect_setequal(
        setdiff(names(variance), if (family == "VVI") "sigmasq"),
        setdiff(names(expected), if (family == "VVI") "sigmasq")
      )
      for (field in names(expected)) {
        expect_identical(dim(variance[[field]]), dim(expected[[field]]))
        expect_identical(length(variance[[field]]), length(expected[[field]]))
      }
    }
  }
})

test_that("mclust's densities, predictions and parameters of it are ours, for every family", {
  skip_if_not_installed("mclust")
  for (case in cases) {
    for (family in case$families) {
      set.seed(1)
      fit <- gmm_fit(case$x, k = case$k, covariance = family, search = "quick")
      theirs <- as_mclust(fit)
      density <- from_mclust(
        "cdens", theirs$data, theirs$modelName, theirs$parameters,
        logarithm = TRUE
      )
      ours <- predict(fit, type = "component_density", log = TRUE)
      expect_equal(matrix(density, fit$n), unname(ours), tolerance = 1e-8)
      predicted <- predict(theirs, case$x[1:20, , drop = FALSE])
      expect_equal(predicted$classification, unname(fit$cluster[1:20]))
      variance <- theirs$parameters$variance
      if (!is.null(variance$shape)) {
        sigma <- from_mclust(
          "decomp2sigma",
          d = fit$d, G = fit$k, scale = variance$scale, shape = variance$shape,
          orientation = variance$orientation
        )
        expect_equal(as.double(sigma), as.double(variance$sigma), tolerance = 1e-8)
      }
      expect_equal(as.numeric(logLik(theirs)), fit$loglik)
      expect_equal(attr(logLik(theirs), "df"), fit$df)
    }
  }
})

test_that("there and back is the same fit", {
  skip_if_not_installed("mclust")
  set.seed(2)
  for (fit in list(
    gmm_fit(faithful, k = 2, covariance = "VVV"),
    gmm_fit(iris[1:4], k = 3, covariance = "VEV", equal_weights = TRUE),
    gmm_fit(faithful$waiting, k = 2, covariance = "E")
  )) {
    again <- as_gmm(as_mclust(fit))
    expect_equal(coef(again), coef(fit), tolerance = 1e-14)
    same <- c("k", "n", "d", "covariance", "equal_weights", "df", "cluster", "data", "narrowest")
    for (element in same) {
      expect_equal(again[[element]], fit[[element]])
    }
    expect_equal(again$loglik, fit$loglik, tolerance = 1e-12)
    expect_equal(again$entropy, fit$entropy, tolerance = 1e-9)
    expect_identical(setdiff(names(fit), names(again)), character())
  }
  expect_identical(as_gmm(fit), fit)
})

test_that("fixed parameters do not count in mclust's object, but do on the way back", {
  skip_if_not_installed("mclust")
  fixed <- list(means = rbind(c(2, 55), c(4.3, 80)))
  fit <- gmm_fit(faithful, covariance = c("EEE", "VVV"), fix = fixed)
  theirs <- as_mclust(fit)
  expect_equal(theirs$df, fit$df)
  expect_equal(theirs$bic, -BIC(fit))
  expect_equal(max(theirs$BIC), theirs$bic)
  expect_equal(attr(logLik(theirs), "df"), fit$df)
  expect_equal(as.numeric(from_mclust("icl", theirs)), theirs$icl)
  all <- from_mclust("nMclustParams", theirs$modelName, theirs$d, theirs$G)
  expect_equal(all, fit$df + length(fixed$means))
  expect_equal(as_gmm(theirs)$df, all)
  expect_equal(as_gmm(theirs)$loglik, fit$loglik)
})

test_that("what was taken over prints, summarises, predicts, plots and updates", {
  skip_if_not_installed("mclust")
  theirs <- fit_mclust(as.matrix(faithful), 3, "EEE")
  theirs$call$data <- quote(faithful)
  fit <- as_gmm(theirs)
  expect_output(print(fit), "Taken over from a fit of mclust.", fixed = TRUE)
  expect_output(print(summary(fit)), "Taken over from a fit of mclust.", fixed = TRUE)
  expect_output(print(gmm_refit(fit)), "Taken over from a fit of mclust.", fixed = TRUE)
  expect_identical(predict(fit, faithful), fit$cluster)
  grDevices::pdf(NULL)
  plot(fit)
  plot(fit, what = "selection")
  grDevices::dev.off()
  expect_identical(update(fit, k = 2)$k, 2L)
  expect_equal(fit$selection$BIC, BIC(fit))
  density <- structure(theirs, class = c("densityMclust", "Mclust"))
  expect_identical(as_gmm(density)$means, fit$means)
})

test_that("mclust's summary, plots and tools take it", {
  skip_if_not_installed("mclust")
  set.seed(3)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  for (x in list(faithful, iris[1:4], faithful$waiting)) {
    fit <- gmm_fit(x, k = 1:3)
    theirs <- as_mclust(fit)
    expect_output(print(summary(theirs, parameters = TRUE)), fit$covariance)
    for (what in c("BIC", "classification", "uncertainty", "density")) {
      expect_error(plot(theirs, what = what), NA)
    }
    table <- theirs$BIC
    row <- cbind(as.character(fit$selection$k), fit$selection$covariance)
    expect_equal(unclass(table)[row], -fit$selection$BIC)
    density <- from_mclust("as.densityMclust", theirs)
    expect_equal(unname(density$density), unname(predict(fit, type = "density")))
    expect_equal(from_mclust("adjustedRandIndex", theirs$classification, fit$cluster), 1)
  }
})

test_that("mclust's equal weights are equal here", {
  skip_if_not_installed("mclust")
  control <- mclust::emControl(equalPro = TRUE)
  theirs <- fit_mclust(as.matrix(iris[1:4]), 3, "VVV", control = control)
  fit <- as_gmm(theirs)
  expect_true(fit$equal_weights)
  expect_equal(unname(fit$weights), rep(1 / 3, 3))
  expect_equal(fit$df, theirs$df)
})

test_that("what has no counterpart is refused", {
  skip_if_not_installed("mclust")
  stopped <- function(code, class) {
    condition <- expect_error(code, class = paste0("gmm_error_", class))
    expect_snapshot(cat(cli::ansi_strip(conditionMessage(condition))))
  }
  x <- as.matrix(faithful)
  noise <- fit_mclust(x, 2, "VVV", initialization = list(noise = 1:20))
  stopped(as_gmm(noise), "bad_value")
  stopped(as_gmm(fit_mclust(x, 2, "VVV", prior = mclust::priorControl())), "bad_value")
  wrong <- fit_mclust(x, 2, "VVV")
  wrong$parameters$mean <- wrong$parameters$mean + 1
  wrong$loglik <- -1000
  stopped(as_gmm(wrong), "bad_value")
  stopped(as_gmm(1:3), "bad_type")
  stopped(as_gmm(wrong[1:5]), "bad_type")
  stopped(as_gmm(structure(wrong[1:5], class = "Mclust")), "bad_type")
  expect_error(as_gmm(), class = "gmm_error_bad_value")
  expect_error(as_mclust(), class = "gmm_error_bad_value")
  stopped(as_mclust(gmm_mixture(means = 1:2, covariances = 1)), "bad_type")
  stopped(as_mclust(gmm_fit(x, k = 1, keep_data = FALSE)), "no_data")
  expect_error(as_gmm(wrong, k = 2), class = "gmm_error_unknown_argument")
  expect_error(as_gmm(gmm_fit(x, k = 1), k = 2), class = "gmm_error_unknown_argument")
  expect_error(check_installed("no.such.package", NULL), class = "gmm_error_not_installed")
})
