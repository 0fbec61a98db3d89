#' Check a whole number
#'
#' @returns `value` as a double, for counts beyond R's integers.
#' @noRd
check_count <- function(value, arg, min = 1, max = Inf, call) {
  check_number(value, arg, min = min, max = max, call = call, what = "a whole number")
  if (value != round(value)) {
    abort_gmm(
      c("{.arg {arg}} must be a whole number.", x = "It is {value}."),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  as.double(value)
}

#' Check a finite number
#' @noRd
check_number <- function(value, arg, min = -Inf, max = Inf, call, what = "a number") {
  is_na <- length(value) == 1 && is.atomic(value) && is.na(value)
  if (!is_na && (!is.numeric(value) || is.object(value) || length(value) != 1)) {
    abort_gmm(
      c(
        "{.arg {arg}} must be {what}.",
        x = if (is.numeric(value) && length(value) != 1) {
          "It has length {length(value)}."
        } else {
          "It is {.obj_type_friendly {value}}."
        }
      ),
      "bad_type",
      argument = arg,
      call = call
    )
  }
  if (!is.finite(value)) {
    abort_gmm(
      c("{.arg {arg}} must be {what}.", x = "It is {value}."),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  if (value < min) {
    abort_gmm(
      c("{.arg {arg}} must be at least {min}.", x = "It is {value}."),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  if (value > max) {
    abort_gmm(
      c("{.arg {arg}} must be at most {max}.", x = "It is {value}."),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  as.double(value)
}

#' Check `TRUE` or `FALSE`
#' @noRd
check_flag <- function(value, arg, call) {
  if (!is_bool(value)) {
    abort_gmm(
      c(
        "{.arg {arg}} must be `TRUE` or `FALSE`.",
        x = "It is {.obj_type_friendly {value}}."
      ),
      "bad_type",
      argument = arg,
      call = call
    )
  }
  value
}

#' Check one of several words, and suggest the nearest
#' @noRd
check_choice <- function(value, choices, arg, call) {
  if (!is_string(value)) {
    abort_gmm(
      c(
        "{.arg {arg}} must be one of {.or {.val {choices}}}.",
        x = "It is {.obj_type_friendly {value}}."
      ),
      "bad_type",
      argument = arg,
      call = call
    )
  }
  if (!value %in% choices) {
    abort_gmm(
      c(
        "{.arg {arg}} must be one of {.or {.val {choices}}}.",
        x = "It is {.val {value}}.",
        suggest(value, choices)
      ),
      "bad_value",
      argument = arg,
      call = call
    )
  }
  value
}

#' A bullet with the choice that was probably meant, if one is near
#' @noRd
suggest <- function(value, choices) {
  best <- which(startsWith(choices, value))
  if (length(best) != 1) {
    distance <- utils::adist(value, choices, ignore.case = TRUE)
    best <- which.min(distance)
    if (length(best) == 0 || distance[best] > max(2, nchar(value) / 3)) {
      return(NULL)
    }
  }
  c(i = cli::format_inline("Did you mean {.val {choices[best]}}?"))
}
