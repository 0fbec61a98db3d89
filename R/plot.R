#' Plot a fit or a mixture
#'
#' Base graphics, one picture per `what`, without a menu. Components have the same colour in every
#' plot; readers with a colour vision deficiency can tell the colours apart, and symbols or numbers
#' repeat the distinction. Axes have scales of their own; with `asp = 1` they have the same, and the
#' ellipses of spherical families are circles. Of a great many rows an even part is drawn.
#'
#' Pictures of several panels lay out the page themselves, whatever `par(mfrow = )` says: the
#' matrices of more than two columns, `"pairs"` and `"iterations"`. `"loglik"` takes two places of a
#' layout that has them. All others are one place.
#'
#' @section What:
#' * `"classification"`: the rows in the colour and symbol of their component, with the components,
#'   numbered, over them. For `d` = 2 these are ellipses that hold the parts `level` of the
#'   component's probability, around its mean; for `d` > 2 a matrix of such plots, one for each pair
#'   of columns; for `d` = 1 a histogram with the density of the mixture (black) and of its
#'   components, times their weights (coloured). Without data, the components alone.
#' * `"uncertainty"`: the rows again, larger and darker the less sure it is which component they
#'   belong to. For `d` = 1, the uncertainty of a row as a function of its value, in the colour of
#'   the component it would be assigned to, and the rows as ticks below.
#' * `"density"`: the density of the mixture. For `d` = 2 regions that hold the parts `level` of its
#'   probability, each the smallest that does (`type = "contour"`); shades (`type = "image"`) on a
#'   square-root scale, which shows wide components beside narrow ones; or a surface
#'   (`type = "persp"`). For `d` > 2 the marginal density of each column and of each pair of
#'   columns; for `d` = 1 as for `"classification"`.
#' * `"pairs"`: a matrix with the rows above the diagonal, regions of the marginal densities below
#'   it, and the histograms of the columns, with the densities of the components, on it.
#' * `"profile"`: the means of the components over the columns, with intervals that hold the parts
#'   `level` of a component's probability: by default one standard deviation to each side.
#' * `"selection"`: the criterion of all models that were fitted, see [gmm_select()].
#' * `"loglik"`: the climb of the log-likelihood over the iterations, and what is left to gain, on a
#'   logarithmic scale: EM ends on a straight line, the flatter the more the components overlap.
#'   Open circles are steps that gain less than a hundredth of the whole climb. SEM does not climb:
#'   its log-likelihood is shown alone.
#' * `"iterations"`: the iterations `at`, a frame for each: points in the colours of the components,
#'   blended by their responsibilities, and ellipses; for `d` > 2 the first two `columns`; for
#'   `d` = 1 the densities.
#' * `"bound"`: EM climbs by maximising lower bounds of the log-likelihood. The curve is the
#'   log-likelihood as a function of one number; a bound is the evidence lower bound (ELBO) with
#'   the responsibilities of one iterate: it touches the curve there and lies below it elsewhere,
#'   and where it is highest is the next iterate. See Bounds.
#'
#' @section Bounds:
#' There are two ways to vary one number. By default the mean of one component moves, and all else
#' stays as in the fit; the iterates are those of EM in this one unknown, and a bound is a parabola.
#' With a `parameter` it is the mean in one column, which begins 2.5 standard deviations away, on
#' the side of the mean of all rows. Without, the mean moves along the straight line from the mean
#' of another component (0) to its own (1), for the two that are hardest to tell apart, and begins
#' as far away as EM soon finds its way. For `d` = 1 it begins so, too, on the scale of the data.
#' Bounds lie close under the curve where components are far apart, and then EM is fast.
#'
#' With `at`, the number is the way from iterate `at` (0) to the next one (1) of the fit's own run,
#' and all parameters move together, in a straight line. The bound at the first is highest at the
#' second, unless that step was accelerated (see [gmm_control()]).
#'
#' @param x A fit from [gmm_fit()], or a mixture from [gmm_mixture()], which has no `"selection"`,
#'   `"loglik"` and `"iterations"`.
#' @param what One of the pictures under What; by default the first of them.
#' @param ... Graphical parameters, such as `main`, `xlab`, `col` (a colour per component; for
#'   images and surfaces colours from low to high), `pch`, `cex`; for `d` = 1 also `breaks`; for
#'   surfaces `theta` and `phi`. What is not of the points goes to the frame of the plot. They are
#'   those of [graphics::par()], [graphics::plot.default()] and [graphics::persp()].
#' @param data Rows to show, as `newdata` of [predict.gmm_mixture()]; by default those of the fit.
#' @param columns Names or numbers of the columns to show; by default all, but, except in a profile,
#'   not more than eight.
#' @param level Numbers between 0 and 1: parts of probability that ellipses, regions and intervals
#'   hold. By default 0.5 and 0.95; for regions 0.5, 0.75, 0.9 and 0.95; in a profile 0.683.
#' @param type For `"density"`: `"contour"`, the default, `"image"`, or, for two columns, `"persp"`.
#' @param at For `"iterations"`: whole numbers, the iterations to show, 0 being the start; by default
#'   nine: 0, 1, those that have climbed the first seventh of the way, the second and so on, and the
#'   last; if these are fewer, the earliest others, too. In place of those beyond the last, the last
#'   is shown. For `"bound"`: one iteration that has a next one. Both need a fit
#'   with `keep_path = TRUE`.
#' @param parameter For `"bound"`: a component and a column, such as `c(1, 2)` or
#'   `c(1, "waiting")`.
#' @param standardise For `"profile"`: `TRUE` or `FALSE`, whether to show the columns on a common
#'   scale, with mean 0 and standard deviation 1 in the mixture. By default they are if their
#'   standard deviations differ by more than a factor of five.
#'
#' @returns What is shown, invisibly:
#' * `"classification"`, `"pairs"`: a data frame of the columns shown and `cluster`; with
#'   `"uncertainty"` also `uncertainty`. It has no rows where there are no data.
#' * `"density"`: for `d` = 1 a data frame of values, `density`, and those of the components times
#'   their weights, `component_1`, ...; for two columns a list of `x` and `y`, `density`, a matrix
#'   with a row per `x`, and `levels`, the density at the edges of the regions; for more, a list of
#'   such lists, one per pair, named like `"a~b"`.
#' * `"profile"`: a data frame of `component`, `column`, `level`, `mean`, `lower` and `upper`.
#' * `"selection"`: as [gmm_select()] says.
#' * `"loglik"`: a data frame of `iteration`, `loglik`, `gain` and what is `left` to gain.
#' * `"iterations"`: a data frame of `iteration`, `loglik`, `component`, `weight` and the means in
#'   the columns shown.
#' * `"bound"`: a list of two data frames: `curve` with the `value` of the parameter, `loglik`, and
#'   the bounds `bound_0`, `bound_1`, ...; and `iterates` with `iteration`, `value`, `loglik`.
#'
#' @section Errors:
#' `gmm_error_no_data` for an uncertainty (but for `d` = 1) or a bound without data;
#' `gmm_error_no_path` for `"iterations"`, and for a bound with `at`, where the fit has not kept
#' them;
#' `gmm_error_unknown_argument` for an argument that `what` does not use, or that does not exist;
#' `gmm_error_bad_value` and
#' `gmm_error_bad_type` name the `argument` that is wrong. For `data` as [predict.gmm_mixture()].
#'
#' @references
#' Bishop, C. M. (2006). *Pattern Recognition and Machine Learning*, section 9.4 (the bounds,
#' figures 9.12 to 9.14) and figure 9.8 (the iterations). Springer.
#'
#' Hyndman, R. J. (1996). Computing and graphing highest density regions. *The American
#' Statistician* 50, 120--126.
#'
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 2)
#' plot(fit)
#' plot(fit, what = "uncertainty")
#' plot(fit, what = "density")
#' plot(fit, what = "loglik")
#' plot(fit, what = "bound", parameter = c(2, "waiting"))
#' plot(gmm_fit(faithful$waiting, k = 2), xlab = "Minutes until the next eruption")
#'
#' # From labels at random there is a way to go.
#' slow <- gmm_fit(
#'   faithful,
#'   start = sample(2, nrow(faithful), TRUE), accelerate = FALSE, keep_path = TRUE
#' )
#' plot(slow, what = "iterations")
#' plot(slow, what = "bound", at = 12)
#'
#' iris_fit <- gmm_fit(iris[1:4], k = 3)
#' plot(iris_fit, what = "pairs", columns = c("Sepal.Width", "Petal.Length"))
#' plot(iris_fit, what = "profile")
#' @aliases plot.gmm
#' @export
plot.gmm_mixture <- function(x, what = c(
                               "classification", "uncertainty", "density", "selection", "loglik",
                               "iterations", "bound", "profile", "pairs"
                             ),
                             ..., data = NULL, columns = NULL, level = NULL, type = NULL, at = NULL,
                             parameter = NULL, standardise = NULL) {
  call <- quote(plot())
  what <- check_what(what, call)
  x <- as_mixture(x, "x", call)
  arguments <- list(
    data = data, columns = columns, level = level, type = type, at = at, parameter = parameter,
    standardise = standardise
  )
  given <- names(Filter(Negate(is.null), arguments))
  check_plot_arguments(what, given, call)
  dots <- list(...)
  check_graphical(dots, names(arguments), what, type, call)
  check_history(x, what, call)
  if (what == "selection") {
    return(invisible(plot(x$selection, ...)))
  }
  view <- plot_view(x, data, columns, what, dots, call)
  shown <- switch(what,
    classification = plot_classification(view, check_levels(level, c(0.5, 0.95), call)),
    uncertainty = plot_uncertainty(view),
    density = plot_density(view, check_levels(level, region_levels, call), type),
    pairs = plot_pairs(view, level, call),
    profile = plot_profile(view, check_levels(level, 2 * stats::pnorm(1) - 1, call), standardise),
    loglik = plot_loglik(view),
    iterations = plot_iterations(view, at, check_levels(level, c(0.5, 0.95), call)),
    bound = plot_bound(view, at, parameter)
  )
  invisible(shown)
}

#' The plots, and the arguments that each uses
#' @noRd
plot_arguments <- list(
  classification = c("data", "columns", "level"),
  uncertainty = c("data", "columns"),
  density = c("data", "columns", "level", "type"),
  selection = character(),
  loglik = character(),
  iterations = c("data", "columns", "level", "at"),
  bound = c("data", "at", "parameter"),
  profile = c("columns", "level", "standardise"),
  pairs = c("data", "columns", "level")
)

#' @returns The one picture; the first where the argument is left as it is.
#' @noRd
check_what <- function(what, call) {
  choices <- names(plot_arguments)
  if (identical(what, choices)) {
    return(choices[1])
  }
  is_criterion <- is_string(what) && toupper(what) %in% c("BIC", "ICL", "AIC", "AICC")
  hint <- if (is_criterion) c(i = "{.val selection} shows the criterion of all models.")
  check_choice(what, choices, "what", call, hint = hint)
}

check_plot_arguments <- function(what, given, call) {
  foreign <- setdiff(given, plot_arguments[[what]])
  if (length(foreign) == 0) {
    return(invisible())
  }
  takers <- names(Filter(function(arguments) foreign[1] %in% arguments, plot_arguments))
  abort_gmm(
    c(
      "{.arg {foreign[1]}} is not an argument of a plot of {.val {what}}.",
      i = "It is for {.arg what} = {.or {.val {takers}}}."
    ),
    "unknown_argument",
    argument = foreign[1],
    call = call
  )
}

#' Arguments that base graphics know, of those that a plot does not set itself
#' @noRd
graphical_arguments <- c(
  # Of plot.default() and hist().
  "main", "sub", "xlab", "ylab", "xlim", "ylim", "ann", "axes", "frame.plot", "panel.first",
  "panel.last", "asp", "xgap.axis", "ygap.axis", "log", "breaks", "freq", "panel",
  # Of par().
  "adj", "bg", "bty", "cex", "cex.axis", "cex.lab", "cex.main", "cex.sub", "col", "col.axis",
  "col.lab", "col.main", "col.sub", "crt", "err", "family", "fg", "font", "font.axis", "font.lab",
  "font.main", "font.sub", "lab", "las", "lend", "lheight", "ljoin", "lmitre", "lty", "lwd", "mgp",
  "pch", "pty", "srt", "tck", "tcl", "xaxp", "xaxs", "xaxt", "xpd", "yaxp", "yaxs", "yaxt"
)

#' Those of persp()
#' @noRd
surface_arguments <- c(
  "theta", "phi", "r", "d", "scale", "expand", "border", "ltheta", "lphi", "shade", "box",
  "nticks", "ticktype", "zlim", "zlab"
)

#' Refuse what neither the plot nor base graphics know
#' @noRd
check_graphical <- function(dots, arguments, what, type, call) {
  is_surface <- what == "density" && identical(type, "persp")
  known <- c(graphical_arguments, if (is_surface) surface_arguments)
  unknown <- setdiff(names2(dots), known)
  if (length(unknown) == 0) {
    return(invisible())
  }
  unknown <- unknown[1]
  hint <- switch(unknown,
    # The distance of words finds `col` neither from the one nor from the other.
    color = ,
    colors = ,
    colour = ,
    colours = c(i = "Use {.arg col}."),
    dim = ,
    dims = ,
    dimens = c(i = "Use {.arg columns}: names or numbers of columns."),
    suggest(unknown, c(arguments, "main", "xlab", "ylab", "xlim", "ylim", "col", "pch", "cex"))
  )
  abort_gmm(
    c(
      if (unknown == "") {
        "Arguments after {.arg what} must be named."
      } else if (unknown %in% surface_arguments) {
        "{.arg {unknown}} is only for {.arg what} = {.val density} with {.arg type} = {.val persp}."
      } else {
        "{.arg {unknown}} is not an argument of {.fn plot}, and not a graphical parameter."
      },
      hint
    ),
    "unknown_argument",
    argument = unknown,
    call = call
  )
}

#' Refuse to plot of a mixture what only a fit has
#' @noRd
check_history <- function(x, what, call) {
  if (inherits(x, "gmm") || !what %in% c("selection", "loglik")) {
    return(invisible())
  }
  abort_gmm(
    c(
      "{.arg x} must be a fit for a plot of {.val {what}}.",
      x = "It is a mixture: it was not fitted."
    ),
    "bad_type",
    argument = "x",
    call = call
  )
}

#' @returns The levels, or those of the plot's own.
#' @noRd
check_levels <- function(level, default, call) {
  if (is.null(level)) {
    return(default)
  }
  must <- "numbers between 0 and 1"
  if (!is.numeric(level)) {
    abort_argument("level", must, is_type(level), "bad_type", call)
  }
  if (length(level) == 0 || !isTRUE(all(level > 0 & level < 1))) {
    is <- if (length(level) == 0) "is empty" else cli::format_inline("is {.val {level}}")
    abort_argument("level", must, is, "bad_value", call)
  }
  sort(unique(level))
}
