#' A user's start as the engine takes it
#'
#' @param start `NULL`, a vector of labels, an `n` x `k` matrix of responsibilities, or a
#'   mixture: a list with `weights`, `means` and `covariances`, such as a fit.
#' @param x `double[n, d]`.
#' @param k Numbers of components; or `NULL` for that of `start` or, without one, 1 to 9.
#' @param fix As [as_fix()] returns it.
#' @returns A list of `k` and `value`: `NULL`, `integer[n]` labels, `double[n, k]`, or a list of
#'   doubles.
#' @noRd
as_start <- function(start, x, k, fix, call) {
  if (is.null(start)) {
    return(list(k = k %||% as.double(1:9), value = NULL))
  }
  value <- if (is.list(start)) {
    as_start_mixture(start, x, fix, call)
  } else {
    as_posterior(start, nrow(x), "start", "labels, responsibilities or a mixture", call)
  }
  found <- start_components(value)
  if (!is.null(k) && !found %in% k) {
    abort_start(
      c(
        "{.arg start} must have {.arg k} = {.or {k}} {cli::qty(max(k))}component{?s}.",
        x = "It has {found}."
      ),
      call,
      environment()
    )
  }
  list(k = as.double(found), value = value)
}

start_components <- function(value) {
  if (is.list(value)) length(value$weights) else if (is.matrix(value)) ncol(value) else max(value)
}

abort_start <- function(message, call, .envir, class = "bad_value") {
  abort_gmm(message, class, argument = "start", call = call, .envir = .envir)
}

as_start_mixture <- function(start, x, fix, call) {
  start <- complete_start(start, x, fix, call)
  absent <- setdiff(mixture_parts, names(start))
  if (length(absent) > 0) {
    abort_start(
      c(
        "A mixture in {.arg start} must have {.var means}.",
        x = "There are none.",
        i = if (is.data.frame(start)) {
          "Responsibilities must be a matrix (`as.matrix()`), labels a vector."
        } else if ("cluster" %in% names(start)) {
          "To start from its clusters, give `start$cluster`."
        }
      ),
      call,
      environment(),
      "bad_type"
    )
  }
  start <- check_mixture(start, "start", call, ncol(x))
  start <- match_start_columns(start, colnames(x), call)
  k <- length(start$weights)
  # Of another number of components it is refused later.
  if ((fixed_k(fix, ncol(x)) %||% k) == k) {
    start <- with_fixed(start, fix, k, ncol(x))
  }
  lapply(start, as.double)
}

#' A mixture with what is missing, if it has means: equal weights, and spheres of the data's mean
#' variance. Fixed means need not be repeated.
#' @noRd
complete_start <- function(start, x, fix, call) {
  if (is.data.frame(start)) {
    return(start)
  }
  start <- unclass(start)
  d <- ncol(x)
  start$means <- spread_means(start$means %||% fix$means, d)
  if (is.null(start$means)) {
    return(start)
  }
  k <- NROW(start$means)
  if (is.null(start$weights)) {
    start$weights <- rep(1 / k, k)
  }
  if (is.null(start$covariances)) {
    variances <- apply(x, 2, function(column) mean((column - mean(column))^2))
    start$covariances <- diag(mean(variances), d)
  }
  covariances <- stack_matrices(start$covariances, "start", call)
  start$covariances <- repeat_covariance(covariances, k)
  start
}

#' A mixture with fixed parameters in their places
#' @noRd
with_fixed <- function(mixture, fix, k, d) {
  mixture[names(fix)] <- fix
  if (!is.null(fix$covariances)) {
    mixture$covariances <- array(fix$covariances, c(d, d, k))
  }
  mixture
}

#' A mixture's columns in the order of the data, where both have names
#' @noRd
match_start_columns <- function(start, columns, call) {
  order <- column_orders(start, columns, ncol(start$means), "start", call)
  start$means <- start$means[, order$means, drop = FALSE]
  start$covariances <- start$covariances[order$covariances, order$covariances, , drop = FALSE]
  start
}

#' Where the data's columns are among those of means and of covariances; where one of these has no
#' names, it has the order of the other
#' @noRd
column_orders <- function(parts, columns, d, within, call) {
  means <- colnames(parts$means)
  covariances <- colnames(parts$covariances)
  order <- function(given, part) {
    if (!is_nameable(given) || !is_nameable(columns) || length(given) != length(columns)) {
      return(seq_len(d))
    }
    if (!setequal(given, columns)) {
      other <- setdiff(given, columns)
      abort_gmm(
        c(
          "{.var {part}} in {.arg {within}} must have the columns of {.arg x}.",
          x = "{.var {other}} {?is/are} not among them.",
          i = "Without column names, they are taken in the order of the data."
        ),
        "bad_value",
        argument = within,
        columns = other,
        call = call
      )
    }
    match(columns, given)
  }
  list(
    means = order(means %||% covariances, "means"),
    covariances = order(covariances %||% means, "covariances")
  )
}
