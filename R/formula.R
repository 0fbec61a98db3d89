#' The variables of a one-sided formula as a data frame, with its terms
#'
#' @returns A data frame with attributes `terms` and `variables`: the columns of `data` that the
#'   formula reads, which new data must have.
#' @noRd
formula_frame <- function(formula, data, call) {
  if (!is.null(data) && !is.data.frame(data)) {
    abort_argument("data", "a data frame", is_type(data), "bad_type", call)
  }
  if (length(formula) != 2) {
    abort_formula("be one-sided, such as `~ a + b`", "has a left side", call)
  }
  terms <- evaluate_formula(stats::terms(formula, data = data), call)
  labels <- attr(terms, "term.labels")
  if (length(labels) == 0) {
    abort_formula("name columns, such as `~ a + b`", "names none", call)
  }
  if (any(attr(terms, "order") > 1) || !is.null(attr(terms, "offset"))) {
    abort_formula("name columns, joined by `+`", "has an interaction or an offset", call)
  }
  # Terms that were taken away, as in `~ . - a`, are still variables: begin again without them.
  terms <- stats::terms(stats::reformulate(labels, env = environment(formula)))
  absent <- setdiff(all.vars(terms), names(data))
  known <- vapply(absent, exists, logical(1), envir = environment(formula), mode = "numeric")
  if (!all(known) && is.null(data)) {
    abort_gmm(
      c(
        "The variables of the formula must exist.",
        x = "{.var {absent[!known]}} {?is/are} not found.",
        i = "If a data frame has them, give it: `data = `."
      ),
      "missing_columns",
      argument = "data",
      columns = absent[!known],
      call = call
    )
  }
  if (!all(known)) {
    abort_missing_columns(
      absent[!known], names(data), "data", "variables of the formula", call
    )
  }
  frame <- terms_frame(terms, data, call)
  attr(frame, "variables") <- intersect(all.vars(terms), names(data))
  frame
}

#' Evaluate the variables of a formula's terms
#' @noRd
terms_frame <- function(terms, data, call) {
  evaluate_formula(stats::model.frame(terms, data, na.action = stats::na.pass), call)
}

#' Errors of R's formula machinery, with a class
#' @noRd
evaluate_formula <- function(code, call) {
  tryCatch(code, error = function(parent) {
    abort_gmm(
      "The formula must be one that R can evaluate.",
      "bad_value",
      argument = "x",
      parent = parent,
      call = call
    )
  })
}

abort_formula <- function(expected, found, call) {
  abort_gmm(
    c("The formula must {expected}.", x = "It {found}."),
    "bad_value",
    argument = "x",
    call = call
  )
}

abort_missing_columns <- function(columns, found, arg, wanted, call) {
  near <- found[match(tolower(columns), tolower(found))]
  near <- near[!is.na(near)]
  abort_gmm(
    c(
      "{.arg {arg}} must have the {wanted}.",
      x = "{cli::qty(columns)}Column{?s} {.var {columns}} {?is/are} missing.",
      i = if (length(found) > 0) "It has {.var {found}}.",
      i = if (length(near) > 0) "Did you mean {.var {near}}? Capital letters count."
    ),
    "missing_columns",
    argument = arg,
    columns = columns,
    call = call
  )
}
