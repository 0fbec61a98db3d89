#' Data sets for the lectures and the lab
#'
#' Simulates data sets on which mixtures are taught: what they show, and the recipe that each row is
#' drawn by, stand below. The groups that the rows were drawn from are known, so that what a fit
#' finds can be compared with the truth, by [gmm_compare()].
#'
#' # Recipes
#' All numbers are normal and independent, where nothing else is said. `N(m, s)` has mean m and
#' standard deviation s, `U(a, b)` is uniform, `E` exponential with mean 1. Groups follow one
#' another, and have their parts of the `n` rows, rounded so that they sum to `n`.
#'
#' \describe{
#'   \item{`"mouse"`}{A head and two ears: where k-means fails, because it gives the ears a part of
#'     the large head. `head`, 70 %, has its centre at (0, 0) and standard deviation 1.5 in both
#'     columns; `left ear` and `right ear`, 15 % each, have centres (-3, 3) and (3, 3) and standard
#'     deviation 0.4.}
#'   \item{`"four_clusters"`}{The lab's four clusters in a row. `x` is N(0, 1), N(10, 2), N(20, 1)
#'     and N(40, 2), a quarter of the rows each; `y` is N(0, 1) for all.}
#'   \item{`"anisotropic"`}{Three long parallel clusters, which k-means cuts across. A third each
#'     with centres (-2, 2), (0, 0), (2, -2): `x` is the centre's plus `2 u + 0.4 v`, `y` the
#'     centre's plus `2 u - 0.4 v`, where `u` and `v` are N(0, 1).}
#'   \item{`"varied_variance"`}{Three round clusters, of which k-means cuts up the widest. A third
#'     each with centres (-6, 0), (0, 0), (4, 4), and standard deviations 1, 2.5, 0.5 in both
#'     columns.}
#'   \item{`"ring"`}{A ring, which no normal distribution is like, but a mixture of enough of them:
#'     mixtures approximate any density. `x = r cos(a)` and `y = r sin(a)`, with `a` from
#'     U(0, 2 pi) and `r` from N(3, 0.3). There are no groups.}
#'   \item{`"overlap"`}{Two clusters that overlap so much that no method can tell all rows apart.
#'     Half each with centres (-1.25, 0) and (1.25, 0), standard deviation 1 in both columns. Even
#'     who knows this recipe misclassifies `pnorm(-1.25)`, that is 10.6 %, of such rows on average.}
#'   \item{`"assay"`}{A cloud such as a biological assay of two measurements gives: three
#'     overlapping groups, skewed and correlated, so that normal components only approximate them.
#'     `inactive`, 50 %: `x` is `N(2, 0.4) + 0.7 E` and `y` is `N(2, 0.4) + 0.3 E`; `partial`, 30 %:
#'     `N(3.5, 0.4) + 0.8 E` and `N(3, 0.4) + 0.8 E`; `active`, 20 %: `N(2.8, 0.3) + 0.3 E` and
#'     `N(4.3, 0.5) + 0.9 E`; with the same `E` in `x` and in `y` of a row.}
#' }
#'
#' @param name The name of a recipe: `"mouse"`, `"four_clusters"`, `"anisotropic"`,
#'   `"varied_variance"`, `"ring"`, `"overlap"` or `"assay"`.
#' @param n Whole number, at least 1: rows. `NULL`, the default, stands for 800 for
#'   `"four_clusters"`, 500 for `"mouse"` and `"overlap"`, and 600 for the others.
#' @param seed `NULL`, to go on with R's generator where it is; or a whole number for `set.seed()`:
#'   the generator is put back afterwards. The same seed gives the same data, unless [RNGkind()] was
#'   used to choose another generator.
#'
#' @returns A data frame of `n` rows, with the numeric columns `x` and `y`. Except for `"ring"`, a
#'   third column is `group`, a factor: leave it out of the fit, as in `gmm_fit(mouse[1:2])` or
#'   `gmm_fit(~ x + y, data = mouse)`.
#'
#' @section Errors:
#' `gmm_error_bad_type` and `gmm_error_bad_value` name the `argument` that is wrong.
#'
#' @seealso [gmm_compare()], [gmm_lab_data()].
#'
#' @examples
#' mouse <- gmm_example("mouse", seed = 1)
#' plot(mouse$x, mouse$y, col = mouse$group, asp = 1)
#'
#' # Where k-means fails, and a mixture does not
#' set.seed(1)
#' gmm_compare(kmeans(mouse[1:2], 3, nstart = 10)$cluster, mouse$group)$error
#' gmm_compare(gmm_fit(mouse[1:2], k = 3), mouse$group)$error
#' @export
gmm_example <- function(name, n = NULL, seed = NULL) {
  call <- quote(gmm_example())
  if (missing(name)) {
    abort_gmm(
      c(
        "{.arg name} is missing.",
        i = "Data sets are {.or {.val {names(example_recipes)}}}."
      ),
      "bad_value",
      argument = "name",
      call = call
    )
  }
  check_choice(name, names(example_recipes), "name", call)
  recipe <- example_recipes[[name]]
  n <- check_count(n %||% recipe$n, "n", max = .Machine$integer.max, call = call)
  local_seed(seed, call)
  group <- example_groups(n, recipe$groups)
  drawn <- recipe$draw(as.integer(group), n)
  data <- data.frame(x = drawn$x, y = drawn$y)
  if (nlevels(group) > 1) {
    data$group <- group
  }
  data
}

#' A factor of `n` rows, with parts of them, as near as whole numbers can be
#' @noRd
example_groups <- function(n, parts) {
  ends <- round(n * cumsum(parts) / sum(parts))
  factor(rep(names(parts), diff(c(0, ends))), levels = names(parts))
}

#' Recipes: the default `n`, the groups with their parts of the rows, and `draw()`, which draws rows
#' of groups, `integer[n]`
#' @noRd
example_recipes <- list(
  mouse = list(
    n = 500,
    groups = c(head = 0.7, `left ear` = 0.15, `right ear` = 0.15),
    draw = function(group, n) {
      deviation <- c(1.5, 0.4, 0.4)[group]
      x <- stats::rnorm(n, c(0, -3, 3)[group], deviation)
      list(x = x, y = stats::rnorm(n, c(0, 3, 3)[group], deviation))
    }
  ),
  four_clusters = list(
    n = 800,
    groups = c(`1` = 1, `2` = 1, `3` = 1, `4` = 1),
    draw = function(group, n) {
      x <- stats::rnorm(n, c(0, 10, 20, 40)[group], c(1, 2, 1, 2)[group])
      list(x = x, y = stats::rnorm(n))
    }
  ),
  anisotropic = list(
    n = 600,
    groups = c(left = 1, middle = 1, right = 1),
    draw = function(group, n) {
      along <- 2 * stats::rnorm(n)
      across <- 0.4 * stats::rnorm(n)
      list(x = c(-2, 0, 2)[group] + along + across, y = c(2, 0, -2)[group] + along - across)
    }
  ),
  varied_variance = list(
    n = 600,
    groups = c(middling = 1, wide = 1, narrow = 1),
    draw = function(group, n) {
      deviation <- c(1, 2.5, 0.5)[group]
      x <- stats::rnorm(n, c(-6, 0, 4)[group], deviation)
      list(x = x, y = stats::rnorm(n, c(0, 0, 4)[group], deviation))
    }
  ),
  ring = list(
    n = 600,
    groups = c(ring = 1),
    draw = function(group, n) {
      angle <- stats::runif(n, 0, 2 * pi)
      distance <- stats::rnorm(n, 3, 0.3)
      list(x = distance * cos(angle), y = distance * sin(angle))
    }
  ),
  overlap = list(
    n = 500,
    groups = c(left = 1, right = 1),
    draw = function(group, n) {
      x <- stats::rnorm(n, c(-1.25, 1.25)[group])
      list(x = x, y = stats::rnorm(n))
    }
  ),
  assay = list(
    n = 600,
    groups = c(inactive = 0.5, partial = 0.3, active = 0.2),
    draw = function(group, n) {
      x <- stats::rnorm(n, c(2, 3.5, 2.8)[group], c(0.4, 0.4, 0.3)[group])
      y <- stats::rnorm(n, c(2, 3, 4.3)[group], c(0.4, 0.4, 0.5)[group])
      skew <- stats::rexp(n)
      list(x = x + c(0.7, 0.8, 0.3)[group] * skew, y = y + c(0.3, 0.8, 0.9)[group] * skew)
    }
  )
)
