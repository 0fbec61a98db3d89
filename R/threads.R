#' Threads that the engine may use
#' @noRd
resolve_threads <- function(threads, call) {
  option <- getOption("gaussmix.threads")
  if (!is.null(threads)) {
    return(as.integer(check_count(threads, "threads", max = 1024, call = call)))
  }
  if (!is.null(option)) {
    return(as.integer(check_count(option, "options(gaussmix.threads)", max = 1024, call = call)))
  }
  available <- engine_available_threads()
  if (nzchar(Sys.getenv("_R_CHECK_LIMIT_CORES_"))) min(available, 2L) else available
}
