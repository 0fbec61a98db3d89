test_that("there is a progress bar only in an interactive session", {
  rlang::local_interactive(FALSE)
  expect_null(progress_ticker())
})

test_that("the progress bar shows the runs", {
  rlang::local_interactive(TRUE)
  old <- options(cli.progress_show_after = 0)
  on.exit(options(old))
  fit <- function() {
    tick <- progress_ticker()
    tick(3, 4, 40)
  }
  shown <- capture.output(fit(), type = "message")
  expect_match(shown, "run 3 of 4, 40 EM iterations", all = FALSE)
})

test_that("the progress bar bears counts from nothing to more than was expected", {
  rlang::local_interactive(TRUE)
  old <- options(cli.progress_show_after = 0)
  on.exit(options(old))
  fit <- function() {
    tick <- progress_ticker()
    tick(0, 0, 0)
    tick(1, 4, 0)
    tick(4, 4, 10)
    tick(5, 4, 11)
    tick(5, 6, 12)
    expect_false(environment(tick)$lost)
  }
  capture.output(fit(), type = "message")
})

test_that("the progress bar waits for two seconds", {
  rlang::local_interactive(TRUE)
  fit <- function() {
    tick <- progress_ticker()
    tick(0, 4, 0)
    tick(4, 4, 40)
  }
  expect_equal(capture.output(fit(), type = "message"), character())
})

test_that("Ctrl-C is a genuine interrupt, leaves no thread behind and the session usable", {
  skip_on_cran()
  skip_on_os("windows")
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(
    c(
      "x <- matrix(rnorm(1e6), ncol = 5)",
      "invisible(gaussmix::gmm_fit(faithful, k = 2, covariance = 'full'))",
      "threads <- function() {",
      "  Sys.sleep(0.1) # the system takes a moment to forget a thread that has ended",
      "  length(list.files('/proc/self/task'))",
      "}",
      "before <- threads()",
      "system(sprintf('(sleep 1; kill -INT %d) &', Sys.getpid()))",
      "ended <- tryCatch(",
      "  gaussmix::gmm_fit(x, k = 4, covariance = 'full', tol = 0, max_iter = 1e9, threads = 2),",
      "  interrupt = function(condition) paste(class(condition), collapse = ' ')",
      ")",
      "cat('ended:', ended, '\\n')",
      "cat('threads left:', threads() - before, '\\n')",
      "fit <- gaussmix::gmm_fit(faithful, k = 2, covariance = 'full')",
      "cat('loglik:', round(fit$loglik, 2), '\\n')"
    ),
    script
  )
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  output <- system2(
    file.path(R.home("bin"), "Rscript"),
    script,
    stdout = TRUE,
    stderr = TRUE,
    env = paste0("R_LIBS=", libraries),
    timeout = 120
  )
  expect_match(output, "ended: interrupt condition", all = FALSE)
  expect_match(output, "threads left: 0", all = FALSE)
  expect_match(output, "loglik: -1130.26", all = FALSE)
})
