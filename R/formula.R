#' The variables of a one-sided formula as a data frame, with its terms
#'
#' @param formula A formula, or terms.
#' @noRd
formula_frame <- function(formula, data, call) {
  if (!is.null(data) && !is.data.frame(data)) {
    abort_gmm(
      c(
        "{.arg data} must be a data frame.",
        x = "It is {.obj_type_friendly {data}}."
      ),
      "bad_type",
      argument = "data",
      call = call
    )
  }
  if (length(formula) != 2) {
    abort_gmm(
      c(
        "The formula must be one-sided, such as `~ a + b`.",
        x = "It has {.code {deparse1(formula[[2]])}} on its left."
      ),
      "bad_value",
      argument = "x",
      call = call
    )
  }
  absent <- setdiff(all.vars(formula), c(names(data), "."))
  absent <- absent[!vapply(absent, exists, logical(1), envir = environment(formula))]
  if (length(absent) > 0) {
    abort_missing_columns(absent, names(data), "data", "variables of the formula", call)
  }
  terms <- if (is.null(data)) stats::terms(formula) else stats::terms(formula, data = data)
  if (any(attr(terms, "order") > 1)) {
    abort_gmm(
      c(
        "The formula must name columns, joined by `+`.",
        x = "It has an interaction."
      ),
      "bad_value",
      argument = "x",
      call = call
    )
  }
  stats::model.frame(terms, data, na.action = stats::na.pass)
}

abort_missing_columns <- function(columns, found, arg, wanted, call) {
  abort_gmm(
    c(
      "{.arg {arg}} must have the {wanted}.",
      x = "{cli::qty(columns)}Column{?s} {.var {columns}} {?is/are} missing.",
      i = if (length(found) > 0) "It has {.var {found}}."
    ),
    "missing_columns",
    argument = arg,
    columns = columns,
    call = call
  )
}
