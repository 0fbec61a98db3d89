#' Summarise a fit
#'
#' @param object A fit from [gmm_fit()].
#' @param x A summary.
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns `summary()`: a list of class `"summary.gmm"` with
#' \describe{
#'   \item{`components`}{A data frame, one row per component: its `weight`, its `rows` (those whose
#'     posterior is largest for it) and the mean `uncertainty` of these, which is 0 where all are
#'     sure. The last needs the data and is `NA` without them.}
#'   \item{`means`, `deviations`}{`double[k, d]`: means and standard deviations, in the units of
#'     the data.}
#'   \item{`correlations`}{`double[d, d, k]`.}
#'   \item{`criteria`}{Named numbers: `loglik`, `df`, `AIC`, `BIC`.}
#'   \item{`fit`}{The fit.}
#' }
#' Printing returns the summary invisibly. It leaves out what the family fixes: correlations that
#' are zero, and rows or columns that are the same.
#'
#' @examples
#' set.seed(1)
#' summary(gmm_fit(faithful, k = 2))
#' @export
summary.gmm <- function(object, ...) {
  components <- seq_len(object$k)
  uncertainty <- if (is.null(object$data)) {
    rep(NA_real_, object$k)
  } else {
    cluster <- factor(object$cluster, levels = components)
    as.double(tapply(predict(object, type = "uncertainty"), cluster, mean))
  }
  covariances <- lapply(components, function(j) {
    matrix(object$covariances[, , j], object$d, object$d)
  })
  deviations <- t(vapply(covariances, function(s) sqrt(diag(s)), numeric(object$d)))
  correlations <- object$covariances
  correlations[] <- vapply(covariances, stats::cov2cor, numeric(object$d^2))
  structure(
    list(
      components = data.frame(
        weight = unname(object$weights),
        rows = tabulate(object$cluster, object$k),
        uncertainty = uncertainty,
        row.names = names(object$weights)
      ),
      means = object$means,
      deviations = matrix(deviations, object$k, object$d, dimnames = dimnames(object$means)),
      correlations = correlations,
      criteria = c(
        loglik = object$loglik,
        df = object$df,
        AIC = stats::AIC(object),
        BIC = stats::BIC(object)
      ),
      fit = object
    ),
    class = "summary.gmm"
  )
}

#' @rdname summary.gmm
#' @export
print.summary.gmm <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  family <- x$fit$covariance
  cat(describe_model(x$fit, name_family(family)), "\n", sep = "")
  cat("Covariances: ", describe_letters(family), "\n", sep = "")
  cat("\nComponents\n")
  # Digits after the point: an uncertainty of 1e-17 reads as what it is, none.
  fixed <- function(values) formatC(values, digits = digits, format = "f")
  components <- within(x$components, {
    weight <- fixed(weight)
    uncertainty <- fixed(uncertainty)
  })
  print_cut(as.matrix(components), digits)
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
  cat("\n", describe_fit(x$fit), "\n", sep = "")
  invisible(x)
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
