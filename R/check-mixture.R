mixture_parts <- c("weights", "means", "covariances")

#' Check the parameters of a mixture, wherever they come from
#'
#' @param parts A list of `weights`, `means` and `covariances`.
#' @param within The argument that is this list, or `NULL` where each part is an argument.
#' @param d The number of columns that it must have, or `NULL` for that of `means`.
#' @returns The parts as `double[k]`, `double[k, d]` and `double[d, d, k]`, the weights with a sum
#'   of 1, the others with the column names that they came with.
#' @noRd
check_mixture <- function(parts, within, call, d = NULL) {
  parts <- parts[mixture_parts]
  check_numbers(parts, within, call)
  k <- length(parts$weights)
  d <- d %||% NCOL(parts$means)
  if (min(k, d) == 0) {
    is <- paste0("It is ", k, " x ", d, ".")
    abort_part("means", "at least 1 x 1", is, "bad_shape", within, call)
  }
  parts$means <- as_shape(parts$means, c(k, d), "means", within, call)
  parts$covariances <- as_shape(parts$covariances, c(d, d, k), "covariances", within, call)
  parts$weights <- check_weights(parts$weights, within, call)
  check_covariances(parts$covariances, within, call)
  parts
}

check_numbers <- function(parts, within, call) {
  is_numbers <- vapply(parts, function(part) is.numeric(part) && all(is.finite(part)), logical(1))
  if (!all(is_numbers)) {
    abort_part(names(parts)[!is_numbers], "finite numbers", NULL, "bad_type", within, call)
  }
}

#' Refuse parts of a mixture
#'
#' @param must,is The ends of the sentences "`part` must be ..." and "It is ...".
#' @noRd
abort_part <- function(part, must, is, class, within, call) {
  what <- if (is.null(within)) "{.arg {part}}" else "{.var {part}} in {.arg {within}}"
  abort_gmm(
    c(paste(what, "must be {must}."), x = if (!is.null(is)) "{is}"),
    class,
    argument = within %||% part[1],
    call = call
  )
}

#' Numbers as an array of this shape; extents of one may be left out
#' @noRd
as_shape <- function(value, shape, part, within, call) {
  found <- dim(value) %||% length(value)
  drop <- function(shape) as.double(shape[shape != 1])
  if (!identical(drop(found), drop(shape))) {
    describe <- function(shape) {
      if (length(shape) == 1) paste("of length", shape) else paste(shape, collapse = " x ")
    }
    is <- paste0("It is ", describe(found), ".")
    abort_part(part, describe(shape), is, "bad_shape", within, call)
  }
  if (!identical(as.double(dim(value)), as.double(shape))) {
    value <- array(value, shape)
  }
  storage.mode(value) <- "double"
  value
}

#' Positive weights, with a sum of 1 but for rounding
#' @noRd
check_weights <- function(weights, within, call) {
  is <- if (any(weights <= 0)) {
    first <- which(weights <= 0)[1]
    sprintf("That of component %d is %s.", first, format_values(weights[[first]]))
  } else if (abs(sum(weights) - 1) > 1e-6) {
    sprintf("They sum to %s.", format_values(sum(weights)))
  }
  if (!is.null(is)) {
    abort_part("weights", "positive and sum to 1", is, "bad_value", within, call)
  }
  # What is off by rounding stays as it is, so that a fit's own weights do.
  is_rounding <- abs(sum(weights) - 1) <= length(weights) * .Machine$double.eps
  as.double(if (is_rounding) weights else weights / sum(weights))
}

#' Refuse covariances, `double[d, d, k]`, that no normal distribution has
#' @noRd
check_covariances <- function(covariances, within, call) {
  faults <- engine_value(
    engine_covariance_faults(covariances, dim(covariances)[1]), NULL, call
  )
  wrong <- which(faults != "")
  if (length(wrong) > 0) {
    fault <- faults[wrong[1]]
    bad <- as.character(which(faults == fault))
    word <- c(asymmetric = "symmetric", not_positive_definite = "positive definite")[[fault]]
    is <- if (length(faults) > 1) {
      cli::pluralize("{cli::qty(bad)}Component{?s} {bad} {?is/are} not {word}.")
    } else {
      paste0("It is not ", word, ".")
    }
    must <- "symmetric and positive definite"
    abort_part("covariances", must, is, "bad_value", within, call)
  }
}
