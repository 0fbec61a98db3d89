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
    as_labels(posterior, n, arg, must, call)
  }
}

#' The matrix within an E-step
#' @noRd
bare_posterior <- function(posterior) {
  if (inherits(posterior, "gmm_estep")) posterior$posterior else posterior
}

label_types <- c("integer", "double", "character", "logical")

as_labels <- function(labels, n, arg, must, call) {
  check_labels(labels, n, arg, must, call)
  as.integer(factor(labels))
}

check_labels <- function(labels, n, arg, must, call) {
  if (!is.atomic(labels) || !(is.factor(labels) || typeof(labels) %in% label_types)) {
    abort_gmm(
      c(
        "{.arg {arg}} must be {must}.",
        x = "It is {.obj_type_friendly {labels}}.",
        i = if (is.data.frame(labels)) {
          "Responsibilities must be a matrix (`as.matrix()`), labels a vector."
        } else if (is.list(labels) && "posterior" %in% names(labels)) {
          "Take its element `posterior`."
        }
      ),
      "bad_type",
      argument = arg,
      call = call
    )
  }
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
  if (any(is_no_label(labels))) {
    message <- "Labels in {.arg {arg}} must not be missing."
    abort_gmm(message, "bad_value", argument = arg, call = call)
  }
}

#' Missing labels; those of a factor may hide behind a level
#' @noRd
is_no_label <- function(labels) {
  is.na(if (is.factor(labels)) as.character(labels) else labels)
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
