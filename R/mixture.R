#' A Gaussian mixture from its parameters
#'
#' Builds a mixture without fitting it: to see what a model says, to start from, or to simulate
#' from. It is accepted wherever a fit's parameters are all that is needed: by
#' [`predict()`][predict.gmm_mixture], [`simulate()`][simulate.gmm_mixture],
#' [`plot()`][plot.gmm_mixture], [gmm_estep()], [gmm_elbo()], and as `start =` of [gmm_fit()]. A fit
#' is a mixture, too.
#'
#' Unlike those of a fit, the components keep the order in which they are given.
#'
#' @param weights `double[k]`: mixing proportions, positive and with sum 1. `NULL`, the default,
#'   stands for 1 / `k` each.
#' @param means `double[k, d]`, a matrix or data frame with a row per component; its column names
#'   are those of the variables. With one column a vector of `k` numbers will do, and for one
#'   component a vector of `d` numbers.
#' @param covariances `double[d, d, k]`: symmetric and positive definite, in squared units of the
#'   data. A list of `k` matrices will do, and one `d` x `d` matrix stands for all components. With
#'   one column, variances: `k` numbers, or one for all.
#' @param x A mixture.
#' @param digits Significant digits.
#' @param ... Ignored.
#'
#' @returns A list of class `"gmm_mixture"`:
#' \describe{
#'   \item{`weights`}{`double[k]`: mixing proportions.}
#'   \item{`means`}{`double[k, d]`: a row per component.}
#'   \item{`covariances`}{`double[d, d, k]`: a matrix per component.}
#'   \item{`k`, `d`}{Numbers of components and columns.}
#' }
#' `coef()` gives the first three as a plain list. `print()` shows weights, means and standard
#' deviations, and returns the mixture invisibly.
#'
#' @section Errors:
#' `gmm_error_bad_type`, `gmm_error_bad_shape` and `gmm_error_bad_value` name the `argument` that is
#' wrong.
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, equation 9.7. Springer.
#'
#' @examples
#' # One column: variances, not standard deviations
#' two <- gmm_mixture(c(0.7, 0.3), means = c(0, 5), covariances = c(1, 4))
#' two
#' predict(two, c(-1, 2, 6), type = "posterior")
#'
#' # Two columns, equal weights, a covariance for all
#' centres <- cbind(eruptions = c(2, 4.3), waiting = c(55, 80))
#' start <- gmm_mixture(means = centres, covariances = diag(c(0.2, 40)))
#' gmm_fit(faithful, start = start, covariance = "full")
#' @export
gmm_mixture <- function(weights = NULL, means, covariances) {
  call <- quote(gmm_mixture())
  check_given(c(means = missing(means), covariances = missing(covariances)), call)
  covariances <- stack_matrices(covariances, NULL, call)
  means <- spread_means(means, dim(covariances)[1] %||% 1)
  k <- NROW(means)
  parts <- list(
    weights = weights %||% rep(1 / k, k),
    means = means,
    covariances = repeat_covariance(covariances, k)
  )
  if (is.numeric(weights) && length(weights) != k) {
    as_shape(weights, k, "weights", NULL, call)
  }
  parts <- check_mixture(parts, NULL, call)
  new_mixture(parts, mixture_columns(parts, call))
}

#' Covariances from a list of matrices as an array
#' @noRd
stack_matrices <- function(covariances, within, call) {
  if (is.data.frame(covariances)) {
    return(as.matrix(covariances))
  }
  if (!is.list(covariances)) {
    return(covariances)
  }
  is_one <- function(matrix) is.numeric(matrix) && NROW(matrix) == NCOL(matrix)
  sizes <- unique(vapply(covariances, NROW, integer(1)))
  if (!all(vapply(covariances, is_one, logical(1))) || length(sizes) != 1) {
    must <- "numbers, or a list of square matrices of the same size"
    abort_part("covariances", must, "It is another list.", "bad_type", within, call)
  }
  columns <- rownames(covariances[[1]])
  names <- if (!is.null(columns)) list(columns, columns, NULL)
  array(unlist(covariances), c(sizes, sizes, length(covariances)), names)
}

#' Means from a vector as a matrix: a column, or the row of a single component
#' @noRd
spread_means <- function(means, d) {
  if (is.data.frame(means)) {
    return(as.matrix(means))
  }
  if (!is.null(dim(means)) || !is.numeric(means)) {
    return(means)
  }
  if (d > 1 && length(means) == d) {
    return(matrix(means, 1, dimnames = if (!is.null(names(means))) list(NULL, names(means))))
  }
  if (d == 1) matrix(means) else means
}

#' One covariance as those of all components
#' @noRd
repeat_covariance <- function(covariances, k) {
  if (!is.numeric(covariances) || length(dim(covariances)) > 2 || length(covariances) == 0) {
    return(covariances)
  }
  if (NROW(covariances) != NCOL(covariances)) {
    return(covariances)
  }
  d <- NROW(covariances)
  names <- dimnames(covariances)
  array(covariances, c(d, d, k), if (!is.null(names)) c(names, list(NULL)))
}

#' Names of the columns: those of the means or, if they have none, of the covariances
#' @noRd
mixture_columns <- function(parts, call) {
  ours <- colnames(parts$means)
  theirs <- dimnames(parts$covariances)[[1]]
  if (!is.null(ours) && !is.null(theirs) && !identical(ours, theirs)) {
    abort_gmm(
      c(
        "{.arg covariances} must have the columns of {.arg means} in their order: {.var {ours}}.",
        x = "It has {.var {theirs}}."
      ),
      "bad_value",
      argument = "covariances",
      call = call
    )
  }
  ours %||% theirs
}

#' A mixture from sound parameters
#'
#' @param parts A list of `weights`, `means` and `covariances`, with or without dimensions.
#' @param columns Names of the columns, or `NULL`.
#' @noRd
new_mixture <- function(parts, columns) {
  k <- length(parts$weights)
  d <- length(parts$means) %/% k
  components <- as.character(seq_len(k))
  structure(
    list(
      weights = set_names(parts$weights, components),
      means = matrix(parts$means, k, d, dimnames = list(components, columns)),
      covariances = array(
        parts$covariances,
        c(d, d, k),
        dimnames = list(columns, columns, components)
      ),
      k = k,
      d = d
    ),
    class = "gmm_mixture"
  )
}

#' A mixture, a fit, or a list of parameters as a mixture
#'
#' @param arg The argument that it is.
#' @noRd
as_mixture <- function(mixture, arg, call) {
  if (!is.list(mixture) || !all(mixture_parts %in% names(mixture))) {
    must <- "a mixture from `gmm_mixture()` or a fit from `gmm_fit()`"
    abort_argument(arg, must, is_type(mixture), "bad_type", call)
  }
  parts <- check_mixture(mixture, arg, call)
  # Of one changed by hand, what follows from the parameters is made anew; a fit has more than that.
  if (inherits(mixture, "gmm")) mixture else new_mixture(parts, colnames(parts$means))
}

#' @rdname gmm_mixture
#' @export
print.gmm_mixture <- function(x, digits = 4, ...) {
  check_count(digits, "digits", max = 22, call = quote(print()))
  title <- cli::pluralize("Gaussian mixture of {x$k} component{?s} in {x$d} column{?s}")
  cat(title, "\n\n", sep = "")
  means <- label_columns(x$means, "mean")
  deviations <- component_deviations(x)
  if (x$d == 1) {
    colnames(deviations) <- "deviation"
    print_cut(cbind(weight = x$weights, means, deviations), digits)
  } else {
    print_cut(cbind(weight = x$weights, means), digits)
    cat("\nStandard deviations\n")
    print_cut(label_columns(deviations, "deviation"), digits)
  }
  invisible(x)
}

#' Standard deviations, `double[k, d]`
#' @noRd
component_deviations <- function(mixture) {
  deviations <- vapply(seq_len(mixture$k), function(j) {
    sqrt(diag(as.matrix(mixture$covariances[, , j])))
  }, numeric(mixture$d))
  matrix(t(deviations), mixture$k, mixture$d, dimnames = dimnames(mixture$means))
}
