#' Refuse an argument: what it must be, and what it is
#'
#' @param must,is The ends of the sentences "`arg` must be ..." and "It ...".
#' @noRd
abort_argument <- function(arg, must, is, class, call, hint = NULL) {
  abort_gmm(
    c("{.arg {arg}} must be {must}.", x = "It {is}.", hint),
    class,
    argument = arg,
    call = call
  )
}

is_type <- function(value) {
  paste("is", cli::format_inline("{.obj_type_friendly {value}}"))
}

#' Refuse to go on without an argument
#'
#' @param is_missing A named logical vector: whether each is missing.
#' @noRd
check_given <- function(is_missing, call) {
  if (any(is_missing)) {
    argument <- names(is_missing)[is_missing][1]
    abort_gmm("{.arg {argument}} is missing.", "bad_value", argument = argument, call = call)
  }
}

#' Refuse what is not a fit
#' @noRd
check_fit <- function(fit, call, hint = NULL) {
  if (!inherits(fit, "gmm")) {
    abort_argument("fit", "a fit from `gmm_fit()`", is_type(fit), "bad_type", call, hint)
  }
}

#' Check a whole number
#'
#' @returns `value` as a double, for counts beyond R's integers.
#' @noRd
check_count <- function(value, arg, min = 1, max = Inf, call) {
  must <- "a whole number"
  check_number(value, arg, min = min, max = max, call = call, must = must)
  if (value != round(value)) {
    abort_argument(arg, must, paste("is", value), "bad_value", call)
  }
  as.double(value)
}

#' Check one or more whole numbers
#'
#' @param hint A bullet for the error where words came instead.
#' @returns The different ones as doubles.
#' @noRd
check_counts <- function(value, arg, call, hint = NULL) {
  if (is.character(value)) {
    is_word <- anyNA(suppressWarnings(as.numeric(value)))
    hint <- if (is_word) hint
    abort_argument(arg, "one or more whole numbers", is_type(value), "bad_type", call, hint)
  }
  if (!is.numeric(value) || length(value) < 2) {
    return(check_count(value, arg, call = call))
  }
  for (one in value) {
    check_count(one, arg, call = call)
  }
  unique(as.double(value))
}

#' Check a finite number
#' @noRd
check_number <- function(value, arg, min = -Inf, max = Inf, call, must = "a number") {
  is_number <- is.numeric(value) && length(value) == 1 && !is.object(value)
  if (is_number && is.finite(value) && value >= min && value <= max) {
    return(as.double(value))
  }
  is_na <- length(value) == 1 && is.atomic(value) && is.na(value)
  if (!is_na && is.numeric(value) && length(value) != 1) {
    abort_argument(arg, must, paste("has length", length(value)), "bad_type", call)
  }
  if (!is_na && !is_number) {
    abort_argument(arg, must, is_type(value), "bad_type", call)
  }
  if (!is.finite(value)) {
    abort_argument(arg, must, paste("is", value), "bad_value", call)
  }
  if (value < min) {
    abort_argument(arg, paste("at least", min), paste("is", value), "bad_value", call)
  }
  most <- format(max, big.mark = ",", scientific = FALSE)
  abort_argument(arg, paste("at most", most), paste("is", value), "bad_value", call)
}

#' Check `TRUE` or `FALSE`
#' @noRd
check_flag <- function(value, arg, call) {
  if (!is_bool(value)) {
    abort_argument(arg, "`TRUE` or `FALSE`", is_type(value), "bad_type", call)
  }
  value
}

#' Check one of several words, and suggest the nearest
#' @noRd
check_choice <- function(value, choices, arg, call, must = NULL, hint = NULL) {
  if (is_string(value) && value %in% choices) {
    return(value)
  }
  if (is.null(must)) {
    must <- if (length(choices) == 1) "{.val {choices}}" else "one of {.or {.val {choices}}}"
    must <- cli::format_inline(must)
  }
  if (!is_string(value)) {
    abort_argument(arg, must, is_type(value), "bad_type", call, hint)
  }
  is <- cli::format_inline("is {.val {value}}")
  abort_argument(arg, must, is, "bad_value", call, c(suggest(value, choices), hint))
}

#' A bullet with the choice that was probably meant, if one is near
#' @noRd
suggest <- function(value, choices) {
  best <- which(startsWith(choices, value))
  if (length(best) != 1) {
    distance <- utils::adist(value, choices, ignore.case = TRUE)
    # Every short word is near to a word of one letter.
    distance[distance >= nchar(choices)] <- Inf
    best <- which.min(distance)
    if (length(best) == 0 || distance[best] > max(2, nchar(value) / 3)) {
      return(NULL)
    }
  }
  c(i = cli::format_inline("Did you mean {.val {choices[best]}}?"))
}

#' Refuse to go on without a package that is only suggested
#' @noRd
check_installed <- function(package, call) {
  if (!requireNamespace(package, quietly = TRUE)) {
    abort_gmm(
      c(
        "The package {.pkg {package}} must be installed.",
        i = "Install it with `install.packages(\"{package}\")`."
      ),
      "not_installed",
      package = package,
      call = call
    )
  }
}
