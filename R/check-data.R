#' The user's data as a matrix of doubles
#'
#' Checks type and shape; [check_finite()] and [check_variation()] check the values.
#'
#' @returns `double[n, d]` with the row and column names of `x`, if it has any.
#' @noRd
as_data_matrix <- function(x, arg, call) {
  if (inherits(x, "dist")) {
    abort_not_numeric(x, arg, call)
  } else if (is.data.frame(x)) {
    check_numeric_columns(x, arg, call)
    x <- as.matrix(x)
  } else if (is_numbers(x) && length(dim(x)) < 2) {
    x <- matrix(x, ncol = 1, dimnames = if (!is.null(names(x))) list(names(x), NULL))
  } else if (!is.matrix(x) || !is_numbers(x)) {
    abort_not_numeric(x, arg, call)
  }
  if (ncol(x) == 0) {
    abort_gmm(
      c("{.arg {arg}} must have at least one column.", x = "It has none."),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
  # A double matrix passes unchanged, so that large data are not copied.
  if (is.object(x)) {
    x <- unclass(x)
  }
  if (!is.double(x)) {
    storage.mode(x) <- "double"
  }
  x
}

#' Whether these are numbers that a double stands for: bit64's integers are not
#' @noRd
is_numbers <- function(x) {
  is.numeric(x) && !inherits(x, "integer64")
}

abort_not_numeric <- function(x, arg, call) {
  hint <- if (inherits(x, "Matrix")) {
    "A matrix of package Matrix becomes an ordinary one with `as.matrix()`."
  } else if (inherits(x, "dist")) {
    "Give the rows that the distances are between."
  } else if (is.factor(x) || is.character(x)) {
    "Labels have no normal density."
  } else if (is.logical(x)) {
    "If `TRUE` and `FALSE` stand for 1 and 0, convert with `x + 0`."
  } else if (is.list(x) && "sim_1" %in% names(x)) {
    "`simulate()` returns a list of data sets: take one of them, such as `$sim_1`."
  }
  is_array <- is.array(x) && length(dim(x)) > 2
  abort_gmm(
    c(
      "{.arg {arg}} must be a numeric matrix, data frame or vector.",
      x = "It is {describe_type(x)}.",
      i = hint
    ),
    if (is_array) "bad_shape" else "bad_type",
    argument = arg,
    call = call
  )
}

describe_type <- function(x) {
  if (is.array(x) && length(dim(x)) > 2) {
    return(sprintf("an array with %d dimensions", length(dim(x))))
  }
  if (is.factor(x)) {
    return("a factor")
  }
  if (inherits(x, c("Matrix", "dist"))) {
    return(sprintf("a <%s>", class(x)[1]))
  }
  cli::format_inline("{.obj_type_friendly {x}}")
}

check_numeric_columns <- function(x, arg, call) {
  numeric <- vapply(x, is_numbers, logical(1))
  if (all(numeric)) {
    return(invisible())
  }
  columns <- names(x)[!numeric]
  types <- vapply(x[!numeric], function(column) class(column)[1], character(1))
  # A column that a fit needs can't be dropped.
  hint <- if (arg == "newdata") {
    "Give numbers, as in the data of the fit."
  } else if (all(vapply(x[!numeric], stands_for_numbers, logical(1)))) {
    "Convert with `as.numeric()`."
  } else if (all(types == "logical")) {
    "If `TRUE` and `FALSE` stand for 1 and 0, convert with `as.numeric()`."
  } else {
    "Drop what is not a measurement: labels have no normal density."
  }
  abort_gmm(
    c(
      "{.arg {arg}} must have numeric columns only.",
      x = "{cli::qty(columns)}Column{?s} {.var {columns}} {?is/are} {.cls {unique(types)}}.",
      i = hint
    ),
    "bad_type",
    argument = arg,
    columns = columns,
    call = call
  )
}

#' Whether `as.numeric()` makes of a column what it was meant to be
#' @noRd
stands_for_numbers <- function(column) {
  if (is.character(column)) {
    return(!anyNA(suppressWarnings(as.numeric(column[!is.na(column)]))))
  }
  inherits(column, c("integer64", "Date", "POSIXct", "difftime"))
}

#' Names of columns for messages: their names, or numbers where they have none
#' @noRd
column_labels <- function(x, which) {
  if (is.null(colnames(x))) as.character(which) else colnames(x)[which]
}

#' Refuse a table without rows
#' @noRd
check_rows <- function(x, arg, call) {
  if (nrow(x) == 0) {
    abort_gmm(
      c("{.arg {arg}} must have rows.", x = "It has none."),
      "bad_shape",
      argument = arg,
      call = call
    )
  }
}

#' Refuse missing and infinite values
#'
#' @returns Whether there is none, which is not so for missing values that are allowed.
#' @noRd
check_finite <- function(x, arg, call, allow_na = FALSE) {
  if (engine_all_finite(x)) {
    return(invisible(TRUE))
  }
  # A sum is not finite where a value is not, and unlike `is.finite()` it needs no memory.
  suspect <- which(!is.finite(colSums(x)))
  count <- function(is_bad) {
    counts <- vapply(suspect, function(j) sum(is_bad(x[, j])), numeric(1))
    list(columns = suspect[counts > 0], total = sum(counts))
  }
  missing <- count(is.na)
  what <- if (missing$total == 0 || allow_na) {
    "infinite"
  } else if (count(is.nan)$total == missing$total) {
    "NaN"
  } else {
    "missing"
  }
  bad <- if (what == "infinite") count(is.infinite) else missing
  if (bad$total == 0) {
    return(invisible(FALSE))
  }
  columns <- column_labels(x, bad$columns)
  where <- if (ncol(x) > 1) ", in {cli::qty(columns)}column{?s} {.var {columns}}"
  hint <- switch(what,
    missing = "Leave out the rows that have them, for example with `na.omit()`.",
    "NaN" = paste(
      "Look for logarithms of negative numbers and divisions of zero by zero, or leave out the",
      "rows that have them, for example with `na.omit()`."
    ),
    infinite = "Look for divisions by zero and logarithms of zero."
  )
  abort_gmm(
    c(
      "{.arg {arg}} must not have {what} values.",
      x = paste0("{bad$total} {cli::qty(bad$total)}value{?s} {?is/are} {what}", where, "."),
      i = hint
    ),
    "non_finite",
    argument = arg,
    columns = columns,
    count = bad$total,
    call = call
  )
}

#' Refuse columns that never change
#' @noRd
check_variation <- function(x, arg, call) {
  if (nrow(x) == 1) {
    abort_gmm(
      c("{.arg {arg}} must have at least two rows.", x = "{.arg {arg}} has only one row."),
      "too_few_rows",
      argument = arg,
      call = call
    )
  }
  constant <- function(j) {
    column <- x[, j]
    min(column) == max(column)
  }
  # Most columns vary from the first row to the last.
  suspect <- which(x[1, ] == x[nrow(x), ])
  bad <- suspect[vapply(suspect, constant, logical(1))]
  if (length(bad) == 0) {
    return(invisible())
  }
  columns <- column_labels(x, bad)
  values <- format_values(x[1, bad])
  what <- if (ncol(x) == 1) "It is" else "{cli::qty(columns)}Column{?s} {.var {columns}} {?is/are}"
  abort_gmm(
    c(
      "{.arg {arg}} must vary in every column.",
      x = paste(what, "{values} in every row."),
      i = "Drop {cli::qty(columns)}{?it/them}: a constant has no variance and tells no cluster
        from another."
    ),
    "constant_column",
    argument = arg,
    columns = columns,
    call = call
  )
}

format_values <- function(values) {
  vapply(unname(values), format, character(1), digits = 7)
}
