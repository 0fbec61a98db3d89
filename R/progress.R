#' A function for the engine to call while it works, or `NULL`
#'
#' The bar is cli's: it appears after two seconds and goes with the frame of the fit. The engine
#' takes a failure of this function for an interrupt, so a bar that fails must not: there is none
#' then.
#' @noRd
progress_ticker <- function(frame = caller_env()) {
  if (!is_interactive()) {
    return(NULL)
  }
  bar <- NULL
  lost <- FALSE
  update <- function(runs_done, runs_total, iterations) {
    bar <<- bar %||% cli::cli_progress_bar(
      format = paste(
        "Fitting {cli::pb_bar} run {cli::pb_current} of {cli::pb_total},",
        "{cli::pb_extra$iterations} EM iterations"
      ),
      total = runs_total,
      extra = list(iterations = 0),
      auto_terminate = FALSE,
      .envir = frame
    )
    cli::cli_progress_update(
      set = runs_done,
      total = runs_total,
      extra = list(iterations = iterations),
      id = bar,
      .envir = frame
    )
  }
  function(runs_done, runs_total, iterations) {
    # Before the runs are counted there is nothing to show.
    if (lost || runs_total == 0) {
      return(invisible())
    }
    tryCatch(update(runs_done, runs_total, iterations), error = function(e) lost <<- TRUE)
  }
}
