#' @rdname summary.gmm
#' @export
print.summary.gmm <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  family <- x$fit$covariance
  say(
    describe_model(x$fit, name_family(family)),
    paste0("Covariances: ", describe_letters(family))
  )
  cat("\nComponents\n")
  # Digits after the point: an uncertainty of 1e-17 reads as what it is, none.
  fixed <- function(values) formatC(values, digits = digits, format = "f")
  print_cut(component_table(x, fixed), digits)
  say(describe_sure(x))
  cat("\nMeans\n")
  print_cut(label_columns(x$means, "mean"), digits)
  cat("\nStandard deviations\n")
  print_cut(deviation_table(x$deviations, family), digits)
  if (is_oriented(family)) {
    cat("\nCorrelations\n")
    table <- correlation_table(x$correlations, family)
    table[] <- fixed(table)
    print_cut(table, digits)
  }
  if (says_overlap(x)) {
    print_overlap(x, digits)
    print_uncertain(x, digits)
  }
  say("", describe_loglik(x$fit), describe_run(x$fit), describe_choice(x$fit))
  say(if (length(x$flags) == 0) "Nothing is flagged." else paste("Flagged:", x$flags))
  invisible(x)
}

#' Sizes of the components and, if it says anything, how sure their rows are
#' @noRd
component_table <- function(x, fixed) {
  table <- within(x$components, {
    weight <- fixed(weight)
    sure <- format_percent(sure)
    uncertainty <- fixed(uncertainty)
  })
  if (!says_overlap(x)) {
    table <- table[c("weight", "rows")]
  }
  as.matrix(table)
}

says_overlap <- function(x) {
  x$fit$k > 1 && !anyNA(x$overlap)
}

#' What "sure" means, and how many rows are expected to be in the wrong cluster
#' @noRd
describe_sure <- function(x) {
  if (!says_overlap(x)) {
    return(NULL)
  }
  n <- x$fit$n
  wrong <- sum(x$components$uncertainty * x$components$rows, na.rm = TRUE)
  expected <- if (wrong < 0.05) {
    sprintf("Less than 0.1 of %s rows is", format_count(n))
  } else {
    count <- format_count(signif(wrong, if (wrong < 10) 2 else 3))
    sprintf("Of %s rows, %s (%s) are", format_count(n), count, format_percent(wrong / n))
  }
  c(
    "Sure: rows that belong to their component with a probability above 0.9.",
    paste(expected, "expected to be in the wrong cluster, if the model holds.")
  )
}

#' Parts as percentages, to a hundredth where they are small
#' @noRd
format_percent <- function(part) {
  digits <- ifelse(part < 0.01, 2, 1)
  shown <- sprintf("%.*f %%", as.integer(ifelse(is.na(part), 0, digits)), 100 * part)
  shown[!is.na(part) & part > 0 & part < 5e-5] <- "< 0.01 %"
  shown[is.na(part)] <- NA
  shown
}

#' Which components overlap: as a table, if it can be read, and the worst pair in a sentence
#' @noRd
print_overlap <- function(x, digits) {
  if (x$fit$k <= 10) {
    say("", "Overlap: part of a component's rows (line) expected in each cluster (column)")
    table <- x$overlap
    table[] <- formatC(table, digits = digits, format = "f")
    print_cut(table, digits)
  } else {
    cat("\n")
  }
  say(describe_overlap(x$overlap))
}

describe_overlap <- function(overlap) {
  diag(overlap) <- 0
  worst <- arrayInd(which.max(overlap + t(overlap)), dim(overlap))
  pair <- sort(worst)
  parts <- c(overlap[pair[1], pair[2]], overlap[pair[2], pair[1]])
  if (max(parts) < 5e-5) {
    return("No two components overlap: of each, less than 0.01 % is expected in another's cluster.")
  }
  parts <- format_percent(parts)
  sprintf(
    paste(
      "Components %d and %d overlap most: %s of the rows of %d are expected in the cluster of %d,",
      "and %s of those of %d in that of %d."
    ),
    pair[1], pair[2], parts[1], pair[1], pair[2], parts[2], pair[2], pair[1]
  )
}

print_uncertain <- function(x, digits) {
  table <- x$uncertain
  if (max(table$uncertainty) < 0.01) {
    cat("No row is uncertain: none of them above 0.01.\n")
    return(invisible())
  }
  names <- rownames(table)
  if (identical(names, as.character(seq_len(nrow(table))))) {
    names <- table$row
  }
  table$uncertainty <- formatC(table$uncertainty, digits = digits, format = "f")
  cat("\nThe most uncertain rows\n")
  shown <- as.matrix(table[c("cluster", "second", "uncertainty")])
  dimnames(shown) <- list(names, colnames(shown))
  print(shown, quote = FALSE, right = TRUE)
}

#' Standard deviations, without those that are the same because of the family
#' @noRd
deviation_table <- function(deviations, family) {
  if (is_spherical(family) && ncol(deviations) > 1) {
    deviations <- deviations[, 1, drop = FALSE]
    colnames(deviations) <- "deviation"
  }
  table <- label_columns(deviations, "deviation")
  if (is_shared(family)) one_for_all(table) else table
}

one_for_all <- function(table) {
  table <- table[1, , drop = FALSE]
  rownames(table) <- "all"
  table
}

#' Correlations, a row per component, unless the family gives all the same, and a column per pair
#' @noRd
correlation_table <- function(correlations, family) {
  d <- dim(correlations)[1]
  pairs <- utils::combn(d, 2)
  columns <- dimnames(correlations)[[1]]
  if (is.null(columns)) {
    columns <- paste0("[,", seq_len(d), "]")
  }
  table <- apply(correlations, 3, function(r) r[t(pairs)])
  table <- matrix(table, nrow = dim(correlations)[3], byrow = TRUE)
  dimnames(table) <- list(
    seq_len(nrow(table)),
    paste(columns[pairs[1, ]], columns[pairs[2, ]], sep = "~")
  )
  letters <- family_letters(family)
  if ("V" %in% letters[c("shape", "orientation")]) table else one_for_all(table)
}
