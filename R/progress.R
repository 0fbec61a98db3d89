#' A function for the engine to call while it works, or `NULL`
#'
#' The bar is cli's: it appears after two seconds and goes with the frame of the fit.
#' @noRd
progress_ticker <- function(frame = caller_env()) {
  if (!is_interactive()) {
    return(NULL)
  }
  bar <- NULL
  function(runs_done, runs_total, iterations) {
    if (is.null(bar)) {
      bar <<- cli::cli_progress_bar(
        format = paste(
          "Fitting {cli::pb_bar} run {cli::pb_current} of {cli::pb_total},",
          "{cli::pb_extra$iterations} EM iterations"
        ),
        total = runs_total,
        extra = list(iterations = 0),
        .envir = frame
      )
    }
    cli::cli_progress_update(
      set = runs_done,
      extra = list(iterations = iterations),
      id = bar,
      .envir = frame
    )
  }
}
