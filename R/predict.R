#' Clusters, posterior probabilities and densities of rows
#'
#' @param object A fit from [gmm_fit()], or a mixture from [gmm_mixture()].
#' @param newdata Rows to predict: a data frame or matrix with its columns, found by
#'   name, in any order and among others; without names, by position. A bare vector is one row of
#'   length `d`, or for `d` = 1 one value per row. By default the data of the fit; a mixture has
#'   none.
#' @param type What to predict:
#'   * `"cluster"`: the component with the largest posterior probability;
#'   * `"posterior"`: the probabilities of the components, given the row (responsibilities);
#'   * `"uncertainty"`: one minus the largest of them;
#'   * `"density"`: the density of the mixture;
#'   * `"component_density"`: the density of each component, without its weight.
#' @param log `TRUE` for the natural logarithm of a density.
#' @param ... Nothing: other arguments are refused.
#'
#' @returns One value per row, named like the rows: `integer[n]` for `"cluster"`, `double[n]` for
#'   `"uncertainty"` and `"density"`, `double[n, k]` for `"posterior"` and
#'   `"component_density"`. A row with a missing value gives `NA`.
#'
#' @section Errors:
#' `gmm_error_missing_columns` names the `columns` that `newdata` lacks;
#' `gmm_error_unknown_argument` an argument that does not exist;
#' `gmm_error_bad_type`, `gmm_error_bad_shape`, `gmm_error_bad_value` and `gmm_error_non_finite`
#' (for infinite values) as for [gmm_fit()]; `gmm_error_no_data` where the fit was made with
#' `keep_data = FALSE`, or `object` is a mixture, and there is no `newdata`.
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, equations 9.12 and 9.13.
#' Springer.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 2)
#' table(predict(fit))
#' predict(fit, data.frame(waiting = c(60, 70), eruptions = c(2, 3)), type = "posterior")
#' predict(fit, c(3, 70), type = "density", log = TRUE)
#' @aliases predict.gmm
#' @export
predict.gmm_mixture <- function(object, newdata = NULL,
                                type = c("cluster", "posterior", "density", "uncertainty",
                                         "component_density"),
                                log = FALSE, ...) {
  call <- quote(predict())
  check_no_dots(list(...), c("newdata", "type", "log"), call)
  object <- as_mixture(object, "object", call)
  types <- eval(formals()$type)
  type <- if (missing(type)) {
    types[1]
  } else {
    hint <- if (is_string(type)) {
      switch(type,
        class = c(i = "It is {.val cluster} here."),
        prob = c(i = "It is {.val posterior} here.")
      )
    }
    check_choice(type, types, "type", call, hint = hint)
  }
  check_flag(log, "log", call)
  is_density <- type %in% c("density", "component_density")
  if (log && !is_density) {
    abort_gmm(
      c(
        "{.arg log} is for densities.",
        x = "{.arg type} is {.val {type}}.",
        i = "Take the logarithm of the result yourself."
      ),
      "bad_value",
      argument = "log",
      call = call
    )
  }
  x <- if (is.null(newdata)) fit_data(object, call) else new_rows(object, newdata, call)
  is_complete <- check_finite(x, "newdata", call, allow_na = TRUE)
  values <- score_complete(object, x, type, call, is_complete)
  if (is_density && !log) {
    values <- exp(values)
  }
  if (type == "cluster") {
    storage.mode(values) <- "integer"
  }
  name_rows(values, x)
}

#' Refuse what a method does not know
#' @noRd
check_no_dots <- function(dots, known, call) {
  if (length(dots) == 0) {
    return(invisible())
  }
  unknown <- names2(dots)[1]
  abort_gmm(
    c(
      if (unknown == "") "There are too many arguments." else "{.arg {unknown}} is not an argument.",
      if (unknown != "") suggest(unknown, known)
    ),
    "unknown_argument",
    argument = unknown,
    call = call
  )
}

#' What messages call a mixture with or without a history
#' @noRd
name_kind <- function(object) {
  if (inherits(object, "gmm")) "fit" else "mixture"
}

#' The data that a fit has kept
#' @noRd
fit_data <- function(object, call) {
  if (!inherits(object, "gmm")) {
    abort_gmm(
      c("A mixture has no data.", i = "Give rows, for example as {.arg newdata}."),
      "no_data",
      call = call
    )
  }
  if (is.null(object$data)) {
    abort_gmm(
      c(
        "The fit has no data.",
        x = "It was made with `keep_data = FALSE`.",
        i = "Fit again with the data kept; `predict()` also takes them as {.arg newdata}."
      ),
      "no_data",
      call = call
    )
  }
  object$data
}

#' New rows as a matrix with the columns of the fit
#' @noRd
new_rows <- function(object, newdata, call, arg = "newdata") {
  if (!is.null(object$terms)) {
    return(new_formula_rows(object, newdata, call, arg))
  }
  newdata <- na_as_numbers(newdata)
  if (is.numeric(newdata) && length(dim(newdata)) < 2 && object$d > 1) {
    newdata <- one_row(newdata, object$d, call, arg)
  }
  if (is.data.frame(newdata)) {
    newdata <- split_matrix_columns(newdata)
  }
  wanted <- colnames(object$means)
  if (length(dim(newdata)) == 2 && is_nameable(wanted) && !is.null(colnames(newdata))) {
    absent <- setdiff(wanted, colnames(newdata))
    if (length(absent) > 0) {
      wanted <- paste("columns of the", name_kind(object))
      abort_missing_columns(absent, colnames(newdata), arg, wanted, call)
    }
    newdata <- newdata[, wanted, drop = FALSE]
  }
  same_columns(as_data_matrix(newdata, arg, call), object, call, arg)
}

#' Refuse another number of columns than the fit has
#' @noRd
same_columns <- function(x, object, call, arg) {
  if (ncol(x) != object$d) {
    abort_gmm(
      c(
        "{.arg {arg}} must have the {object$d} column{?s} of the {name_kind(object)}.",
        x = "It has {ncol(x)}."
      ),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
  x
}

#' Matrices within a data frame as columns of their own, named as in the matrix that
#' `as.matrix()` makes
#' @noRd
split_matrix_columns <- function(x) {
  if (any(vapply(x, is.matrix, logical(1)))) {
    x <- do.call(data.frame, c(x, list(row.names = row.names(x), check.names = FALSE)))
  }
  x
}

new_formula_rows <- function(object, newdata, call, arg) {
  if (!is.data.frame(newdata)) {
    must <- "a data frame for a fit from a formula"
    abort_argument(arg, must, is_type(newdata), "bad_type", call)
  }
  absent <- setdiff(object$variables, names(newdata))
  if (length(absent) > 0) {
    abort_missing_columns(absent, names(newdata), arg, "variables of the formula", call)
  }
  frame <- terms_frame(object$terms, na_as_numbers(newdata), call)
  same_columns(as_data_matrix(frame, arg, call), object, call, arg)
}

#' Names that can tell columns apart
#' @noRd
is_nameable <- function(names) {
  !is.null(names) && !anyDuplicated(names) && all(nzchar(names))
}

one_row <- function(x, d, call, arg) {
  if (length(x) != d) {
    abort_gmm(
      c(
        "A bare vector in {.arg {arg}} must be one row of length {d}.",
        x = "It has length {length(x)}.",
        i = "Give several rows as a matrix or a data frame."
      ),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
  matrix(x, nrow = 1, dimnames = if (!is.null(names(x))) list(NULL, names(x)))
}

#' A bare `NA` is logical: let it stand for a missing number
#' @noRd
na_as_numbers <- function(x) {
  only_na <- function(column) is.logical(column) && all(is.na(column))
  if (is.data.frame(x)) {
    x[] <- lapply(x, function(column) if (only_na(column)) as.double(column) else column)
  } else if (only_na(x)) {
    storage.mode(x) <- "double"
  }
  x
}

#' Score the rows that are complete; the others are `NA`
#'
#' @param is_complete Whether all are known to be.
#' @noRd
score_complete <- function(object, x, type, call, is_complete = FALSE) {
  threads <- resolve_threads(object$control$threads, call)
  if (is_complete || !anyNA(x)) {
    return(score_rows(object, x, type, threads, call))
  }
  complete <- !is.na(rowSums(x))
  found <- score_rows(object, x[complete, , drop = FALSE], type, threads, call)
  if (!is.matrix(found)) {
    values <- rep(NA_real_, nrow(x))
    values[complete] <- found
    return(values)
  }
  values <- matrix(NA_real_, nrow(x), ncol(found), dimnames = list(NULL, colnames(found)))
  values[complete, ] <- found
  values
}

#' Score complete rows: `double[n]`, or `double[n, k]`
#'
#' @param mixture A list with `weights`, `means` and `covariances`, such as a fit.
#' @noRd
score_rows <- function(mixture, x, type, threads, call) {
  k <- length(mixture$weights)
  by_component <- type %in% c("posterior", "component_density")
  components <- as.character(seq_len(k))
  # The engine fills this in place, so that a result too large is R's own error.
  out <- if (by_component) {
    matrix(0, nrow(x), k, dimnames = list(NULL, components))
  } else {
    numeric(nrow(x))
  }
  if (nrow(x) > 0) {
    parameters <- lapply(mixture[mixture_parts], as.double)
    engine_value(engine_score(x, nrow(x), parameters, type, out, threads), x, call)
  }
  out
}
