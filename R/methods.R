#' Log-likelihood, criteria, parameters and fitted values of a fit
#'
#' The methods that R's model functions build on. `AIC()` and `BIC()` follow from `logLik()`
#' with R's sign: smaller is better. (The package mclust reports `-BIC`.)
#' For `ICL()` see [gmm_select()].
#'
#' @param object A fit from [gmm_fit()]; for `coef()` also a mixture from [gmm_mixture()].
#' @param x A fit from [gmm_fit()].
#' @param formula. Changes to the formula, see [stats::update.formula()].
#' @param evaluate `FALSE` to get the call instead of the fit.
#' @param ... For `update()`: arguments of [gmm_fit()]; otherwise ignored.
#'
#' @returns
#' * `logLik()`: the total log-likelihood, of class `"logLik"`, with attributes `df` (free
#'   parameters) and `nobs`.
#' * `nobs()`: the number of rows.
#' * `coef()`: a list of `weights` `double[k]`, `means` `double[k, d]` and `covariances`
#'   `double[d, d, k]`.
#' * `formula()`: the formula of a fit from one, `NULL` for others.
#' * `update()`: the fit made again with other arguments; `formula.` changes the formula of a fit
#'   from one, as in `update(fit, ~ . - a)`. [gmm_refit()] takes another model without a search.
#' * `fitted()`: `double[n, d]`, the mean of the components, weighted by the posterior of each
#'   row: what the mixture expects of a row, given its responsibilities.
#'
#' @section Errors:
#' `fitted()` needs the data: `gmm_error_no_data` where the fit was made with
#' `keep_data = FALSE`. `update()` with a `formula.` that can't be: `gmm_error_bad_value`.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 2)
#' logLik(fit)
#' AIC(fit)
#' BIC(fit)
#' coef(fit)$means
#' head(fitted(fit))
#' update(fit, k = 3)
#' @name gmm-methods
NULL

#' @rdname gmm-methods
#' @export
logLik.gmm <- function(object, ...) {
  structure(object$loglik, df = object$df, nobs = object$n, class = "logLik")
}

#' @rdname gmm-methods
#' @export
nobs.gmm <- function(object, ...) {
  object$n
}

#' @rdname gmm-methods
#' @aliases coef.gmm
#' @export
coef.gmm_mixture <- function(object, ...) {
  unclass(object)[mixture_parts]
}

#' @rdname gmm-methods
#' @export
formula.gmm <- function(x, ...) {
  if (!is.null(x$terms)) stats::formula(x$terms)
}

#' @rdname gmm-methods
#' @export
update.gmm <- function(object, formula., ..., evaluate = TRUE) {
  changes <- as.list(substitute(list(...)))[-1]
  if (!missing(formula.)) {
    if (is.null(object$terms)) {
      abort_gmm(
        c(
          "{.arg formula.} must be for a fit from a formula.",
          x = "This one is from a table: give {.arg x} instead."
        ),
        "bad_value",
        argument = "formula.",
        call = quote(update())
      )
    }
    if (length(formula.) == 3 && identical(formula.[[2]], quote(.))) {
      # `. ~ . - a`, as for models with a response.
      formula.[[2]] <- NULL
    }
    changes$x <- evaluate_formula(
      stats::update.formula(formula(object), formula.),
      quote(update())
    )
  }
  call <- as.call(list_modify(as.list(object$call), changes))
  if (evaluate) eval(call, parent.frame()) else call
}

#' @rdname gmm-methods
#' @export
fitted.gmm <- function(object, ...) {
  x <- fit_data(object, quote(fitted()))
  name_rows(score_complete(object, x, "posterior", quote(fitted())) %*% object$means, x)
}

#' @rdname gmm_select
#' @export
ICL <- function(object, ...) {
  UseMethod("ICL")
}

#' @rdname gmm_select
#' @export
ICL.gmm <- function(object, ...) {
  stats::BIC(object) + 2 * object$entropy
}
