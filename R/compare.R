#' Compare clusters with known labels
#'
#' Says how well the clusters of a fit agree with labels that are known, or with the clusters of
#' another fit: the contingency table, the classification error under the best matching of clusters
#' with labels, and the adjusted Rand index. The numbers of a cluster mean nothing, so that neither
#' depends on them; nor do there have to be as many clusters as labels.
#'
#' The best matching pairs clusters with labels one to one so that as few rows as can be are
#' misclassified (a linear sum assignment problem, also called that of the Hungarian method). What
#' is left over, because there are more clusters than labels or the reverse, is matched with
#' nothing, and its rows count as misclassified; so it is with a cluster and a label that have no
#' row in common.
#'
#' @param fit A fit from [gmm_fit()]; or labels, as `truth`.
#' @param truth `n` labels, one for each row: a factor, or a vector of whole numbers, strings, or
#'   `TRUE` and `FALSE`, none missing and at most 1,000 different ones; or another fit of the same
#'   rows. Leave out rows whose label is not known: `gmm_compare(fit$cluster[known],
#'   truth[known])`.
#'
#' @returns A list of class `"gmm_comparison"`, which prints in words:
#' \describe{
#'   \item{`table`}{A contingency [`table`][base::table], a row per cluster and a column per label.}
#'   \item{`n`}{The number of rows compared.}
#'   \item{`error`}{Between 0 and 1: the part of the rows that are misclassified.}
#'   \item{`adjusted_rand`}{The adjusted Rand index: 1 for the same partition, around 0 for
#'     agreement as by chance, below 0 for less. Where both have one part only, or every row is a
#'     part, it is 1.}
#'   \item{`matching`}{A string for each cluster, named by cluster: the label it is matched with, or
#'     `NA`.}
#'   \item{`misclassified`}{`integer`: the numbers of the rows whose cluster is not matched with
#'     their label.}
#' }
#'
#' @section Errors:
#' `gmm_error_bad_type`, `gmm_error_bad_shape` and `gmm_error_bad_value` name the `argument` that is
#' wrong; with missing labels the error has their `rows`.
#'
#' @references
#' Hubert, L. and Arabie, P. (1985). Comparing partitions. *Journal of Classification* 2, 193--218,
#' equation 5.
#'
#' Crouse, D. F. (2016). On implementing 2D rectangular assignment algorithms. *IEEE Transactions on
#' Aerospace and Electronic Systems* 52, 1679--1696.
#'
#' @seealso [gmm_example()] for data with known groups.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(iris[1:4], k = 3)
#' gmm_compare(fit, iris$Species)
#' iris[gmm_compare(fit, iris$Species)$misclassified, ]
#'
#' # With the clusters of another fit, and of another method
#' gmm_compare(fit, gmm_fit(iris[1:4], k = 2))
#' gmm_compare(fit, kmeans(iris[1:4], 3)$cluster)
#' @export
gmm_compare <- function(fit, truth) {
  call <- quote(gmm_compare())
  check_given(c(fit = missing(fit), truth = missing(truth)), call)
  cluster <- as_partition(fit, "fit", call)
  truth <- as_partition(truth, "truth", call)
  if (length(cluster) != length(truth)) {
    abort_gmm(
      c(
        "{.arg truth} must have a label for each row of {.arg fit}: {length(cluster)}.",
        x = "It has {length(truth)}."
      ),
      "bad_shape",
      argument = "truth",
      call = call
    )
  }
  table <- table(cluster = cluster, truth = truth)
  found <- engine_matching(as.double(table), nrow(table))
  matching <- set_names(levels(truth)[replace(found, found == 0, NA)], levels(cluster))
  is_right <- matching[as.integer(cluster)] == as.character(truth)
  misclassified <- which(!(is_right %in% TRUE))
  structure(
    list(
      table = table,
      n = length(truth),
      error = length(misclassified) / length(truth),
      adjusted_rand = adjusted_rand(table),
      matching = matching,
      misclassified = misclassified
    ),
    class = "gmm_comparison"
  )
}

#' Labels, or the clusters of a fit, as a factor without levels that no row has
#' @noRd
as_partition <- function(labels, arg, call) {
  if (inherits(labels, "gmm")) {
    labels <- labels$cluster
  }
  must <- "a fit or a vector of labels"
  hint <- if (is.data.frame(labels) || is.matrix(labels)) {
    c(i = "Take one column.")
  } else if (inherits(labels, "Mclust")) {
    c(i = "Take its `$classification`.")
  } else if (inherits(labels, "kmeans")) {
    c(i = "Take its `$cluster`.")
  } else if (inherits(labels, "gmm_mixture")) {
    c(i = "A mixture has no rows: `predict()` gives the clusters of some.")
  }
  leave_out <- "Leave such rows out of both: `gmm_compare(fit$cluster[known], truth[known])`."
  check_labels(labels, arg, must, call, hint, c(i = leave_out))
  if (length(labels) == 0) {
    abort_argument(arg, must, "is empty", "bad_shape", call)
  }
  partition <- factor(labels)
  if (nlevels(partition) > 1000) {
    is <- paste("has", format_count(nlevels(partition)))
    abort_argument(arg, "labels of at most 1,000 kinds", is, "bad_value", call)
  }
  partition
}

#' Hubert and Arabie's index of two partitions, from their contingency table
#' @noRd
adjusted_rand <- function(table) {
  pairs <- function(counts) sum(choose(as.double(counts), 2))
  rows <- pairs(rowSums(table))
  columns <- pairs(colSums(table))
  expected <- rows * columns / max(pairs(sum(table)), 1)
  most <- (rows + columns) / 2
  if (most == expected) 1 else (pairs(table) - expected) / (most - expected)
}

#' Print a comparison
#'
#' @param x A comparison from [gmm_compare()].
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns `x`, invisibly.
#'
#' @examples
#' set.seed(1)
#' print(gmm_compare(gmm_fit(faithful, k = 2), faithful$eruptions > 3), digits = 2)
#' @export
print.gmm_comparison <- function(x, digits = 3, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  size <- cli::pluralize(
    "{nrow(x$table)} cluster{?s} and {ncol(x$table)} label{?s} of {format_count(x$n)} ",
    "{cli::qty(x$n)}row{?s}"
  )
  cat(size, "\n\n", sep = "")
  shown <- x$table[seq_len(min(nrow(x$table), 20)), seq_len(min(ncol(x$table), 12)), drop = FALSE]
  print(shown)
  if (length(shown) < length(x$table)) {
    cat("(and more: see the element `table`)\n")
  }
  say("", describe_comparison(x, digits))
  invisible(x)
}

describe_comparison <- function(x, digits) {
  wrong <- length(x$misclassified)
  error <- if (wrong == 0) {
    cli::pluralize("No row is misclassified")
  } else {
    percent <- format(100 * x$error, digits = digits)
    paste0(
      format_count(wrong), cli::pluralize(" {cli::qty(wrong)}row{?s} {?is/are} misclassified ("),
      percent, " %)"
    )
  }
  matched <- x$matching[!is.na(x$matching)]
  pairs <- paste(names(matched), "as", matched)
  if (length(pairs) > 12) {
    pairs <- c(pairs[1:12], "...")
  }
  alone <- names(x$matching)[is.na(x$matching)]
  alone <- if (length(alone) > 0) {
    some <- if (length(alone) > 12) c(alone[1:12], "...") else alone
    cli::pluralize(" Matched with no label: {cli::qty(alone)}cluster{?s} {toString(some)}.")
  }
  left <- setdiff(colnames(x$table), matched)
  left <- if (length(left) > 0) {
    some <- if (length(left) > 12) c(left[1:12], "...") else left
    cli::pluralize(" Matched with no cluster: {cli::qty(left)}label{?s} {toString(some)}.")
  }
  lines <- c(
    paste0(error, " under the best matching: ", toString(pairs), ".", alone, left),
    paste0(
      "Adjusted Rand index ", format(x$adjusted_rand, digits = digits),
      " (1: the same partition; about 0: agreement as by chance)."
    )
  )
  lines
}
