#' Responsibilities, or labels that stand for them
#'
#' @param posterior An `n` x `k` matrix, a `gmm_estep` with one, or a vector of `n` labels.
#' @param must What `arg` may be, in words.
#' @returns `double[n, k]`, its rows with a sum of exactly 1; or labels as `integer[n]`, numbered
#'   from 1 in their sorted order or, for a factor, that of its levels, without those that no row
#'   has.
#' @noRd
as_posterior <- function(posterior, n, arg, must, call) {
  posterior <- bare_posterior(posterior)
  if (is.matrix(posterior)) {
    as_responsibilities(posterior, n, arg, call)
  } else {
    label_numbers(posterior, n, arg, must, call)
  }
}

#' The matrix within an E-step
#' @noRd
bare_posterior <- function(posterior) {
  if (inherits(posterior, "gmm_estep")) posterior$posterior else posterior
}

#' Labels, one for each of `n` rows, as numbers
#' @noRd
label_numbers <- function(labels, n, arg, must, call) {
  hint <- if (is.data.frame(labels)) {
    c(i = "Responsibilities must be a matrix (`as.matrix()`), labels a vector.")
  } else if (is.list(labels) && "posterior" %in% names(labels)) {
    c(i = "Take its element `posterior`.")
  }
  check_labels(labels, arg, must, call, hint)
  check_label_count(labels, n, arg, call)
  as.integer(factor(labels))
}

check_label_count <- function(labels, n, arg, call) {
  if (length(labels) != n) {
    abort_gmm(
      c(
        "Labels in {.arg {arg}} must be one per row of {.arg x}: {n}.",
        x = "There are {length(labels)}.",
        i = if (identical(arg, "start") && is_string(labels) && labels != "") {
          "A random partition in {.arg k} parts is `start = sample(k, {n}, TRUE)`."
        }
      ),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
}

as_responsibilities <- function(posterior, n, arg, call) {
  if (!is.numeric(posterior)) {
    abort_gmm(
      c(
        "Responsibilities in {.arg {arg}} must be numbers.",
        x = "They are {.obj_type_friendly {posterior}}."
      ),
      "bad_type",
      argument = arg,
      call = call
    )
  }
  if (nrow(posterior) != n || ncol(posterior) == 0) {
    abort_gmm(
      c(
        "Responsibilities in {.arg {arg}} must have a row per row of {.arg x}: {n}.",
        x = "They have {nrow(posterior)} row{?s} and {ncol(posterior)} column{?s}."
      ),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
  storage.mode(posterior) <- "double"
  sums <- rowSums(posterior)
  # `!all(...)` is also true where a value is missing.
  if (!isTRUE(all(posterior >= 0)) || any(abs(sums - 1) > 1e-6)) {
    abort_gmm(
      c(
        "Responsibilities in {.arg {arg}} must be at least 0 and sum to 1 in every row.",
        i = "Divide by the row sums: `{arg} / rowSums({arg})`."
      ),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  posterior / sums
}
