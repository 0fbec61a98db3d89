#' How a mixture is fitted
#'
#' Settings of the algorithm for [gmm_fit()], which also takes them directly:
#' `gmm_fit(x, k = 3, n_init = 50)`.
#'
#' Every model of a fit, that is every number of components with every covariance family, is
#' searched from several starts.
#'
#' **Starts.** They are given to a model twelve at a time, `n_init` at most. The second of all and
#' those that are random make a short run of `short_iter` iterations, and run on whatever that was
#' worth. After one EM iteration the best `2 n_final` of the others of each twelve make a short run,
#' which ends after two iterations for the worst quarter of these, rounded down, and where twenty
#' times the gain of the last would not lead to the best that is known. Runs that have met (the same
#' log-likelihood and weights, to 1e-3) go on as one, and the best `n_final` of all run on until
#' they converge. A model gets no more starts once 3 of them have reached its best optimum. A run
#' ends where it meets an optimum that is known; and after 8, 16, 32, ... iterations, its short
#' run's counted, it gives up if twenty times the gain of its last round would not lead it to the
#' best, or, of more than three models, three times. Should none come to an end, since all gave up
#' or collapsed, the next few run on. With `k` = 1 there is one start.
#'
#' Of more than three models, all starts that the best one got run on to their end, where no rows are
#' left out and no models given up: how many of them lead to its optimum says how sure that is.
#'
#' **Partitions.** The starts are partitions of the rows. Of the first twelve, four are by k-means
#' (of the columns standardised twice, in their own units, and whitened). The second is by
#' agglomeration of single rows into spheres of different sizes, of principal components half
#' whitened (Scrucca and Raftery 2015), much as `mclust::Mclust()` starts. Seven are by the
#' model-based agglomeration of rows (Ward's clusters, and the last forty of these merged further by
#' what a tied or a full covariance loses; of the columns standardised, in their own units or
#' whitened). Of the later ones, every second is by k-means from other centres, and the others are
#' random: parts of random sizes, of random rows. Their runs begin far below all others, and may
#' lead where no others do. Of one column, the first six are one by k-means, the equal parts between
#' quantiles, three by agglomeration and one random. All models with the same number of components
#' share their partitions.
#'
#' **Neighbours.** After every twelve starts, models learn from one another, in up to `rounds`
#' rounds, which go down and up the numbers of components in turn. In each a family goes on from the
#' optima of the families that differ from it by a letter. On the way down `k` components go on from
#' the optimum of `k` + 1 with two merged; on the way up from that of `k` - 1 with one component
#' split, or, where all have the same volume, with another about the row that the mixture explains
#' least. The best `2 (n_final + 1)` of all these, after an iteration, make a short run, which for
#' the worst quarter of them, rounded down, ends after two; and `n_final + 1` run on. Where this
#' leads to a better optimum, it counts as one more start. Up to three models get such neighbours to
#' help them, even if nobody asked for these; more models have each other. Until these have learned,
#' their runs end where about 0.03 of the log-likelihood is left to gain, unless `tol` is more, or
#' 0; in the end the best of each runs on until no more than `tol` is. So, where no rows are left
#' out, no models given up and none explores, another twelve starts after the first never lead up to
#' three models to a lower optimum, unless a higher one is passed over ([gmm_select()]), and more
#' models only to one that their rough runs could not tell from it. In the end no family is left
#' below one that it contains, unless the run from there collapses, or ends at what is passed over.
#'
#' **Explorations.** After all starts, the models that were asked for try moves at random; after
#' each time they learn from one another again. One stops when it has tried `explorations` times in
#' vain: with every better optimum of its own, or of its family with a component more or less, the
#' count begins anew. One of several whose optimum may be chance ([gmm_select()] flags it) does not
#' explore, and learns only from those whose optimum is none. A move takes the optimum of a model,
#' and puts one of its components about a random row, or merges two and splits one; or it takes the
#' optimum of its family with a component more, and drops one or merges two; or that with a
#' component less, and splits one or adds one about a random row. Splits are across any of the three
#' longest axes. Of each kind there may be one move for every component: of all, `n_final + 3` are
#' tried at a time, or fewer where there are so many columns that they take much memory. Besides, a
#' model's own optimum makes up to eight iterations of EM on a random half of the rows, the same for
#' all models, as if these were all rows (Nixon 1999). After a short run of two iterations, the best
#' `n_final + 2` of these run on; those that lead to a better optimum count as starts. With `fix` and
#' from a start of your own there are no explorations.
#'
#' **The best of several.** Then the one of several models that is best so far by the criterion
#' explores on, until it has tried in vain as often as if it had been asked for alone. So do those
#' that would be better by an optimum that may be chance: this does not count any more, and they
#' learn and explore to find another beside it. Where that makes a model the best, the one that may
#' be chance is passed over ([gmm_select()]); any other keeps the better of the two. There is none
#' of this with `fix` or from a start of your own, nor on a sample of the rows.
#'
#' **Many models of many rows.** From 1,000 rows on, only those of more than 30 models are finished
#' that may be the best by the criterion; from 100,000 rows on, only those of several models. Their
#' starts are given to them four at a time, of which a third of `n_final` runs on, at least one.
#' After every short run and every long one, models are given up whose criterion is worse than the
#' best by more than three standard errors of the difference (Vuong 1989), even if they were to gain
#' twenty times what their last iteration has; the four next to the best go on in any case. The 24
#' that look best get more than the first four starts, learn from their neighbours, and explore. In
#' the end the best is searched for as if it had been asked for alone; should that find a better
#' optimum, so are the models of its family with a component more or less; and so are those that
#' would be better by an optimum that may be chance, without it; four models at most. The table says
#' what was given up, and `search = "thorough"` gives up none.
#'
#' **Samples.** Of many rows, all this, up to the explorations, happens on a random sample: 5,000
#' rows for up to 20 models, 1,000 for 100 and more, where there are at least twice as many.
#' Criteria are then what the sample lets expect of all rows. The optima go on to these; a model is
#' now given up, too, if, after 8, 16, 32, ... iterations on all rows, twenty times the gain of the
#' last round would not make it the best. Trees grow from at most 2,000 rows, and the other rows
#' belong to the nearest cluster.
#'
#' **Relatives of EM.** With `algorithm = "cem"` and `"sem"` ([`?gmm_algorithms`][gmm-algorithms])
#' all `n_init` starts run to their end, on all rows, and the best by what the algorithm climbs is
#' the fit; there are no short runs, models neither learn from one another nor explore, and
#' nothing is accelerated. Where there are many rows, the starts still come from a sample.
#'
#' **Fixed parameters.** With `fix` there are no neighbours that nobody asked for, and nothing is
#' accelerated. Of fixed means there is one start: every row belongs to the mean that is nearest, in
#' standard deviations of the columns; or, if the covariances are fixed, too, the weights are equal
#' or those that are fixed. Otherwise starts are partitions as above, whose clusters are numbered
#' such that the parameters that are fixed fit them best.
#'
#' A run has converged when less than `tol` is left to gain, judged by Aitken's extrapolation of the
#' climb or, with `accelerate = TRUE`, by what the next accelerated steps promise.
#'
#' Where the processor has AVX2 or AVX-512, gaussmix uses it (AVX-512 if it was compiled by Rust 1.89
#' or later); with the environment variable `GAUSSMIX_ISA` set to `portable` or `avx2` it does as if
#' there were no other; any other value changes nothing. Results then differ by rounding.
#'
#' @param search How hard to try: `"quick"` is `n_init = 6`, `n_final = 1`, `rounds = 2` and
#'   `explorations = 0`; `"default"` is 12, 1, 2 and one for every 200 numbers in the data (rows
#'   times columns, rounded), at least 2 and at most 6; but for up to three models by EM it is 24, 4,
#'   4 and 12; `"thorough"` is 120, 4, 6 and 24.
#' @param n_init Whole number, 1 to 100,000, or `NULL` for that of `search`: starts of a model, at
#'   most, beside those that neighbours or explorations lead to. A start of your own (`start =`) is
#'   one.
#' @param n_final Whole number, 1 to 100,000, or `NULL` for that of `search`: of each twelve
#'   starts, the different runs that go on after the short ones, beside those that do in any case; of
#'   what neighbours offer, one more, and of an exploration's moves, two.
#' @param rounds Whole number, at least 0, or `NULL` for that of `search`: rounds in which models
#'   learn from their neighbours after every twelve starts and every exploration, at most.
#' @param explorations Whole number, at least 0, or `NULL` for that of `search`: times that a model
#'   explores in vain before it stops.
#' @param short_iter Whole number, at least 1: iterations of a short run.
#' @param max_iter Whole number, at least 1, or `NULL`, the default, for 5000: iterations after
#'   which a run stops even if it has not converged; the fit then carries a
#'   `gmm_warning_not_converged`. With `algorithm = "sem"` every run makes so many, without a
#'   warning, and the default is 200.
#' @param tol Non-negative number, in units of the total log-likelihood: what may be left to gain.
#'   With 0 every run makes exactly `max_iter` iterations, without a warning. With
#'   `algorithm = "cem"` a run ends where its partition repeats, and with `"sem"` after `max_iter`
#'   iterations, whatever `tol` is.
#' @param reg_covar Non-negative number, in squared units of the data: added to the diagonal of
#'   every component's sample covariance in every M-step, from which those of the family follow.
#'   With 0, the default, the fit is a maximum of the likelihood; with more it is not, exactly, and
#'   the log-likelihood may fall on the way, but no covariance can become singular. Such runs are
#'   not accelerated.
#' @param min_eigen_ratio Number, at least 0 and below 1: a run is dropped if the variance of a
#'   component in some direction falls below this part of the variance within components in that
#'   direction, on average over them by their weights (Hathaway 1985; García-Escudero et al. 2008).
#'   Few rows that lie in a line or on a point by chance can make a component very narrow and the
#'   log-likelihood high: such an optimum is spurious. With 0, the default, none is dropped, but
#'   those that may be spurious are flagged, see [gmm_select()]. A change of units or a
#'   rotation of the data does not change the ratio.
#' @param accelerate `TRUE` or `FALSE`: whether the runs that go on after the short ones take
#'   Anderson-accelerated steps, which cross in tens of iterations the plateaus that cost EM
#'   thousands. An accelerated step that would lower the log-likelihood is not taken: such an
#'   iteration gains nothing, and the next is one of EM. And in all runs, short ones too, M-steps that
#'   iterate (VEI, VEE, VEV, EVE and VVE) climb but need not end at their maximum as long as an
#'   iteration gains more than 0.01 in log-likelihood. With `FALSE` every iteration is a textbook
#'   M-step and E-step. With `fix`, and with other algorithms than EM, nothing is accelerated.
#' @param threads Whole number, 1 to 1024: threads that work. `NULL` takes
#'   `getOption("gaussmix.threads")` or else all that the machine has, but two at most where
#'   `R CMD check` limits them. If the system grants fewer, these do the work. Results are the
#'   same, to the last bit, for any number.
#'
#' @param ... Nothing: other arguments are refused.
#'
#' @returns A list of the settings. In a fit, `n_init`, `n_final`, `rounds`, `explorations` and
#'   `max_iter` are the numbers that were given or that `search` stands for.
#'
#' @section Errors:
#' `gmm_error_bad_type` and `gmm_error_bad_value` name the `argument` that is wrong;
#' `gmm_error_unknown_argument` names one that does not exist.
#'
#' @references
#' Biernacki, C., Celeux, G. and Govaert, G. (2003). Choosing starting values for the EM
#' algorithm for getting the highest likelihood in multivariate Gaussian mixture models.
#' *Computational Statistics & Data Analysis* 41, 561--575.
#'
#' Böhning, D., Dietz, E., Schaub, R., Schlattmann, P. and Lindsay, B. G. (1994). The
#' distribution of the likelihood ratio for mixtures of densities from the one-parameter
#' exponential family. *Annals of the Institute of Statistical Mathematics* 46, 373--388.
#'
#' Fränti, P. and Kivijärvi, J. (2000). Randomised local search algorithm for the clustering
#' problem. *Pattern Analysis & Applications* 3, 358--369.
#'
#' García-Escudero, L. A., Gordaliza, A., Matrán, C. and Mayo-Iscar, A. (2008). A general trimming
#' approach to robust cluster analysis. *Annals of Statistics* 36, 1324--1345.
#'
#' Hathaway, R. J. (1985). A constrained formulation of maximum-likelihood estimation for normal
#' mixture distributions. *Annals of Statistics* 13, 795--800.
#'
#' Henderson, N. C. and Varadhan, R. (2019). Damped Anderson acceleration with restarts and
#' monotonicity control for accelerating EM and EM-like algorithms. *Journal of Computational and
#' Graphical Statistics* 28, 834--846.
#'
#' Nixon, K. C. (1999). The parsimony ratchet, a new method for rapid parsimony analysis.
#' *Cladistics* 15, 407--414.
#'
#' Scrucca, L. and Raftery, A. E. (2015). Improved initialisation of model-based clustering using
#' Gaussian hierarchical partitions. *Advances in Data Analysis and Classification* 9, 447--460.
#'
#' Ueda, N., Nakano, R., Ghahramani, Z. and Hinton, G. E. (2000). SMEM algorithm for mixture models.
#' *Neural Computation* 12, 2109--2128.
#'
#' Vuong, Q. H. (1989). Likelihood ratio tests for model selection and non-nested hypotheses.
#' *Econometrica* 57, 307--333.
#'
#' @examples
#' gmm_fit(faithful, k = 2, control = gmm_control(search = "thorough"))
#' gmm_fit(faithful, k = 2, n_init = 50)
#' gmm_select(iris[1:4], k = 1:4, covariance = "full", explorations = 3)
#' @export
gmm_control <- function(search = "default", n_init = NULL, n_final = NULL, rounds = NULL,
                        explorations = NULL, short_iter = 5, max_iter = NULL, tol = 1e-6,
                        reg_covar = 0, min_eigen_ratio = 0, accelerate = TRUE, threads = NULL,
                        ...) {
  call <- quote(gmm_control())
  check_no_dots(list(...), names(control_defaults), call)
  check_control(mget(names(control_defaults)), call)
}

#' The settings and their defaults
#' @noRd
control_defaults <- as.list(formals(gmm_control)[names(formals(gmm_control)) != "..."])

#' Starts of a model, runs that go on of each twelve, rounds of learning from neighbours, and
#' explorations
#'
#' @param numbers How many there are in the data: the more, the more there is to explore.
#' @param are_few Whether there are up to three models: then more time is left for each.
#' @noRd
search_effort <- function(search, numbers, are_few) {
  if (search == "default" && are_few) {
    return(c(n_init = 24, n_final = 4, rounds = 4, explorations = 12))
  }
  switch(search,
    quick = c(n_init = 6, n_final = 1, rounds = 2, explorations = 0),
    default = c(
      n_init = 12, n_final = 1, rounds = 2, explorations = min(max(2, round(numbers / 200)), 6)
    ),
    thorough = c(n_init = 120, n_final = 4, rounds = 6, explorations = 24)
  )
}

#' The names of these numbers, in the order that the engine knows
#' @noRd
search_numbers <- c("n_init", "n_final", "rounds", "explorations")

#' Settings with the numbers that `search` and the algorithm stand for
#' @noRd
resolve_search <- function(control, models, algorithm, numbers) {
  control$max_iter <- control$max_iter %||% if (algorithm == "sem") 200 else 5000
  effort <- search_effort(control$search, numbers, are_few = algorithm == "em" && models <= 3)
  for (arg in names(effort)) {
    control[[arg]] <- control[[arg]] %||% effort[[arg]]
  }
  control
}

#' What a search may cost
#' @noRd
search_budget <- function(control) {
  vapply(search_numbers, function(arg) as.double(control[[arg]]), 0)
}

#' Check settings that may come from a user's own list
#' @noRd
check_control <- function(control, call) {
  check_choice(control$search, c("quick", "default", "thorough"), "search", call)
  # Every start is kept until the best are known, and iterations go into a trace.
  most <- c(
    n_init = 1e5, n_final = 1e5, rounds = 1e5, explorations = 1e5, short_iter = 1e9,
    max_iter = 1e9
  )
  optional <- c(search_numbers, "max_iter")
  for (arg in names(most)) {
    if (!is.null(control[[arg]]) || !arg %in% optional) {
      least <- if (arg %in% c("rounds", "explorations")) 0 else 1
      control[[arg]] <- check_count(control[[arg]], arg, least, most[[arg]], call)
    }
  }
  control$tol <- check_number(control$tol, "tol", min = 0, call = call)
  control$reg_covar <- check_number(control$reg_covar, "reg_covar", min = 0, call = call)
  control$min_eigen_ratio <- check_number(
    control$min_eigen_ratio, "min_eigen_ratio",
    min = 0, call = call
  )
  if (control$min_eigen_ratio >= 1) {
    is <- paste("is", control$min_eigen_ratio)
    abort_argument("min_eigen_ratio", "below 1", is, "bad_value", call)
  }
  check_flag(control$accelerate, "accelerate", call)
  if (!is.null(control$threads)) {
    control$threads <- check_count(control$threads, "threads", max = 1024, call = call)
  }
  control
}

#' Settings from `control` and from `...`, which has the last word
#'
#' @param dots A list of these, which may be a promise: what has a name that nobody knows is not
#'   evaluated.
#' @param given_names Their names.
#' @noRd
merge_control <- function(control, dots, given_names, call) {
  must <- "a list of named settings, as `gmm_control()` makes it"
  if (!is.list(control)) {
    abort_argument("control", must, is_type(control), "bad_type", call)
  }
  settings <- names(control_defaults)
  if (length(control) > 0 && !is_named(control)) {
    abort_argument("control", must, "has elements without a name", "bad_value", call)
  }
  unknown <- setdiff(c(names2(control), given_names), settings)
  if (length(unknown) > 0) {
    abort_unknown(unknown[1], settings, call)
  }
  given <- c(control, dots)
  check_control(replace(control_defaults, names(given), given), call)
}

#' Refuse an argument that `gmm_fit()` does not have, and say which was probably meant
#' @noRd
abort_unknown <- function(unknown, settings, call) {
  arguments <- c(
    "k", "covariance", "data", "criterion", "equal_weights", "start", "algorithm", "fix",
    "keep_data", "keep_path", settings
  )
  message <- if (unknown == "") {
    "Arguments after {.arg covariance} must be named."
  } else if (unknown == "data") {
    c(
      "{.arg data} must come with a formula, such as `~ a + b`.",
      i = "Leave it out: {.arg x} has the data."
    )
  } else {
    c(
      "{.arg {unknown}} is not an argument of `gmm_fit()` or `gmm_control()`.",
      foreign_arguments(unknown) %||% suggest(unknown, arguments)
    )
  }
  abort_gmm(message, "unknown_argument", argument = unknown, call = call)
}

#' What mclust, `kmeans()` and `lm()` call it, which the distance of words does not find
#' @noRd
foreign_arguments <- function(unknown) {
  hint <- switch(unknown,
    G = ,
    centers = "{.arg k} is the number of components.",
    modelNames = "Use {.arg covariance}.",
    nstart = "Use {.arg n_init}, the number of starts.",
    init = ,
    initialization = "Use {.arg start}.",
    seed = "Call `set.seed()` before.",
    iter.max = ,
    maxit = "Use {.arg max_iter}.",
    na.rm = ,
    na.action = "Leave out rows with missing values before: `na.omit(x)`.",
    subset = "Choose the rows before: `data[rows, ]`.",
    scale = "Standardise the data before: `scale(x)`.",
    weights = "There are no case weights; weights of the components can be held by `fix`.",
    verbose = ,
    trace = "A fit that takes long shows a progress bar in an interactive session."
  )
  if (!is.null(hint)) c(i = hint)
}
