#' Which model this is of those that were fitted
#' @noRd
describe_choice <- function(x) {
  table <- x$selection
  if (nrow(table) == 1) {
    return(NULL)
  }
  rivals <- find_rivals(x)
  criterion <- attr(table, "criterion")
  among <- count_models(table)
  if (length(rank_models(table)) == 1) {
    return(paste0("The only one with a fit among ", among, "."))
  }
  gap <- rivals$margins
  other <- rivals$others[1]
  best <- if (length(rivals$passed) > 0) {
    sprintf("Of %s, the best by %s that is not flagged", among, criterion)
  } else {
    sprintf("Best by %s of %s", criterion, among)
  }
  if (is.na(other)) {
    return(paste0(best, "."))
  }
  if (rivals$is_flagged && gap[other] > 0 && !is_flagged(table)[other]) {
    return(sprintf(
      "Of %s, the best by %s that is not flagged is %s, which is %s.",
      among, criterion, name_model(table, other), describe_margin(gap[other])
    ))
  }
  # Of models that are as good, the one that is shown is the best.
  if (gap[other] > -0.005) {
    return(sprintf(
      "%s. The next, %s, is %s.",
      best, name_model(table, other), describe_margin(gap[other])
    ))
  }
  sprintf(
    "By %s, the best of %s%s is %s, which is %s.",
    criterion, among, if (grepl(",", among, fixed = TRUE)) "," else "",
    name_model(table, other), describe_margin(gap[other])
  )
}

#' How many models there are, and how many of them have no fit
#' @noRd
count_models <- function(table) {
  is_without <- is.na(table$loglik)
  is_behind <- is_given_up(table)
  behind <- sum(is_behind)
  without <- sum(is_without & !is_behind)
  left_out <- c(
    if (behind > 0) cli::pluralize("{behind} {?was/were} given up early"),
    if (without > 0) cli::pluralize("{without} {?has/have} no fit")
  )
  among <- cli::pluralize("{nrow(table)} models")
  if (length(left_out) > 0) {
    among <- paste0(among, ", of which ", paste(left_out, collapse = " and "))
  }
  among
}

#' Models with a better value of the criterion that may be spurious, and were not chosen
#' @noRd
describe_passed <- function(x) {
  rivals <- find_rivals(x)
  passed <- length(rivals$passed)
  if (passed == 0) {
    return(NULL)
  }
  table <- x$selection
  best <- rivals$passed[1]
  refit <- sprintf(
    "`gmm_refit(fit, k = %d, covariance = \"%s\")`", table$k[best], table$covariance[best]
  )
  compared <- describe_margin(rivals$margins[best])
  on_value <- if (lies_on_value(table[best, ])) {
    sub("^near-spurious: component [0-9]+ lies", ", with a component", table$status[best])
  } else {
    ""
  }
  is_rich <- startsWith(table$status[rivals$passed], "too rich")
  doubt <- c(if (!all(is_rich)) "may be spurious", if (any(is_rich)) "too rich for the rows")
  doubt <- sub("^too", if (passed == 1) "is too" else "are too", paste(doubt, collapse = " or "))
  paste(
    cli::pluralize(
      "{passed} model{?s} with a better {attr(table, 'criterion')} {doubt} and ",
      "{cli::qty(passed)}{?was/were} passed over."
    ),
    if (passed == 1) "It is" else "The best of them is",
    sprintf("%s, which is %s%s: %s.", name_model(table, best), compared, on_value, refit)
  )
}

#' What a fit is to be compared with
#'
#' @returns A list of `margins`, by how much each model of the table is worse than the fit; rows of
#'   the table, the best first: `others`, which may be as sound as the fit, and `passed`, those that
#'   may be spurious though the criterion prefers them; and whether the fit `is_flagged` itself.
#' @noRd
find_rivals <- function(x) {
  table <- x$selection
  values <- table[[attr(table, "criterion")]]
  flagged <- is_flagged(table)
  here <- which(table$k == x$k & table$covariance == x$covariance)[1]
  ranked <- setdiff(rank_models(table), here)
  ranked <- ranked[!is_same_model(table, here)[ranked]]
  sound <- ranked[!flagged[ranked]]
  all_flagged <- flagged[here] && length(sound) == 0
  best <- min(values[setdiff(c(here, sound), which(flagged))], Inf)
  passed <- ranked[flagged[ranked] & values[ranked] < best]
  list(
    margins = margin(values, values[here]),
    others = if (all_flagged) ranked else sound,
    passed = if (!flagged[here]) passed,
    is_flagged = flagged[here]
  )
}

#' Models of one component that different families give alike
#' @noRd
is_same_model <- function(table, row) {
  loglik <- table$loglik[row]
  is_near <- abs(table$loglik - loglik) <= 1e-8 * max(1, abs(loglik))
  table$k == 1 & table$k[row] == 1 & table$df == table$df[row] & is_near
}

#' Differences of values of a criterion, which are none between infinite ones
#' @noRd
margin <- function(values, from) {
  ifelse(values == from, 0, values - from)
}

describe_margin <- function(margin) {
  # What two decimals do not show.
  if (abs(margin) < 0.005) {
    return("as good")
  }
  size <- if (is.finite(margin)) paste0(format_2(abs(margin)), " ")
  paste0(size, if (margin < 0) "better" else "worse")
}
