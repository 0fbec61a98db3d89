#' Parameters that are held fixed, checked
#'
#' @param fix `NULL` or a list with some of `weights`, `means` and `covariances`.
#' @param x `double[n, d]`.
#' @returns `NULL`, or a list of those that are given: `weights` `double[k]`, `means` `double[k,
#'   d]`, `covariances` `double[d, d, k]` or, one for all, `double[d, d, 1]`; the columns in the
#'   order of `x`.
#' @noRd
as_fix <- function(fix, x, call) {
  if (is.null(fix)) {
    return(NULL)
  }
  check_fix_parts(fix, call)
  fix <- Filter(Negate(is.null), unclass(fix))
  if (length(fix) == 0) {
    return(NULL)
  }
  d <- ncol(x)
  fix$means <- spread_means(fix$means, d)
  fix$covariances <- stack_matrices(fix$covariances, "fix", call)
  check_numbers(fix, "fix", call)
  k <- fixed_k(fix, d)
  if (any(k == 0)) {
    abort_argument("fix", "of at least one component", "is of none", "bad_value", call)
  }
  fix <- fix[intersect(mixture_parts, names(fix))]
  order <- column_orders(fix, colnames(x), d, "fix", call)
  if (!is.null(fix$weights)) {
    fix$weights <- check_weights(fix$weights, "fix", call)
  }
  if (!is.null(fix$means)) {
    fix$means <- as_shape(fix$means, c(k, d), "means", "fix", call)[, order$means, drop = FALSE]
    dimnames(fix$means) <- list(NULL, colnames(x))
  }
  if (!is.null(fix$covariances)) {
    check_fixed_covariances(fix$covariances, k, d, call)
    covariances <- array(as.double(fix$covariances), c(d, d, length(fix$covariances) / d^2))
    check_covariances(covariances, "fix", call)
    fix$covariances <- covariances[order$covariances, order$covariances, , drop = FALSE]
    dimnames(fix$covariances) <- list(colnames(x), colnames(x), NULL)
  }
  fix
}

check_fix_parts <- function(fix, call) {
  must <- "a list with some of `weights`, `means` and `covariances`"
  if (!is.list(fix) || is.data.frame(fix)) {
    abort_argument("fix", must, is_type(fix), "bad_type", call)
  }
  if (length(fix) > 0 && (!is_named(fix) || anyDuplicated(names(fix)))) {
    is <- "has elements without a name, or two with the same"
    abort_argument("fix", must, is, "bad_value", call)
  }
  unknown <- setdiff(names(fix), mixture_parts)
  if (length(unknown) > 0) {
    is <- cli::format_inline("has {.var {unknown}}")
    abort_argument("fix", must, is, "bad_value", call, suggest(unknown[1], mixture_parts))
  }
}

#' The number of components that fixed parameters speak of; `NULL` for one covariance for all
#' @noRd
fixed_k <- function(fix, d) {
  if (!is.null(fix$weights)) {
    return(length(fix$weights))
  }
  if (!is.null(fix$means)) {
    return(NROW(fix$means))
  }
  if (is.null(fix$covariances)) {
    return(NULL)
  }
  shape <- dim(fix$covariances)
  count <- if (d == 1) length(fix$covariances) else if (length(shape) == 3) shape[3] else 1
  if (count != 1) count
}

#' Refuse covariances that are neither one for all nor one for each
#' @noRd
check_fixed_covariances <- function(covariances, k, d, call) {
  drop <- function(shape) as.double(shape[shape > 1])
  found <- dim(covariances) %||% length(covariances)
  allowed <- list(c(d, d), c(d, d, k %||% 1))
  if (!any(vapply(allowed, function(shape) identical(drop(found), drop(shape)), logical(1)))) {
    each <- if (is.null(k)) "k" else k
    shape <- function(extents) paste(extents, collapse = " x ")
    must <- sprintf("%s, or %s", shape(c(d, d)), shape(c(d, d, each)))
    is <- paste0("It is ", shape(found), ".")
    abort_part("covariances", must, is, "bad_shape", "fix", call)
  }
}

#' Refuse what fixed parameters leave without effect
#' @noRd
check_beside_fix <- function(fix, equal_weights, control, call) {
  refuse <- function(arg, must, value, part) {
    must <- sprintf("%s where `fix` has `%s`", must, part)
    abort_argument(arg, must, paste("is", value), "bad_value", call)
  }
  if (!is.null(fix$weights) && equal_weights) {
    refuse("equal_weights", "`FALSE`", equal_weights, "weights")
  }
  for (arg in c("reg_covar", "min_eigen_ratio")) {
    if (!is.null(fix$covariances) && control[[arg]] > 0) {
      refuse(arg, "0", control[[arg]], "covariances")
    }
  }
}

#' The number of components that `k` and `fix` agree on
#'
#' @returns `k`, or that of `fix`, or `NULL`.
#' @noRd
agreed_k <- function(k, fix, d, call) {
  found <- fixed_k(fix, d)
  if (is.null(found)) {
    return(k)
  }
  if (!is.null(k) && !found %in% k) {
    abort_gmm(
      c(
        "{.arg fix} must have {.arg k} = {.or {k}} {cli::qty(max(k))}component{?s}.",
        x = "It has {found}."
      ),
      "bad_value",
      argument = "fix",
      call = call
    )
  }
  as.double(found)
}

#' The one family that is left where covariances are fixed: the smallest that has them
#'
#' @param families As [resolve_families()] returns them.
#' @noRd
fixed_family <- function(fix, families, d, call) {
  if (is.null(fix$covariances)) {
    return(families)
  }
  family <- smallest_family(fix$covariances)
  if (!any(vapply(families$name, contains_family, logical(1), family))) {
    must <- cli::format_inline("a family that has the covariances in {.arg fix}, such as {family}")
    is <- cli::format_inline("is {.or {.val {families$name}}}")
    abort_argument("covariance", must, is, "bad_value", call)
  }
  resolve_families(family, d, call)
}

smallest_family <- function(covariances) {
  d <- dim(covariances)[1]
  count <- dim(covariances)[3]
  volume <- if (all(covariances == c(covariances[, , 1]))) "E" else "V"
  if (d == 1) {
    return(volume)
  }
  diagonals <- apply(covariances, 3, diag)
  is_diagonal <- all(covariances[rep(!diag(d), count)] == 0)
  is_spherical <- is_diagonal && all(diagonals == rep(diagonals[1, ], each = d))
  form <- if (is_spherical) "II" else paste0(volume, if (is_diagonal) "I" else volume)
  paste0(volume, form)
}

#' Whether every letter of a family allows what that of another does
#' @noRd
contains_family <- function(family, other) {
  rank <- c(I = 1, E = 2, V = 3)
  all(rank[family_letters(family)] >= rank[family_letters(other)])
}

#' Fixed parameters as the engine takes them
#' @noRd
engine_fix <- function(fix, d) {
  if (!is.null(fix)) c(list(d = as.double(d)), lapply(fix, as.double))
}

#' What is fixed, in words
#' @noRd
describe_fixed <- function(fix) {
  if (length(fix) > 0) cli::format_inline(", fixed {names(fix)}") else ""
}
