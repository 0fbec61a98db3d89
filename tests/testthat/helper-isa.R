#' Fits by plain Rust, until the caller ends: how many iterations a run takes can depend on how a
#' processor rounds
local_plain_rust <- function(env = parent.frame()) {
  before <- Sys.getenv("GAUSSMIX_ISA", NA)
  Sys.setenv(GAUSSMIX_ISA = "portable")
  again <- if (is.na(before)) {
    quote(Sys.unsetenv("GAUSSMIX_ISA"))
  } else {
    bquote(Sys.setenv(GAUSSMIX_ISA = .(before)))
  }
  do.call(on.exit, list(again, add = TRUE), envir = env)
}
