#' A user's start as the engine takes it
#'
#' @param start `NULL`, a vector of labels, an `n` x `k` matrix of responsibilities, or a
#'   mixture: a list with `weights`, `means` and `covariances`, such as a fit.
#' @param x `double[n, d]`.
#' @param k Numbers of components; or `NULL` for that of `start` or, without one, 1 to 9.
#' @returns A list of `k` and `value`: `NULL`, `integer[n]` labels, `double[n, k]`, or a list of
#'   doubles.
#' @noRd
as_start <- function(start, x, k, call) {
  if (is.null(start)) {
    return(list(k = k %||% as.double(1:9), value = NULL))
  }
  value <- if (is.list(start)) {
    as_start_mixture(start, x, call)
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

as_start_mixture <- function(start, x, call) {
  absent <- setdiff(mixture_parts, names(start))
  if (length(absent) > 0) {
    abort_start(
      c(
        "A mixture in {.arg start} must have {.var {mixture_parts}}.",
        x = "{.var {absent}} {?is/are} missing.",
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
  lapply(match_start_columns(start, colnames(x)), as.double)
}

#' A mixture's columns in the order of the data, where both have names
#' @noRd
match_start_columns <- function(start, columns) {
  given <- colnames(start$means)
  if (is_nameable(given) && is_nameable(columns) && setequal(given, columns)) {
    order <- match(columns, given)
    start$means <- start$means[, order, drop = FALSE]
    start$covariances <- start$covariances[order, order, , drop = FALSE]
  }
  start
}
