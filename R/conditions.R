#' Stop with a classed error
#'
#' @param message A cli message: what must be, then `x` what came, then `i` a way out.
#' @param class What the class is called after `gmm_error_`.
#' @param ... Fields of the condition, named like arguments and counted from one.
#' @param call The call that the user made.
#' @noRd
abort_gmm <- function(message, class, ..., call, .envir = parent.frame()) {
  cli::cli_abort(
    message,
    class = c(paste0("gmm_error_", class), "gmm_error"),
    ...,
    call = call,
    .envir = .envir
  )
}

#' Warn with a class
#' @noRd
warn_gmm <- function(message, class, ..., call, .envir = parent.frame()) {
  cli::cli_warn(
    message,
    class = c(paste0("gmm_warning_", class), "gmm_warning"),
    ...,
    call = call,
    .envir = .envir
  )
}
