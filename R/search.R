#' Criteria by which a model may be chosen
#' @noRd
criteria <- c("BIC", "ICL", "AIC", "AICc")

#' The models to fit: every number of components with every family
#'
#' @param families As [resolve_families()] returns them.
#' @param is_regular Whether covariances can be inverted however few rows there are.
#' @returns A data frame, a row per model: `k`, `covariance`, the engine's `letters`, and `refused`,
#'   the condition that stands in the way or `NA`.
#' @noRd
list_models <- function(x, k, families, is_regular, call) {
  n <- nrow(x)
  models <- list2DF(list(
    k = rep(k, each = length(families$name)),
    covariance = rep(families$name, length(k)),
    letters = rep(families$letters, length(k)),
    refused = rep(NA_character_, length(families$name) * length(k))
  ))
  if (all(k > n)) {
    abort_gmm(
      c(
        "{.arg k} must be at most the number of rows of {.arg x}.",
        x = "{.arg k} is {.or {k}}, and there {cli::qty(n)}{?is/are} {n} row{?s}."
      ),
      "bad_value",
      argument = "k",
      call = call
    )
  }
  if (n <= ncol(x) && !is_regular) {
    oriented <- families$name[vapply(families$name, is_oriented, logical(1))]
    if (length(oriented) == length(families$name)) {
      abort_too_few_rows(families$name, x, call)
    }
    models$refused[models$covariance %in% oriented] <- "too_few_rows"
  }
  models$refused[models$k > n] <- "too_few_distinct"
  models
}

#' Search all models that can be
#'
#' @param models As [list_models()] returns them.
#' @param how A list with `equal_weights`, `algorithm`, `fix` and `keep_path`; and `alone`, the
#'   budget of a model that is asked for alone.
#' @returns A list of `cells`, a fit or a condition for each model; which of them is `best`; its
#'   labels, `cluster`; and the number of `rows` on which starts were tried.
#' @noRd
search_models <- function(models, x, start, criterion, how, control, call) {
  open <- which(is.na(models$refused))
  settings <- c(
    control[c(
      "short_iter", "max_iter", "tol", "reg_covar", "min_eigen_ratio", "accelerate"
    )],
    how[c("equal_weights", "algorithm", "keep_path", "alone")],
    list(
      fix = engine_fix(how$fix, ncol(x)),
      budget = search_budget(control),
      finish_all = control$search == "thorough",
      k = unique(models$k[open]),
      covariance = unique(models$letters[open]),
      criterion = criterion,
      # The one draw from R's generator; EM from a start of the user's own needs none.
      seed = if (is.null(start$value) || how$algorithm == "sem") stats::runif(1) else 0
    )
  )
  threads <- resolve_threads(control$threads, call)
  found <- engine_value(
    engine_fit(x, nrow(x), start$value, settings, threads, progress_ticker()),
    x,
    call
  )
  cells <- lapply(models$refused, function(condition) list(condition = condition))
  cells[open] <- found$cells
  if (is.null(start$value) && !is.null(how$fix)) {
    # What is off the scale of the data is not a start.
    cells <- lapply(cells, function(cell) {
      if (identical(cell$condition, "out_of_scale")) cell$condition <- "fixed_out_of_scale"
      cell
    })
  }
  found$cells <- cells
  if (found$best == 0) {
    abort_no_fit(cells, models, x, call)
  }
  found$best <- open[found$best]
  found
}

#' Say why there is no fit at all
#' @noRd
abort_no_fit <- function(cells, models, x, call) {
  conditions <- vapply(cells, `[[`, character(1), "condition")
  collapsed <- match("no_start_survived", conditions)
  is_one_cause <- length(unique(conditions)) == 1
  if (length(cells) == 1 || (is_one_cause && is.na(collapsed))) {
    family <- list(name = models$covariance[1])
    engine_value(cells[[1]], x, call, family, models$k[1])
  }
  counts <- count_failures(failure_kinds(cells))
  example <- if (!is.na(collapsed)) {
    family <- models$covariance[collapsed]
    collapse <- describe_collapse(cells[[collapsed]], x, family, models$k[collapsed])
    sprintf("%s with k = %.0f: %s.", family, models$k[collapsed], collapse$status)
  }
  abort_gmm(
    c(
      "None of the {length(cells)} models can be fitted.",
      set_names(sprintf("%d of them: %s.", counts, names(counts)), rep("x", length(counts))),
      x = if (!is.null(example)) "{example}",
      i = if (!is.null(example)) {
        "{ways_out(family, models$k[collapsed], x, length(collapse$constant) > 0)}"
      }
    ),
    "degenerate",
    models = length(cells),
    call = call
  )
}

#' What keeps models from a fit, in words that do not depend on the model
#' @noRd
failure_words <- c(
  no_start_survived = "a component collapsed or lost its rows",
  collinear = "a column is determined by others",
  too_few_distinct = "fewer distinct rows than components",
  too_few_rows = "no more rows than columns",
  behind = "given up on the way, since far behind the best",
  fixed_out_of_scale = "what `fix` has is not on the scale of the data",
  out_of_scale = "the start is not on the scale of the data"
)

#' What kept models from a fit
#'
#' @returns `NA` for those with a fit.
#' @noRd
failure_kinds <- function(cells) {
  conditions <- vapply(cells, function(cell) cell$condition %||% NA_character_, character(1))
  is_known <- conditions %in% c(names(failure_words), NA)
  unname(ifelse(is_known, failure_words[conditions], conditions))
}

#' How many models failed in each way, the most frequent first
#' @noRd
count_failures <- function(kinds) {
  kinds <- kinds[!is.na(kinds)]
  counts <- table(factor(kinds, levels = unique(kinds)))
  sort(set_names(as.integer(counts), names(counts)), decreasing = TRUE)
}

#' Warn that families were left out because a column is a combination of others
#' @noRd
warn_collinear <- function(cells, x, call) {
  conditions <- vapply(cells, function(cell) cell$condition %||% "", character(1))
  left_out <- which(conditions == "collinear")
  if (length(left_out) == 0) {
    return(invisible())
  }
  column <- cells[[left_out[1]]]$column
  of <- determining_columns(column, x)
  column <- column_labels(x, column)
  warn_gmm(
    c(
      "Families with orientations, such as {.val full}, were left out.",
      x = "Column {.var {column}} is determined by {.var {of}}.",
      i = "Drop it: it adds nothing, and their covariances could not be inverted."
    ),
    "collinear",
    columns = column,
    of = of,
    call = call
  )
}

#' Columns in which normal densities can hardly be meant: few values, each of many rows
#' @noRd
discrete_columns <- function(x) {
  most <- 10
  is_discrete <- function(j) {
    # Most columns show in their first rows that they have more values.
    if (length(unique(x[seq_len(min(nrow(x), 100)), j])) > most) {
      return(FALSE)
    }
    values <- length(unique(x[, j]))
    values <= most && nrow(x) >= 10 * values
  }
  which(vapply(seq_len(ncol(x)), is_discrete, logical(1)))
}

#' Columns of which most rows have one value, though there are many others
#'
#' @param discrete Columns that have few values.
#' @returns A data frame with the `column`, its `value`, and the number of `rows` that have it.
#' @noRd
spiked_columns <- function(x, discrete) {
  n <- nrow(x)
  some <- round(seq(1, n, length.out = min(n, 100)))
  find <- function(j) {
    values <- x[, j]
    # Rows here and there show that most columns have no such value.
    if (max(tabulate(match(values[some], values[some]))) < length(some) / 5) {
      return(NULL)
    }
    # If most rows have one value, it is the one in the middle.
    value <- sort(values, partial = (n + 1) %/% 2)[(n + 1) %/% 2]
    rows <- sum(values == value)
    if (rows >= 10 && rows > n / 2 && rows < n) data.frame(column = j, value, rows)
  }
  do.call(rbind, lapply(setdiff(seq_len(ncol(x)), discrete), find))
}

#' What spiked columns are, in words
#' @noRd
describe_spikes <- function(x, spikes) {
  found <- sprintf(
    "%s is %s in %s of %s rows",
    if (ncol(x) == 1) "`x`" else paste0("`", column_labels(x, spikes$column), "`"),
    format_values(spikes$value), vapply(spikes$rows, format_count, ""), format_count(nrow(x))
  )
  cli::pluralize("{found}")
}

#' Warn of columns with few distinct values, or with one that most rows have
#' @noRd
warn_discrete <- function(x, call) {
  discrete <- discrete_columns(x)
  spikes <- spiked_columns(x, discrete)
  columns <- column_labels(x, c(discrete, spikes$column))
  if (length(columns) == 0) {
    return(invisible())
  }
  few <- column_labels(x, discrete)
  warn_gmm(
    c(
      if (length(few) > 0 && ncol(x) == 1) {
        "{.arg x} has few distinct values."
      } else if (length(few) > 0) {
        "{cli::qty(few)}Column{?s} {.var {few}} {?has/have} few distinct values."
      },
      if (!is.null(spikes)) "{describe_spikes(x, spikes)}.",
      i = "A component can lie on a single value, and its variance there means little or collapses.
        Leave out what is not a measurement."
    ),
    "discrete",
    columns = columns,
    call = call
  )
}
