#' Covariance families
#'
#' @description
#' The argument `covariance` of [gmm_fit()] names a family of covariance matrices. The matrix of a
#' component, \eqn{\Sigma_k = \lambda_k D_k A_k D_k'}{Sigma_k = lambda_k D_k A_k D_k'}, has a
#' volume \eqn{\lambda_k}{lambda_k}, a shape \eqn{A_k}{A_k} (diagonal, with determinant 1) and an
#' orientation \eqn{D_k}{D_k} (orthogonal). The three letters of a family's name say how the
#' components share these, in this order: `E` equal, `V` varying from component to component, `I`
#' the identity. So `"VEI"` stands for ellipsoids along the axes, of different volumes but the same
#' proportions.
#'
#' A family contains another if each of its letters allows as much or more, where `V` allows more
#' than `E`, and `E` more than `I`; its maximum of the likelihood is then at least as high. With
#' `k` = 1, `E` and `V` are the same. With one column there is only a volume: the families are
#' `"E"` and `"V"`, and every other name stands for the one with its first letter.
#'
#' Several families may be given, and groups of them: `"all"`; `"all spherical"`, which are EII and
#' VII; `"all diagonal"`, which are EEI, VEI, EVI and VVI; and `"all oriented"`, the other eight.
#' Each is fitted, and the best by a criterion is the fit: see [gmm_select()].
#'
#' @eval families_section()
#'
#' @section Invariance:
#' Shifts of the data and a change of all units by the same factor change no cluster. A change of
#' the unit of a single column changes nothing for `"EEI"`, `"VEI"`, `"EVI"`, `"VVI"`, `"EEE"`,
#' `"VEE"`, `"EVV"` and `"VVV"`; the other families depend on the units, so that standardising
#' the columns is a decision. Rotations change nothing for `"EII"`, `"VII"` and the families whose
#' last letter is not `I`.
#'
#' @section Computation:
#' The M-steps of EII, VII, EEI, EVI, VVI, EEE, EEV, EVV and VVV are closed forms; those of VEI,
#' VEE and VEV (Celeux and Govaert 1995) and of EVE and VVE (Flury and Gautschi 1986, Browne and
#' McNicholas 2014) are iterated until they have converged, within every iteration of EM. While a run
#' still gains much, they may end earlier: see `accelerate` in [gmm_control()].
#'
#' @references
#' Banfield, J. D. and Raftery, A. E. (1993). Model-based Gaussian and non-Gaussian clustering.
#' *Biometrics* 49, 803--821.
#'
#' Browne, R. P. and McNicholas, P. D. (2014). Estimating common principal components in high
#' dimensions. *Advances in Data Analysis and Classification* 8, 217--226.
#'
#' Celeux, G. and Govaert, G. (1995). Gaussian parsimonious clustering models. *Pattern
#' Recognition* 28, 781--793.
#'
#' Flury, B. N. and Gautschi, W. (1986). An algorithm for simultaneous orthogonal transformation of
#' several positive definite symmetric matrices to nearly diagonal form. *SIAM Journal on
#' Scientific and Statistical Computing* 7, 169--184.
#'
#' @examples
#' set.seed(1)
#' gmm_select(iris[1:4], k = 3, covariance = c("EII", "VVI", "EEE", "VVV"))
#' gmm_fit(iris[1:4], k = 3, covariance = "all oriented")
#' @name gmm-covariance
#' @aliases gmm_covariance
NULL

#' A section with the table of all families, for the help page
#' @noRd
families_section <- function() {
  families <- engine_families()
  words <- c(I = "identity", E = "equal", V = "varying")
  code <- function(name) ifelse(name == "", "", sprintf("\\code{\"%s\"}", name))
  count <- function(letter, each) {
    unname(c(I = "", E = each, V = if (each == "1") "k" else paste("k", each))[letter])
  }
  parameters <- mapply(
    function(...) paste(Filter(nzchar, c(...)), collapse = " + "),
    count(families$volume, "1"),
    count(families$shape, "(d - 1)"),
    count(families$orientation, "d (d - 1) / 2")
  )
  cells <- cbind(
    c("name", code(families$name)),
    c("also", code(families$alias)),
    c("volume", words[families$volume]),
    c("shape", words[families$shape]),
    c("orientation", words[families$orientation]),
    c("free parameters", parameters)
  )
  rows <- apply(cells, 1, paste, collapse = " \\tab ")
  c(
    "@section Families:",
    "\\tabular{llllll}{",
    paste(rows, collapse = " \\cr\n"),
    "}",
    "",
    "The means have \\code{k d} free parameters more, and the weights \\code{k - 1}, or none with",
    "\\code{equal_weights = TRUE}."
  )
}

#' The covariance families that the user names
#'
#' @param covariance Names, aliases and groups.
#' @returns A list of their `name`s in `d` dimensions and the engine's three `letters`, each family
#'   once.
#' @noRd
resolve_families <- function(covariance, d, call) {
  families <- engine_families()
  # Mere names, the rule where the same is fitted again and again, need no groups.
  rows <- if (is.character(covariance)) match(covariance, families$name)
  if (length(rows) == 0 || anyNA(rows)) {
    rows <- resolve_choices(covariance, families, d, call)
  }
  name <- if (d == 1) families$univariate[rows] else families$name[rows]
  # With one column, several rows of the table have the same name: the first has its letters.
  known <- if (d == 1) families$univariate else families$name
  name <- unique(name)
  list(name = name, letters = families$name[match(name, known)])
}

#' The rows of the families that names, aliases and groups stand for
#' @noRd
resolve_choices <- function(covariance, families, d, call) {
  aliases <- families$alias[families$alias != ""]
  univariate <- unique(families$univariate)
  groups <- family_groups(families)
  must <- paste(
    "\"all\", \"full\", \"tied\", \"diagonal\", \"spherical\"",
    "or three letters such as \"VVV\" and \"EEI\""
  )
  hint <- c(i = "See `?gmm_covariance` for all families and groups.")
  if (!is.character(covariance) || length(covariance) == 0) {
    abort_argument("covariance", must, is_type(covariance), "bad_type", call, hint)
  }
  choices <- c(aliases, families$name, univariate, names(groups))
  rows <- lapply(covariance, function(name) {
    check_choice(name, choices, "covariance", call, must, hint)
    if (name %in% names(groups)) {
      return(groups[[name]])
    }
    if (!name %in% univariate) {
      return(pmax(match(name, families$name, 0), match(name, families$alias, 0)))
    }
    if (d > 1) {
      must <- "a family for several columns, such as \"EEE\" or \"VVV\""
      is <- cli::format_inline("is {.val {name}}, a family for one column")
      abort_argument("covariance", must, is, "bad_value", call, hint)
    }
    match(name, families$univariate)
  })
  unlist(rows)
}

#' Groups of families: rows of the table
#' @noRd
family_groups <- function(families) {
  spherical <- families$shape == "I"
  oriented <- families$orientation != "I"
  list(
    all = seq_along(families$name),
    `all spherical` = which(spherical),
    `all diagonal` = which(!spherical & !oriented),
    `all oriented` = which(oriented)
  )
}

#' Volume, shape and orientation of a family, each `"E"`, `"V"` or `"I"`
#' @noRd
family_letters <- function(family) {
  families <- engine_families()
  row <- match(family, families$name)
  if (is.na(row)) {
    # One column has only a volume.
    return(c(volume = family, shape = "I", orientation = "I"))
  }
  vapply(families[c("volume", "shape", "orientation")], `[`, "", row)
}

#' Whether all components have the same covariance
#' @noRd
is_shared <- function(family) {
  !"V" %in% family_letters(family)
}

is_spherical <- function(family) {
  family_letters(family)[["shape"]] == "I"
}

#' Whether covariances are other than diagonal
#' @noRd
is_oriented <- function(family) {
  family_letters(family)[["orientation"]] != "I"
}

#' What a family's letters say
#' @noRd
describe_letters <- function(family) {
  if (family %in% engine_families()$univariate) {
    return(c(E = "one variance for all", V = "a variance for each")[[family]])
  }
  letters <- family_letters(family)
  form <- if (is_spherical(family)) "spherical" else if (!is_oriented(family)) "diagonal"
  says <- function(letter, word) {
    parts <- names(letters)[letters == letter]
    if (length(parts) > 0) sub(", ([a-z]+)$", " and \\1", paste(word, toString(parts)))
  }
  words <- list(E = says("E", "equal"), V = says("V", "varying"))
  # The volume's letter comes first.
  toString(c(form, unlist(words[union(letters[["volume"]], names(words))])))
}

#' A family and, if it has one, its other name
#' @noRd
name_family <- function(family) {
  families <- engine_families()
  alias <- families$alias[match(family, families$name)]
  if (is.na(alias) || alias == "") family else sprintf('%s ("%s")', family, alias)
}

#' A family and its other name or, if it has none, what its letters say
#' @noRd
describe_family <- function(family) {
  name <- name_family(family)
  if (name == family) sprintf("%s (%s)", family, describe_letters(family)) else name
}
