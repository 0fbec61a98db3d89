#' @rdname gmm_select
#' @export
print.gmm_selection <- function(x, n = 6, ...) {
  n <- check_count(n, "n", call = quote(print()))
  criterion <- attr(x, "criterion")
  ranked <- rank_models(x)
  say(cli::pluralize(
    "Selection by {criterion}: {nrow(x)} model{?s}, on {format_count(attr(x, 'n'))} rows"
  ), "")
  shown <- utils::head(different_models(x, ranked), n)
  if (length(shown) > 0) {
    print(best_models(x, shown, criterion), row.names = FALSE)
    cat("\n")
  }
  left <- length(ranked) - length(shown)
  say(
    if (left > 0) cli::pluralize("{left} more model{?s} {?has/have} a fit."),
    describe_flagged(x, criterion),
    describe_failures(attr(x, "failures")),
    describe_sample(x)
  )
  invisible(x)
}

#' Of families that are the same model, as many are with one component, the first
#' @noRd
different_models <- function(x, rows) {
  models <- data.frame(x$df, signif(x$loglik, 9))[rows, ]
  rows[x$k[rows] > 1 | !duplicated(models)]
}

#' Some rows of the table, as they are printed
#' @noRd
best_models <- function(x, rows, criterion) {
  values <- x[[criterion]]
  shown <- data.frame(
    k = x$k[rows],
    covariance = x$covariance[rows],
    value = format_2(values[rows]),
    margin = format_2(margin(values[rows], values[rank_models(x)[1]])),
    loglik = format_2(x$loglik[rows]),
    df = x$df[rows],
    hits = sprintf("%d of %d", x$hits[rows], x$starts[rows])
  )
  names(shown)[3] <- criterion
  if (any(x$status[rows] != "ok")) {
    shown$status <- x$status[rows]
  }
  shown
}

describe_flagged <- function(x, criterion) {
  flagged <- is_flagged(x)
  if (!any(flagged)) {
    return(NULL)
  }
  values <- x[[criterion]]
  better <- sum(values[flagged] < values[rank_models(x)[1]])
  rich <- sum(startsWith(x$status, "too rich"))
  spurious <- sum(flagged) - rich
  paste0(
    if (spurious > 0) {
      on_value <- sum(lies_on_value(x))
      with <- c(if (on_value < spurious) "of few rows", if (on_value > 0) "on one value")
      with <- paste(with, collapse = " or ")
      cli::pluralize("{spurious} model{?s} may be spurious, with a narrow component {with}")
    },
    if (spurious > 0 && rich > 0) ", and ",
    if (rich > 0) {
      cli::pluralize("{rich} model{?s} {?has/have} as many parameters as rows, or more")
    },
    if (spurious > 0 && rich > 0) "; they " else ", and ",
    if (sum(flagged) == 1) "ranks last" else "rank last",
    if (better > 0) cli::pluralize("; {better} of them {?has/have} a better {criterion}") else "",
    "."
  )
}

describe_failures <- function(failures) {
  is_behind <- failures %in% failure_words[["behind"]]
  behind <- sum(is_behind)
  counts <- count_failures(failures[!is_behind])
  total <- sum(counts)
  reasons <- paste0(names(counts), if (length(counts) > 1) sprintf(" (%d)", counts))
  c(
    if (behind > 0) {
      cli::pluralize(
        "{behind} model{?s} {?was/were} given up early, far behind the best: ",
        "`search = \"thorough\"` finishes {cli::qty(behind)}{?it/them}."
      )
    },
    if (total > 0) {
      paste0(
        cli::pluralize("{total} model{?s} {?has/have} no fit: "),
        paste(reasons, collapse = "; "),
        "."
      )
    }
  )
}

describe_sample <- function(x) {
  rows <- attr(x, "rows")
  if (rows < attr(x, "n")) {
    paste(
      "Starts were tried on a random sample of", format_count(rows),
      "rows; the optima went on to all."
    )
  }
}

#' @rdname gmm_select
#' @export
summary.gmm_selection <- function(object, ...) {
  best <- vapply(criteria, function(criterion) rank_models(object, criterion)[1], integer(1))
  structure(
    list(
      models = nrow(object),
      fits = sum(!is.na(object$loglik)),
      flagged = sum(is_flagged(object)),
      failures = count_failures(attr(object, "failures")),
      best = data.frame(
        criterion = criteria,
        k = object$k[best],
        covariance = object$covariance[best],
        value = mapply(function(criterion, row) object[[criterion]][row], criteria, best),
        row.names = NULL
      ),
      selection = object
    ),
    class = "summary.gmm_selection"
  )
}

#' @export
print.summary.gmm_selection <- function(x, ...) {
  say(cli::pluralize("{x$models} model{?s}, {x$fits} with a fit"), "")
  best <- x$best
  best$value <- format_2(best$value)
  criterion <- attr(x$selection, "criterion")
  if (any(is_given_up(x$selection))) {
    # Models were given up by one criterion: by another they might have been the best.
    best$among <- ifelse(best$criterion == criterion, "all", "those finished")
  }
  print(best, row.names = FALSE)
  lines <- c(
    describe_flagged(x$selection, criterion),
    describe_failures(attr(x$selection, "failures")),
    describe_sample(x$selection)
  )
  if (length(lines) > 0) {
    say("", lines)
  }
  invisible(x)
}
