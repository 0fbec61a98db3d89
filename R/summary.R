#' Summarise a fit
#'
#' What a report of a cluster analysis needs: how large the components are and how surely rows
#' belong to them, where they lie and how wide they are, which of them overlap, which rows are in
#' doubt, how the model compares with the next one, and what may be wrong.
#'
#' @param object A fit from [gmm_fit()].
#' @param x A summary.
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns `summary()`: a list of class `"summary.gmm"` with
#' \describe{
#'   \item{`components`}{A data frame, one row per component: its `weight`, its `rows` (those whose
#'     posterior is largest for it), the part of these that is `sure` (their posterior is above
#'     0.9), and their mean `uncertainty`. The last two are `NA` for a component without rows, and
#'     need the data, as do the next two.}
#'   \item{`overlap`}{`double[k, k]`: of the rows of component `i`, the part that is expected to be
#'     assigned to component `j`, so that rows sum to 1. It is the sum of the posterior of `i` over
#'     the rows of cluster `j`, divided by the sum over all. `NA` without data.}
#'   \item{`uncertain`}{A data frame of the five most uncertain rows, with their names: the number
#'     of the `row`, its `cluster`, the `second` most probable component, and the `uncertainty`.}
#'   \item{`means`, `deviations`}{`double[k, d]`: means and standard deviations, in the units of
#'     the data.}
#'   \item{`correlations`}{`double[d, d, k]`.}
#'   \item{`criteria`}{Named numbers: `loglik`, `df`, `AIC`, `BIC`.}
#'   \item{`next_best`}{The best other model that was fitted, of those that are not flagged as
#'     near-spurious: a data frame with one row, of `k`, `covariance`, the `criterion`, its `value`
#'     and `margin`, how much worse it is than this one. Families that are the same model, as they
#'     may be with one component, are not others. `NULL` if there is none.}
#'   \item{`flags`}{Sentences: what to doubt. It has none if nothing is amiss. They say if the run
#'     has not converged; if starts ended degenerate; if something was added to the covariances; if
#'     there are more parameters than rows; if models with a better criterion were passed over,
#'     since they may be spurious; if this optimum may be spurious; if only one of several starts
#'     found it; if two components are the same, to a thousandth of their standard deviations; if
#'     families were left out because a column is determined by others; if the best `k` is the
#'     largest that was tried; and which columns have so few values that normal densities can hardly
#'     be meant.}
#'   \item{`fit`}{The fit.}
#' }
#' Printing returns the summary invisibly. It leaves out what the family fixes: correlations that
#' are zero, and rows or columns that are the same; and the overlap of more than ten components.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(iris[1:4], k = 3)
#' summary(fit)
#' summary(fit)$overlap
#' @export
summary.gmm <- function(object, ...) {
  sure <- summarise_posterior(object, quote(summary()))
  structure(
    list(
      components = data.frame(
        weight = unname(object$weights),
        rows = tabulate(object$cluster, object$k),
        sure = sure$sure,
        uncertainty = sure$uncertainty,
        row.names = names(object$weights)
      ),
      overlap = sure$overlap,
      uncertain = sure$uncertain,
      means = object$means,
      deviations = component_deviations(object),
      correlations = component_correlations(object),
      criteria = c(
        loglik = object$loglik,
        df = object$df,
        AIC = stats::AIC(object),
        BIC = stats::BIC(object)
      ),
      next_best = next_best(object),
      flags = as.character(describe_flags(object)),
      fit = object
    ),
    class = "summary.gmm"
  )
}

#' What the responsibilities say of components and of rows
#'
#' @returns A list of `sure` and `uncertainty`, `double[k]`; `overlap`; and `uncertain`.
#' @noRd
summarise_posterior <- function(object, call, most = 1e5) {
  k <- object$k
  components <- as.character(seq_len(k))
  shared <- matrix(NA_real_, k, k, dimnames = list(components, components))
  if (is.null(object$data)) {
    none <- rep(NA_real_, k)
    return(list(
      sure = none, uncertainty = none, overlap = shared,
      uncertain = uncertain_rows(object, integer(), matrix(0, 0, k))
    ))
  }
  shared[] <- 0
  score <- function(rows) {
    x <- object$data[rows, , drop = FALSE]
    score_complete(object, x, "posterior", call, TRUE)
  }
  uncertainty <- numeric(object$n)
  # Block by block, so that the responsibilities of all rows are never stored.
  for (rows in split(seq_len(object$n), (seq_len(object$n) - 1) %/% most)) {
    posterior <- score(rows)
    uncertainty[rows] <- 1 - posterior[cbind(seq_along(rows), object$cluster[rows])]
    assigned <- rowsum(posterior, object$cluster[rows])
    to <- as.integer(rownames(assigned))
    shared[, to] <- shared[, to] + t(assigned)
  }
  by_cluster <- function(values) {
    means <- tapply(values, factor(object$cluster, levels = seq_len(k)), mean)
    as.double(means)
  }
  doubtful <- utils::head(order(-uncertainty), 5)
  list(
    sure = by_cluster(uncertainty < 0.1),
    uncertainty = by_cluster(uncertainty),
    overlap = shared / rowSums(shared),
    uncertain = uncertain_rows(object, doubtful, score(doubtful))
  )
}

uncertain_rows <- function(object, rows, posterior) {
  cluster <- unname(object$cluster[rows])
  at <- cbind(seq_along(rows), cluster)
  uncertainty <- 1 - posterior[at]
  posterior[at] <- -1
  second <- if (object$k > 1) max.col(posterior, "first") else rep(NA_integer_, length(rows))
  names <- rownames(object$data)[rows]
  data.frame(
    row = rows,
    cluster = cluster,
    second = second,
    uncertainty = uncertainty,
    row.names = if (!is.null(names)) make.unique(names)
  )
}

#' The best other model that is not flagged
#' @noRd
next_best <- function(object) {
  table <- object$selection
  criterion <- attr(table, "criterion")
  rivals <- find_rivals(object)
  other <- rivals$others[1]
  if (is.na(other)) {
    return(NULL)
  }
  data.frame(
    k = table$k[other],
    covariance = table$covariance[other],
    criterion = criterion,
    value = table[[criterion]][other],
    margin = rivals$margins[other]
  )
}

#' What to doubt of a fit
#' @noRd
describe_flags <- function(x) {
  c(
    if (!x$converged && should_converge(x)) "The run has not converged: raise `max_iter`.",
    describe_doubts(x),
    describe_discrete(x)
  )
}

describe_discrete <- function(x) {
  if (is.null(x$data)) {
    return(NULL)
  }
  discrete <- discrete_columns(x$data)
  spikes <- spiked_columns(x$data, discrete)
  columns <- paste0("`", column_labels(x$data, discrete), "`")
  hardly <- "a normal density can hardly be meant"
  c(
    if (length(discrete) > 0 && x$d == 1) {
      paste0("The data have few distinct values: ", hardly, ".")
    } else if (length(discrete) > 0) {
      cli::pluralize(
        "Column{cli::qty(columns)}{?s} {columns} {?has/have} few distinct values: {hardly} there."
      )
    },
    if (!is.null(spikes)) paste0(describe_spikes(x$data, spikes), ": ", hardly, " there.")
  )
}
