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
  } else if (is.matrix(start)) {
    as_start_posterior(start, x, call)
  } else {
    as_start_labels(start, x, call)
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

abort_start <- function(message, call, .envir, class = "bad_value", arg = "start") {
  abort_gmm(message, class, argument = arg, call = call, .envir = .envir)
}

label_types <- c("integer", "double", "character", "logical")

as_start_labels <- function(start, x, call) {
  if (!is.atomic(start) || !(is.factor(start) || typeof(start) %in% label_types)) {
    abort_start(
      c(
        "{.arg start} must be labels, responsibilities or a mixture.",
        x = "It is {.obj_type_friendly {start}}."
      ),
      call,
      environment(),
      "bad_type"
    )
  }
  if (length(start) != nrow(x)) {
    abort_start(
      c(
        "Labels in {.arg start} must be one per row of {.arg x}: {nrow(x)}.",
        x = "There are {length(start)}."
      ),
      call,
      environment(),
      "bad_shape"
    )
  }
  if (anyNA(start)) {
    abort_start("Labels in {.arg start} must not be missing.", call, environment())
  }
  as.integer(factor(start))
}

as_start_posterior <- function(start, x, call) {
  if (!is.numeric(start)) {
    abort_start(
      c(
        "Responsibilities in {.arg start} must be numbers.",
        x = "They are {.obj_type_friendly {start}}."
      ),
      call,
      environment(),
      "bad_type"
    )
  }
  if (nrow(start) != nrow(x) || ncol(start) == 0) {
    abort_start(
      c(
        "Responsibilities in {.arg start} must have a row per row of {.arg x}: {nrow(x)}.",
        x = "They have {nrow(start)} row{?s} and {ncol(start)} column{?s}."
      ),
      call,
      environment(),
      "bad_shape"
    )
  }
  storage.mode(start) <- "double"
  sums <- rowSums(start)
  # `!all(...)` is also true where a value is missing.
  if (!isTRUE(all(start >= 0)) || max(abs(sums - 1)) > 1e-6) {
    abort_start(
      c(
        "Responsibilities in {.arg start} must be at least 0 and sum to 1 in every row.",
        i = "Divide by the row sums: `start / rowSums(start)`."
      ),
      call,
      environment()
    )
  }
  start / sums
}

as_start_mixture <- function(start, x, fix, call) {
  start <- complete_start(start, x, fix)
  if (is.null(start$means) || is.data.frame(start)) {
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
  start <- start[mixture_parts]
  check_mixture_numbers(start, "start", call)
  k <- length(start$weights)
  d <- ncol(x)
  check_shape(start$means, c(k, d), "means", call)
  check_shape(start$covariances, c(d, d, k), "covariances", call)
  start <- match_start_columns(start, colnames(x), k, d)
  check_weights(start$weights, "start", call)
  check_covariances(start$covariances, "start", call)
  # Of another number of components it is refused later.
  if ((fixed_k(fix, d) %||% k) == k) {
    start <- with_fixed(start, fix, k, d)
  }
  list(
    weights = as.double(start$weights / sum(start$weights)),
    means = as.double(start$means),
    covariances = as.double(start$covariances)
  )
}

#' A mixture with what is missing, if it has means: equal weights, and spheres of the data's mean
#' variance. Fixed means need not be repeated.
#' @noRd
complete_start <- function(start, x, fix) {
  if (is.data.frame(start)) {
    return(start)
  }
  start <- unclass(start)
  start$means <- as_plain(start$means %||% fix$means)
  if (is.null(start$means)) {
    return(start)
  }
  d <- ncol(x)
  k <- NROW(start$means)
  if (is.null(start$weights)) {
    start$weights <- rep(1 / k, k)
  }
  if (is.null(start$covariances)) {
    variances <- apply(x, 2, function(column) mean((column - mean(column))^2))
    start$covariances <- array(diag(mean(variances), d), c(d, d, k))
  }
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

#' Means from a data frame, such as rows of the data, as a matrix
#' @noRd
as_plain <- function(means) {
  if (is.data.frame(means)) as.matrix(means) else means
}

check_mixture_numbers <- function(mixture, arg, call) {
  numeric <- vapply(mixture, function(part) is.numeric(part) && all(is.finite(part)), logical(1))
  if (!all(numeric)) {
    abort_start(
      "{.var {names(mixture)[!numeric]}} in {.arg {arg}} must be finite numbers.",
      call,
      environment(),
      "bad_type",
      arg
    )
  }
}

check_weights <- function(weights, arg, call) {
  if (any(weights <= 0) || abs(sum(weights) - 1) > 1e-6) {
    abort_start(
      "{.var weights} in {.arg {arg}} must be positive and sum to 1.",
      call,
      environment(),
      arg = arg
    )
  }
}

#' @param covariances `double[d, d, k]`.
#' @noRd
check_covariances <- function(covariances, arg, call) {
  components <- seq_len(dim(covariances)[3])
  sound <- vapply(components, function(j) is_covariance(covariances[, , j]), logical(1))
  if (!all(sound)) {
    which <- "{cli::qty(sum(!sound))}Component{?s} {as.character(which(!sound))} {?is/are} not."
    abort_start(
      c(
        "{.var covariances} in {.arg {arg}} must be symmetric and positive definite.",
        x = if (length(components) > 1 || arg == "start") which
      ),
      call,
      environment(),
      arg = arg
    )
  }
}

#' Refuse means or covariances of another shape; where one number says it all, a vector will do
#' @noRd
check_shape <- function(value, shape, part, call, arg = "start") {
  found <- dim(value) %||% length(value)
  drop <- function(shape) shape[shape > 1]
  if (!identical(as.double(drop(found)), as.double(drop(shape)))) {
    abort_start(
      c(
        "{.var {part}} in {.arg {arg}} must be {paste(shape, collapse = ' x ')}.",
        x = "It is {paste(found, collapse = ' x ')}."
      ),
      call,
      environment(),
      "bad_shape",
      arg
    )
  }
}

#' A mixture's columns in the order of the data, where both have names
#' @noRd
match_start_columns <- function(start, columns, k, d) {
  given <- colnames(start$means)
  start$means <- matrix(start$means, k, d)
  start$covariances <- array(start$covariances, c(d, d, k))
  order <- column_order(given, columns, d)
  start$means <- start$means[, order, drop = FALSE]
  start$covariances <- start$covariances[order, order, , drop = FALSE]
  start
}

#' Where the data's columns are among the `given` ones, if both have names
#' @noRd
column_order <- function(given, columns, d) {
  is_matched <- is_nameable(given) && is_nameable(columns) && setequal(given, columns)
  if (is_matched) match(columns, given) else seq_len(d)
}

is_covariance <- function(covariance) {
  covariance <- as.matrix(covariance)
  # What `isSymmetric()` compares, too, but in a fraction of the time that a small fit takes.
  max(abs(covariance - t(covariance))) <= 1e-8 * max(abs(covariance)) &&
    !is.null(tryCatch(chol(covariance), error = function(e) NULL))
}
