#' Threads that the engine may use
#' @noRd
resolve_threads <- function(threads, call) {
  if (is.null(threads)) {
    threads <- getOption("gaussmix.threads")
  }
  if (!is.null(threads)) {
    return(as.integer(min(check_count(threads, "threads", call = call), 1024)))
  }
  available <- engine_available_threads()
  if (nzchar(Sys.getenv("_R_CHECK_LIMIT_CORES_"))) min(available, 2L) else available
}
