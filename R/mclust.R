#' Fits of mclust and of gaussmix
#'
#' `as_gmm()` takes over a fit of the package mclust: the same mixture on the same data, for
#' [predict.gmm_mixture()], [plot.gmm()], [summary.gmm()] and all else that takes a fit.
#' `as_mclust()` turns a fit into an object of class `"Mclust"`, which mclust's own functions
#' accept: its `summary()`, `plot()`, `predict()`, `cdens()`, `as.densityMclust()`, `MclustDR()` and
#' others.
#'
#' Components come out in the order of a fit, by decreasing weight, so labels may change. With one
#' component mclust calls its families X, XII, XXI and XXX; they become E, EII, EEI and EEE, and
#' come from those of the same form.
#'
#' mclust stops where the log-likelihood gains little, and its value is often that of the step
#' before its parameters. A fit from `as_gmm()` has the log-likelihood of the parameters, which is
#' then a little higher. Its BIC has R's sign, by which smaller is better, and mclust's the other.
#' With `equalPro = TRUE` mclust may return weights that are not equal; those of the fit are.
#'
#' mclust has nothing like `fix` and no algorithm but EM, and an object of its class does not
#' say that a fit had them. `df`, `loglik`, `bic`, `icl` and `BIC` are those of the fit, where only
#' free parameters count; mclust's `summary()`, `logLik()` and `icl()` take them from there. What
#' mclust computes anew counts all parameters as free, as `nMclustParams()` and `bic()` do, or fits
#' them all by EM, as `MclustBootstrap()` does. So does `as_gmm()` on the way back: `df` is larger
#' then, and so is the BIC.
#'
#' @param x For `as_gmm()`: a fit of `mclust::Mclust()` or `mclust::densityMclust()`, or a fit of
#'   [gmm_fit()], which is returned as it is. For `as_mclust()`: a fit from [gmm_fit()].
#' @param ... Nothing: other arguments are refused.
#'
#' @returns `as_gmm()`: a list of class `"gmm"` as [gmm_fit()] returns it. Its `trace` has only the
#' last log-likelihood, its `selection` only this model, and the element `origin` is `"mclust"`.
#'
#' `as_mclust()`: a list of class `"Mclust"` as `mclust::Mclust()` returns it, with all elements
#' and fields of its variance that mclust has for the family. Its `BIC` is the table of all models
#' of `x`, and `bic` and `icl` have mclust's sign and definition.
#'
#' @section Errors:
#' `gmm_error_bad_type` for other objects; `gmm_error_bad_value` for fits of mclust with a noise
#' component or a prior, which have no counterpart, and for one whose parameters have a lower
#' log-likelihood than it says; `gmm_error_degenerate` where a covariance is singular;
#' `gmm_error_no_data` where a fit was made with `keep_data = FALSE`; `gmm_error_not_installed`
#' where `as_mclust()` does not find mclust.
#'
#' @references
#' Scrucca, L., Fop, M., Murphy, T. B. and Raftery, A. E. (2016). mclust 5: clustering,
#' classification and density estimation using Gaussian finite mixture models. *The R Journal* 8,
#' 289--317.
#'
#' @examplesIf requireNamespace("mclust", quietly = TRUE)
#' fit <- gmm_fit(faithful, k = 2, covariance = "VVV")
#' theirs <- as_mclust(fit)
#' summary(theirs)
#' mclust::adjustedRandIndex(theirs$classification, fit$cluster)
#' as_gmm(theirs)
#' @export
as_gmm <- function(x, ...) {
  check_given(c(x = missing(x)), quote(as_gmm()))
  UseMethod("as_gmm")
}

#' @export
as_gmm.default <- function(x, ...) {
  must <- "a fit of `mclust::Mclust()`"
  abort_argument("x", must, is_type(x), "bad_type", quote(as_gmm()))
}

#' @export
as_gmm.gmm <- function(x, ...) {
  check_no_dots(list(...), "x", quote(as_gmm()))
  x
}

#' @rdname as_gmm
#' @export
as_gmm.Mclust <- function(x, ...) {
  call <- quote(as_gmm())
  check_no_dots(list(...), "x", call)
  parts <- c("data", "modelName", "G", "d", "loglik", "parameters", "hypvol")
  absent <- setdiff(parts, names(x))
  if (length(absent) > 0) {
    is <- cli::format_inline("has no {.var {absent}}")
    abort_argument("x", "a whole fit of `mclust::Mclust()`", is, "bad_type", call)
  }
  check_no_noise(x, call)
  data <- as_data_matrix(x$data, "x$data", call)
  check_finite(data, "x$data", call)
  family <- resolve_family(mclust_family(x$modelName), ncol(data), call)
  equal_weights <- isTRUE(attr(x$BIC, "control")$equalPro) && x$G > 1
  parts <- check_mixture(mclust_parts(x, equal_weights), "x", call, ncol(data))
  threads <- resolve_threads(NULL, call)
  adopted <- engine_value(
    engine_adopt(
      data, nrow(data), lapply(parts, as.double), family$letters, equal_weights, threads
    ),
    data,
    call
  )
  cell <- name_numbers(adopted)
  if (!isTRUE(cell$loglik >= x$loglik - 1e-6 * (1 + abs(x$loglik)))) {
    abort_gmm(
      c(
        "{.arg x} must have the log-likelihood of its parameters.",
        x = "It says {format_2(x$loglik)}, and they have {format_2(cell$loglik)} on its data."
      ),
      "bad_value",
      argument = "x",
      call = call
    )
  }
  cell$cluster <- as.integer(score_rows(cell$mixture, data, "cluster", threads, call))
  models <- list2DF(list(
    k = x$G, covariance = family$name, letters = family$letters, refused = NA_character_
  ))
  found <- list(cells = list(adopted), best = 1L, rows = nrow(data))
  selection <- new_selection(models, found, data, "BIC")
  control <- resolve_search(merge_control(list(), list(), character(), call), 1, "em", length(data))
  how <- list(equal_weights = equal_weights, algorithm = "em", fix = NULL)
  fit <- new_gmm(cell, data, family$name, how, TRUE, selection, control, call)
  fit$origin <- "mclust"
  fit$call <- as.call(list(
    quote(gmm_fit), x$call$data %||% data,
    k = as.double(x$G), covariance = family$name, equal_weights = equal_weights
  ))
  fit
}

#' Refuse what a fit of gaussmix can't be
#' @noRd
check_no_noise <- function(x, call) {
  what <- if (!isTRUE(is.na(x$hypvol)) || !is.null(x$parameters$Vinv)) {
    "a noise component"
  } else if (!is.null(attr(x$BIC, "prior"))) {
    "a prior"
  }
  if (!is.null(what)) {
    abort_gmm(
      c(
        "{.arg x} must be a mixture of normal components, fitted by maximum likelihood.",
        x = "It was fitted with {what}."
      ),
      "bad_value",
      argument = "x",
      call = call
    )
  }
}

#' The family that mclust's name of one component stands for
#' @noRd
mclust_family <- function(name) {
  switch(name, X = "E", XII = "EII", XXI = "EEI", XXX = "EEE", name)
}

#' mclust's parameters in our layout
#' @noRd
mclust_parts <- function(x, equal_weights) {
  parameters <- x$parameters
  variance <- parameters$variance
  list(
    weights = if (equal_weights || x$G == 1) rep(1 / x$G, x$G) else parameters$pro,
    means = if (x$d == 1) as.double(parameters$mean) else t(parameters$mean),
    covariances = if (x$d == 1) rep_len(variance$sigmasq, x$G) else variance$sigma
  )
}

#' @rdname as_gmm
#' @export
as_mclust <- function(x, ...) {
  check_given(c(x = missing(x)), quote(as_mclust()))
  UseMethod("as_mclust")
}

#' @export
as_mclust.default <- function(x, ...) {
  abort_argument("x", "a fit from `gmm_fit()`", is_type(x), "bad_type", quote(as_mclust()))
}

#' @rdname as_gmm
#' @export
as_mclust.gmm <- function(x, ...) {
  call <- quote(as_mclust())
  check_no_dots(list(...), "x", call)
  data <- fit_data(x, call)
  check_installed("mclust", call)
  z <- unname(score_complete(x, data, "posterior", call))
  uncertainty <- score_complete(x, data, "uncertainty", call)
  bic <- mclust_bic(x)
  parameters <- mclust_parameters(x)
  theirs <- list(
    call = as.call(list(
      quote(Mclust),
      data = x$call$x %||% x$call$data, G = x$k, modelNames = x$covariance
    )),
    data = data,
    modelName = parameters$variance$modelName,
    n = x$n,
    d = x$d,
    G = x$k,
    BIC = bic,
    loglik = x$loglik,
    df = x$df,
    bic = -stats::BIC(x),
    # mclust counts only the component that a row is assigned to.
    icl = -stats::BIC(x) + 2 * sum(log(apply(z, 1, max))),
    hypvol = NA_real_,
    parameters = parameters,
    z = name_rows(z, data),
    classification = name_rows(as.double(x$cluster), data),
    uncertainty = name_rows(uncertainty, data)
  )
  structure(theirs, class = "Mclust")
}

#' The table of all models as mclust's, with its sign
#' @noRd
mclust_bic <- function(x) {
  table <- x$selection
  ks <- sort(unique(table$k))
  families <- engine_families()
  known <- if (x$d == 1) unique(families$univariate) else families$name
  known <- intersect(known, table$covariance)
  cells <- matrix(NA_real_, length(ks), length(known), dimnames = list(ks, known))
  cells[cbind(match(table$k, ks), match(table$covariance, known))] <- -table$BIC
  control <- mclust::emControl(equalPro = x$equal_weights)
  structure(
    cells,
    G = as.double(ks),
    modelNames = known,
    control = control,
    initialization = list(hcPairs = NULL, subset = NULL, noise = NULL),
    warn = FALSE,
    n = x$n,
    d = x$d,
    oneD = x$d == 1,
    criterion = "BIC",
    returnCodes = ifelse(is.na(cells), -1, 0),
    class = "mclustBIC"
  )
}
