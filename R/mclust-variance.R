#' Weights, means and variances in mclust's layout
#' @noRd
mclust_parameters <- function(x) {
  if (x$d == 1) {
    components <- if (x$k > 1) names(x$weights)
    return(list(
      pro = unname(x$weights),
      mean = set_names(as.double(x$means), components),
      variance = mclust_variance(x)
    ))
  }
  mean <- t(x$means)
  colnames(mean) <- NULL
  list(pro = unname(x$weights), mean = mean, variance = mclust_variance(x))
}

#' Covariances with what mclust keeps of them for each family
#'
#' With `sigma[, , k] = scale[k] * orientation diag(shape) orientation'`; what the components share
#' is given once.
#' @noRd
mclust_variance <- function(x) {
  family <- x$covariance
  head <- list(modelName = if (x$k == 1) mclust_single(family) else family, d = x$d, G = x$k)
  sigma <- x$covariances
  dimnames(sigma)[3] <- list(NULL)
  if (x$d == 1) {
    variances <- as.double(sigma)
    if (x$k == 1 || family == "E") {
      return(c(head, list(sigmasq = variances[1])))
    }
    return(c(head, list(sigmasq = variances, scale = variances)))
  }
  letters <- if (x$k == 1) {
    family_letters(mclust_family(head$modelName))
  } else {
    family_letters(family)
  }
  c(head, list(sigma = sigma), mclust_shared(sigma, letters), mclust_parts_of(sigma, letters))
}

#' mclust's name of a family where there is one component
#' @noRd
mclust_single <- function(family) {
  if (nchar(family) == 1) {
    return("X")
  }
  if (is_spherical(family)) "XII" else if (is_oriented(family)) "XXX" else "XXI"
}

#' The covariance that all components share, and Cholesky factors
#' @noRd
mclust_shared <- function(sigma, letters) {
  form <- paste(letters, collapse = "")
  first <- matrix(sigma[, , 1], dim(sigma)[1], dimnames = dimnames(sigma)[1:2])
  switch(form,
    EII = ,
    EEI = list(Sigma = first),
    EEE = c(
      list(Sigma = first, cholSigma = chol(first)),
      if (dim(sigma)[3] == 1) list(cholsigma = chol(first))
    ),
    VVV = list(cholsigma = array(apply(sigma, 3, chol), dim(sigma), dimnames(sigma)))
  )
}

#' Volumes, shapes and orientations, as many as the letters say
#' @noRd
mclust_parts_of <- function(sigma, letters) {
  form <- paste(letters, collapse = "")
  if (form %in% c("EEE", "VVV")) {
    return(NULL)
  }
  d <- dim(sigma)[1]
  scale <- apply(sigma, 3, function(s) exp(as.double(determinant(s)$modulus) / d))
  if (letters[["volume"]] == "E") {
    scale <- scale[1]
  }
  if (letters[["shape"]] == "I") {
    return(list(sigmasq = scale, scale = scale))
  }
  orientation <- orientations(sigma, letters[["orientation"]])
  variances <- vapply(seq_len(dim(sigma)[3]), function(k) {
    diag(t(orientation[, , k]) %*% sigma[, , k] %*% orientation[, , k])
  }, numeric(d))
  shape <- apply(variances, 2, function(v) v / exp(mean(log(v))))
  parts <- list(
    sigmasq = if (form == "VVI") scale,
    scale = scale,
    shape = if (letters[["shape"]] == "E") shape[, 1] else shape,
    orientation = switch(letters[["orientation"]],
      E = orientation[, , 1],
      V = orientation
    )
  )
  Filter(Negate(is.null), parts)
}

#' Orthogonal matrices of principal axes, `double[d, d, k]`
#'
#' @param letter `"I"` for the axes of the data, `"E"` for common ones, `"V"` for each component's.
#' @noRd
orientations <- function(sigma, letter) {
  axes <- function(matrix) eigen(matrix, symmetric = TRUE)$vectors
  names <- c(dimnames(sigma)[1], list(NULL, NULL))
  found <- switch(letter,
    I = diag(dim(sigma)[1]),
    E = common_axes(sigma, axes),
    V = apply(sigma, 3, axes)
  )
  array(found, dim(sigma), if (!is.null(names[[1]])) names)
}

#' The axes that all components share
#'
#' Axes of equal variance in one component are any, so those of another, or of the sum, may be the
#' ones that all share.
#' @noRd
common_axes <- function(sigma, axes) {
  relative <- apply(sigma, 3, function(s) s / sum(diag(s)))
  k <- dim(sigma)[3]
  # Weights without a common measure, so that no two axes have the same sum by symmetry.
  sum <- array(relative %*% sqrt(seq_len(k) + 1), dim(sigma)[1:2])
  candidates <- c(list(axes(sum)), lapply(seq_len(k), function(j) axes(sigma[, , j])))
  rest <- vapply(candidates, function(candidate) {
    largest <- vapply(seq_len(k), function(j) {
      turned <- t(candidate) %*% sigma[, , j] %*% candidate
      max(abs(turned[upper.tri(turned)])) / sum(diag(turned))
    }, numeric(1))
    max(largest)
  }, numeric(1))
  candidates[[which.min(rest)]]
}
