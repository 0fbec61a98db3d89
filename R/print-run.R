#' How the run ended, and what became of the starts
#' @noRd
describe_run <- function(x) {
  if (!is.null(x$origin)) {
    return(paste0("Taken over from a fit of ", x$origin, "."))
  }
  starts <- x$starts
  asked <- !x$converged && !should_converge(x)
  run <- if (x$algorithm == "sem") {
    describe_wander(x)
  } else {
    cli::pluralize(
      if (x$converged) "Converged" else if (asked) "Stopped" else "Not converged",
      " after {x$iterations} iteration{?s}",
      if (x$algorithm == "cem") " of classification EM" else "",
      if (starts$tried == 1) " from one start" else "",
      if (asked) ", as asked (`tol = 0`)." else "."
    )
  }
  climbed <- if (x$algorithm == "cem") {
    paste("classification log-likelihood", format_2(x$trace[length(x$trace)]))
  }
  c(climbed, run, describe_starts(x))
}

#' Where in a run of stochastic EM the fit was seen
#' @noRd
describe_wander <- function(x) {
  best <- which.max(x$trace) - 1
  from <- if (x$starts$tried == 1) " from one start" else ""
  cli::pluralize(
    "The best mixture of {x$iterations} iteration{?s} of stochastic EM{from}: ",
    if (best == 0) "the start." else "that after iteration {best}."
  )
}

describe_starts <- function(x) {
  starts <- x$starts
  if (starts$tried == 1) {
    return(NULL)
  }
  sampled <- if (starts$rows < x$n) {
    sprintf(" on a random sample of %s rows", format_count(starts$rows))
  }
  finished <- starts$finished
  reached <- starts$reached
  goal <- describe_goal(x)
  count <- paste0(starts$tried, " starts", sampled, ": ")
  if (reached == starts$tried) {
    return(paste0(count, "all ended ", goal, "."))
  }
  which <- if (finished == starts$tried) {
    "all"
  } else if (finished == 1) {
    "one"
  } else {
    finished
  }
  went <- paste(if (finished == 1) "was" else "were", if (x$converged) "finished" else "followed")
  ended <- if (finished > 1) {
    many <- if (reached < finished) {
      paste(reached, "of them")
    } else if (reached == 2) {
      "both"
    } else {
      paste("all", reached)
    }
    paste0(", and ", many, " ended ", goal)
  }
  paste0(count, which, " ", went, ended, ".")
}

describe_goal <- function(x) {
  if (x$converged) {
    return("at this optimum")
  }
  margin <- sub("e-0", "e-", format(max(1e-4, 2 * x$control$tol)))
  paste("within", margin, "of this log-likelihood")
}
