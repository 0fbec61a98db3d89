#' Print a fit
#'
#' A few lines: the model, the components' weights and means, the log-likelihood, how sure the
#' search is of it, how the model compares with the others that were fitted, and what to doubt.
#' Wide or long tables are cut.
#'
#' @param x A fit from [gmm_fit()].
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns `x`, invisibly.
#'
#' @examples
#' set.seed(1)
#' print(gmm_fit(faithful, k = 2), digits = 3)
#' @export
print.gmm <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  say(describe_model(x), "")
  print_cut(cbind(weight = x$weights, label_columns(x$means, "mean")), digits)
  say("", describe_loglik(x), describe_run(x), describe_choice(x), describe_doubts(x))
  invisible(x)
}

#' Write sentences, each on lines of its own that fit the console
#' @noRd
say <- function(...) {
  writeLines(wrap(c(...)))
}

#' Lines that fit the console; code, and `k` with its number, stay in one piece
#' @noRd
wrap <- function(lines) {
  lines <- as.character(lines)
  whole <- gregexpr("`[^`]*`|k = [0-9]+", lines)
  regmatches(lines, whole) <- lapply(regmatches(lines, whole), function(piece) {
    gsub(" ", "\u00a0", piece, fixed = TRUE)
  })
  gsub("\u00a0", " ", strwrap(lines, width = min(getOption("width"), 100)), fixed = TRUE)
}

describe_model <- function(x, family = describe_family(x$covariance)) {
  weights <- if (x$equal_weights) ", equal weights" else ""
  fixed <- describe_fixed(x$fix)
  cli::pluralize(
    "Gaussian mixture of {x$k} component{?s}, covariance {family}{weights}{fixed}, ",
    "on {format_count(x$n)} {cli::qty(x$n)}row{?s} and {x$d} column{?s}"
  )
}

format_count <- function(n) {
  # The table of models has many small ones, for which format() takes a while.
  if (length(n) == 1 && isTRUE(abs(n) < 1000 && n == round(n))) {
    return(as.character(n))
  }
  format(n, big.mark = ",", scientific = FALSE)
}

describe_loglik <- function(x) {
  paste0(
    "log-likelihood ", format_2(x$loglik), " (df ", x$df, "), AIC ", format_2(stats::AIC(x)),
    ", BIC ", format_2(stats::BIC(x))
  )
}

format_2 <- function(value) {
  format(round(value, 2), nsmall = 2, scientific = FALSE)
}

#' Give columns a name to be printed under
#' @noRd
label_columns <- function(x, single) {
  if (is.null(colnames(x))) {
    colnames(x) <- if (ncol(x) == 1) single else paste0("[,", seq_len(ncol(x)), "]")
  }
  x
}

#' Print a table, at most twenty rows and ten columns of it
#' @noRd
print_cut <- function(table, digits) {
  rows <- seq_len(min(nrow(table), 20))
  columns <- seq_len(min(ncol(table), 10))
  print(format_columns(table[rows, columns, drop = FALSE], digits), quote = FALSE, right = TRUE)
  left <- dim(table) - c(length(rows), length(columns))
  more <- c(
    cli::pluralize("{left[1]} more component{?s}"),
    cli::pluralize("{left[2]} more column{?s}")
  )
  if (any(left > 0)) {
    cat("... and ", paste(more[left > 0], collapse = ", "), "\n", sep = "")
  }
}

#' Every column with as many decimals as its largest number needs for `digits` digits; of very large
#' numbers enough to tell them apart
#' @noRd
format_columns <- function(table, digits) {
  if (is.character(table)) {
    return(table)
  }
  formatted <- table
  for (j in seq_len(ncol(table))) {
    column <- table[, j]
    largest <- max(abs(column), 0, na.rm = TRUE)
    formatted[, j] <- if (largest == 0 || all(column == round(column), na.rm = TRUE)) {
      format(column)
    } else if (largest >= 1e8 || largest < 1e-4) {
      format(column, digits = digits_apart(column, largest, digits))
    } else {
      decimals <- max(digits - 1 - floor(log10(largest)), 0)
      format(round(column, decimals), nsmall = decimals, scientific = FALSE)
    }
  }
  formatted
}

#' Digits that show two of the difference between the largest and the smallest number
#' @noRd
digits_apart <- function(column, largest, digits) {
  spread <- diff(range(column, na.rm = TRUE))
  if (spread == 0) {
    return(digits)
  }
  max(digits, min(ceiling(log10(largest / spread)) + 1, 15))
}
