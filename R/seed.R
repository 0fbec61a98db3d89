#' Set the seed of R's generator until the calling function ends
#'
#' The generator, of whatever kind, is then where it was, even if it had not been used before.
#'
#' @param seed `NULL`, which leaves everything as it is, or a whole number for `set.seed()`.
#' @noRd
local_seed <- function(seed, call, frame = caller_env()) {
  if (is.null(seed)) {
    return(invisible())
  }
  most <- .Machine$integer.max
  check_count(seed, "seed", min = -most, max = most, call = call)
  state <- get0(".Random.seed", envir = globalenv(), inherits = FALSE)
  restore <- function() {
    if (is.null(state)) {
      rm(".Random.seed", envir = globalenv())
    } else {
      assign(".Random.seed", state, envir = globalenv())
    }
  }
  do.call(on.exit, list(as.call(list(restore)), add = TRUE), envir = frame)
  set.seed(seed)
}
