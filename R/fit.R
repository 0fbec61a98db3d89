#' Fit a Gaussian mixture
#'
#' Estimates weights, means and covariances of normal components by the EM algorithm. It fits every
#' number of components with every covariance family that it is asked for, each from many starts,
#' and returns the best model by a criterion. An optimum may not be the best there is: see `starts`
#' below, and [gmm_control()] for how models are searched and for trying harder.
#'
#' Of several models, those that can't be fitted are left out, with the reason in `selection`; so
#' are, as long as there are others, those that may be spurious: see [gmm_select()]. With a single
#' model, what prevents its fit is an error.
#'
#' Components are ordered by decreasing weight, ties by their means, and everything that is
#' indexed by component follows that order. With `fix` they may keep another.
#'
#' `set.seed()` before the call makes it reproducible: one number is drawn from R's generator,
#' and everything random follows from it. The same seed gives the same bits on any number of
#' threads.
#'
#' A fit that takes long can be interrupted at any time, and shows a progress bar after two
#' seconds in an interactive session.
#'
#' @param x The data, `n` rows and `d` columns: a numeric matrix, a data frame of numeric
#'   columns, or a numeric vector (`d` = 1); or a one-sided formula such as `~ a + b`. All
#'   values must be finite and every column must vary.
#' @param k Whole numbers, at least 1: numbers of components to try. `NULL`, the default, stands for
#'   1 to 9, or for the number that `start` has.
#' @param covariance Covariance families to try. `"full"` gives every component a covariance matrix
#'   of its own, `"tied"` the same one to all, `"diagonal"` and `"spherical"` matrices of this form;
#'   three letters such as `"VVV"`, `"EEE"`, `"VEI"` name one of the fourteen in
#'   [`?gmm_covariance`][gmm-covariance]. Groups are `"all"`, `"all spherical"`, `"all diagonal"`
#'   and `"all oriented"`. Names and groups may be mixed in a vector.
#'   With one column only the first letter counts: the families are `"E"` and `"V"`, and the fit
#'   says which it is.
#' @param data For a formula: a data frame in which its variables are found.
#' @param ... Settings of [gmm_control()], such as `n_init = 50`; they override `control`.
#' @param criterion What the best model is the best by: `"BIC"`, `"ICL"`, `"AIC"` or `"AICc"`. See
#'   [gmm_select()].
#' @param equal_weights `TRUE` or `FALSE`: whether all weights are 1 / `k`, instead of free.
#' @param start Where to begin, instead of the partitions that the search makes: `n` labels, as
#'   [gmm_mstep()] takes them; an `n` x `k` matrix of responsibilities, whose rows sum to 1; or a
#'   mixture: one from [gmm_mixture()], or a list of `weights`, `means` and `covariances` in the
#'   shapes that it takes. Another fit is one; only `k` is taken over from it, not its family nor
#'   `equal_weights`. `list(means = )` is enough: without `weights` these are equal, and without
#'   `covariances` all are spheres with the mean variance of the columns. If the mixture is not of
#'   the family, the first iteration brings it there, which may lower the log-likelihood. Every
#'   family gets a single run from there; `k`, if given, must include the number of components of
#'   the start.
#' @param algorithm `"em"`; `"cem"` for classification EM, which gives every row to its most
#'   probable component in every iteration; or `"sem"` for stochastic EM, which draws its
#'   component from its responsibilities. See [`?gmm_algorithms`][gmm-algorithms].
#' @param fix `NULL`, or a list of parameters that stay as they are given, instead of being
#'   estimated: some of `weights` `double[k]`, `means` `double[k, d]` and `covariances`, which are
#'   `double[d, d, k]` or one `double[d, d]` for all, or as [gmm_mixture()] takes them. See
#'   [`?gmm_algorithms`][gmm-algorithms].
#' @param keep_data `TRUE` or `FALSE`: keep `x` in the fit. Without it `plot()`, `fitted()` and
#'   `predict()` need the data again.
#' @param keep_path `TRUE` or `FALSE`: keep the mixture of every iteration, for [gmm_trace()]. All
#'   models that are fitted keep theirs, so that many of them take memory.
#' @param control A list of settings, see [gmm_control()].
#'
#' @returns A list of class `"gmm"`, which is also a `"gmm_mixture"`, with the elements below.
#' Responsibilities are not among them: `predict(fit, type = "posterior")` computes them.
#' \describe{
#'   \item{`weights`}{`double[k]`: mixing proportions.}
#'   \item{`means`}{`double[k, d]`: a row per component.}
#'   \item{`covariances`}{`double[d, d, k]`: a matrix per component.}
#'   \item{`k`, `n`, `d`}{Numbers of components, rows and columns.}
#'   \item{`covariance`}{The covariance family: three letters, or one for `d` = 1.}
#'   \item{`equal_weights`}{Whether all weights were held equal.}
#'   \item{`algorithm`}{`"em"`, `"cem"` or `"sem"`.}
#'   \item{`fix`}{The parameters that were held fixed, a list shaped as above, columns in the
#'     order of the data; one covariance for all is `double[d, d, 1]`. `NULL` if there were none.}
#'   \item{`loglik`}{The log-likelihood, natural logarithm, total over the rows.}
#'   \item{`df`}{Number of free parameters.}
#'   \item{`entropy`}{Of the responsibilities, summed over the rows: 0 where all rows are sure.}
#'   \item{`cluster`}{`integer[n]`: the component with the largest posterior probability.}
#'   \item{`iterations`}{EM iterations of the best run.}
#'   \item{`converged`}{Whether that run converged.}
#'   \item{`trace`}{`double[iterations + 1]`: log-likelihood of its start and after each
#'     iteration. An accelerated iteration that was not taken repeats the value before. With
#'     `algorithm = "cem"` these are classification log-likelihoods.}
#'   \item{`path`}{With `keep_path = TRUE`: a list of the mixtures that `trace` is of, each of
#'     class `"gmm_mixture"` with `weights`, `means`, `covariances`, `k` and `d`. Components are
#'     in the order of the fit.}
#'   \item{`starts`}{A list of counts: starts `tried`; those that ended `degenerate`, because a
#'     component collapsed or lost its rows; those that `finished`, alone or with a run that they
#'     had met; how many of these `reached` the reported optimum, within 1e-4, or 2 `tol` if that is
#'     more; or within 0.06, of a model that was found among more than three, unless it is the best
#'     and all its starts were followed; and the `rows` on which they were tried. See
#'     [gmm_control()].}
#'   \item{`narrowest`}{A list of the `component` that is narrowest in any direction; the `ratio` of
#'     its variance there to that within components on average; whether it `is_suspect`, since the
#'     optimum may be spurious; and the `column` in which it lies on a value, and this `value`, or
#'     `NA`. See [gmm_select()].}
#'   \item{`passed_over`}{The log-likelihood of a better optimum of the same model that may be
#'     spurious, and for this reason was not chosen; `NA` if there was none. See [gmm_select()].}
#'   \item{`selection`}{The table of all models that were fitted, see [gmm_select()]; [gmm_refit()]
#'     takes another one from it.}
#'   \item{`control`}{The settings.}
#'   \item{`call`}{The call.}
#'   \item{`data`}{The data as a matrix, unless `keep_data = FALSE`.}
#'   \item{`terms`, `variables`}{For a formula: its terms, and the columns of `data` that it
#'     reads.}
#' }
#'
#' @section Errors:
#' All inherit from `gmm_error` and carry fields such as `argument` and `columns`:
#' `gmm_error_bad_type`, `gmm_error_bad_shape`, `gmm_error_bad_value`,
#' `gmm_error_unknown_argument` for arguments; `gmm_error_non_finite`,
#' `gmm_error_constant_column`, `gmm_error_collinear`, `gmm_error_too_few_rows` for data that no
#' such mixture fits; `gmm_error_missing_columns` for variables of a formula;
#' `gmm_error_no_thread` where the system starts no thread for the engine;
#' `gmm_error_degenerate` where every start ended with a component that
#' collapsed (its covariance became singular at the scale of the data) or lost its rows: it names
#' the `component`, the `rows` it had, and says what they have in common. Where all components
#' share a covariance, it is this that collapses, and no component is named. With several models
#' it is an error only if none has a fit: that of their common cause, or else a
#' `gmm_error_degenerate` that counts the reasons.
#'
#' A run that does not converge gives a `gmm_warning_not_converged`. Columns with at most ten
#' distinct values, and ten rows or more for each on average, and others of which most rows have the
#' same value, are named in a `gmm_warning_discrete`, unless only one component of one family is
#' fitted. A column that is a combination of others, such as the same length in another unit, leaves
#' no fit to families with orientations: with several models these are left out, and a
#' `gmm_warning_collinear` names the column in `columns`, and those that determine it in `of`.
#'
#' @references
#' Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete
#' data via the EM algorithm. *Journal of the Royal Statistical Society B* 39, 1--38.
#'
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, section 9.2. Springer.
#'
#' @seealso [gmm_select()] for the choice of a model; [predict.gmm()], [plot.gmm()],
#'   [summary.gmm()], [simulate.gmm()], [gmm-methods]; [gmm_compare()] for known labels;
#'   [gmm_trace()] and [gmm_animate()] for the iterations; [`?gmm_covariance`][gmm-covariance] for
#'   the families; [`?gmm_algorithms`][gmm-algorithms] for EM and its relatives.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful)
#' fit
#' plot(fit)
#' fit$selection
#'
#' gmm_fit(faithful, k = 2, covariance = "full")
#' gmm_fit(~ log(eruptions) + waiting, data = faithful, k = 1:4, criterion = "ICL")
#'
#' # From known labels
#' gmm_fit(iris[1:4], start = iris$Species)
#' @export
gmm_fit <- function(x, ...) {
  if (missing(x)) {
    abort_gmm(
      c(
        "{.arg x} is missing.",
        i = if ("data" %in% names(match.call())) {
          "The data are the first argument, {.arg x}; {.arg data} is for a formula."
        } else {
          "Give the data, for example `gmm_fit(faithful)`."
        }
      ),
      "bad_value",
      argument = "x",
      call = quote(gmm_fit())
    )
  }
  UseMethod("gmm_fit")
}

#' The call that the user made, which `update()` makes again
#'
#' @param method The matched call of a method.
#' @param generic The head of the generic's call.
#' @noRd
user_call <- function(method, generic) {
  qualified <- identical(generic, quote(gaussmix::gmm_fit))
  method[[1]] <- if (qualified) generic else quote(gmm_fit)
  method
}

#' @rdname gmm_fit
#' @export
gmm_fit.default <- function(x, k = NULL, covariance = "all", ..., criterion = "BIC",
                            equal_weights = FALSE, start = NULL, algorithm = "em", fix = NULL,
                            keep_data = TRUE, keep_path = FALSE, control = gmm_control()) {
  call <- user_call(match.call(), sys.call(-1)[[1]])
  error_call <- quote(gmm_fit())
  control <- merge_control(control, list(...), names2(substitute(list(...)))[-1], error_call)
  x <- as_data_matrix(x, "x", error_call)
  how <- list(
    equal_weights = equal_weights, algorithm = algorithm, fix = fix, keep_path = keep_path
  )
  fit <- fit_matrix(x, k, covariance, criterion, how, start, keep_data, control, error_call)
  fit$call <- call
  fit
}

#' @rdname gmm_fit
#' @export
gmm_fit.formula <- function(x, data = NULL, k = NULL, covariance = "all", ..., criterion = "BIC",
                            equal_weights = FALSE, start = NULL, algorithm = "em", fix = NULL,
                            keep_data = TRUE, keep_path = FALSE, control = gmm_control()) {
  call <- user_call(match.call(), sys.call(-1)[[1]])
  error_call <- quote(gmm_fit())
  control <- merge_control(control, list(...), names2(substitute(list(...)))[-1], error_call)
  frame <- formula_frame(x, data, error_call)
  x <- as_data_matrix(frame, "data", error_call)
  how <- list(
    equal_weights = equal_weights, algorithm = algorithm, fix = fix, keep_path = keep_path
  )
  fit <- fit_matrix(x, k, covariance, criterion, how, start, keep_data, control, error_call)
  fit$call <- call
  fit$terms <- attr(frame, "terms")
  fit$variables <- attr(frame, "variables")
  fit
}

#' Fit checked data with checked settings
#' @noRd
fit_matrix <- function(x, k, covariance, criterion, how, start, keep_data, control, call) {
  check_flag(how$equal_weights, "equal_weights", call)
  hint <- if (identical(how$algorithm, "kmeans")) {
    c(i = "k-means is \"cem\" with `covariance = \"EII\"` and `equal_weights = TRUE`.")
  }
  check_choice(how$algorithm, algorithms, "algorithm", call, hint = hint)
  check_flag(how$keep_path, "keep_path", call)
  check_flag(keep_data, "keep_data", call)
  check_choice(criterion, criteria, "criterion", call)
  families <- resolve_families(covariance, ncol(x), call)
  if (!is.null(k)) {
    k <- check_counts(k, "k", call, hint = c(i = "A family is given by `covariance =`."))
  }
  check_rows(x, "x", call)
  check_finite(x, "x", call)
  how["fix"] <- list(as_fix(how$fix, x, call))
  check_beside_fix(how$fix, how$equal_weights, control, call)
  families <- fixed_family(how$fix, families, ncol(x), call)
  start <- as_start(start, x, agreed_k(k, how$fix, ncol(x), call), how$fix, call)
  is_regular <- control$reg_covar > 0 || !is.null(how$fix$covariances)
  if (control$reg_covar == 0) {
    check_variation(x, "x", call)
  }
  models <- list_models(x, start$k, families, is_regular, call)
  # What the best of many models gets in the end, as if it had been asked for alone.
  how$alone <- search_budget(resolve_search(control, 1, how$algorithm, length(x)))
  control <- resolve_search(control, nrow(models), how$algorithm, length(x))
  found <- search_models(models, x, start, criterion, how, control, call)
  selection <- new_selection(models, found, x, criterion)
  cell <- name_numbers(found$cells[[found$best]])
  cell$cluster <- found$cluster
  fit <- new_gmm(
    cell, x, models$covariance[found$best], how, keep_data, selection, control, call
  )
  warn_collinear(found$cells, x, call)
  if (nrow(models) > 1 || models$k > 1) {
    warn_discrete(x, call)
  }
  fit
}

#' @param how A list with `equal_weights`, `algorithm` and `fix`, such as a fit.
#' @noRd
new_gmm <- function(found, x, family, how, keep_data, selection, control, call) {
  columns <- colnames(x)
  mixture <- new_mixture(found$mixture, columns)
  fit <- list(
    weights = mixture$weights,
    means = mixture$means,
    covariances = mixture$covariances,
    k = mixture$k,
    n = nrow(x),
    d = mixture$d,
    covariance = family,
    equal_weights = how$equal_weights,
    algorithm = how$algorithm,
    fix = how$fix,
    loglik = found$loglik,
    df = found$df,
    entropy = found$entropy,
    cluster = name_rows(found$cluster, x),
    iterations = length(found$trace) - 1L,
    converged = found$converged,
    trace = found$trace,
    starts = found$starts,
    narrowest = found$narrowest,
    passed_over = found$passed_over,
    selection = selection,
    control = control,
    call = NULL,
    data = if (keep_data) x
  )
  fit$path <- as_path(found$path, fit$k, fit$d, columns)
  if (!fit$converged && should_converge(fit)) {
    hint <- if (fit$algorithm == "em") ", or {.arg tol} if less precision will do"
    warn_gmm(
      c(
        "The fit has not converged after {fit$iterations} iteration{?s}.",
        i = paste0("Raise {.arg max_iter}", hint, ".")
      ),
      "not_converged",
      iterations = fit$iterations,
      call = call
    )
  }
  structure(fit, class = c("gmm", "gmm_mixture"))
}

#' Whether more was asked for than a number of iterations, as it is by a tolerance of zero and by SEM
#' @noRd
should_converge <- function(fit) {
  fit$algorithm == "cem" || fit$algorithm == "em" && fit$control$tol > 0
}

name_rows <- function(values, x) {
  if (is.matrix(values)) {
    rownames(values) <- rownames(x)
  } else {
    names(values) <- rownames(x)
  }
  values
}
