# The contenders, as `turns.R` wants them.

# gaussmix: `gmm_fit()` as a user calls it, checks and labels included.
gaussmix_contender <- function(work, covariance, threads, isa = NULL) {
  function(iterations) {
    if (!is.null(isa)) {
      Sys.setenv(GAUSSMIX_ISA = isa)
      on.exit(Sys.unsetenv("GAUSSMIX_ISA"))
    }
    fit <- timed(function() {
      gmm_fit(
        work$x,
        start = work$start, covariance = covariance, max_iter = iterations, tol = 0,
        accelerate = FALSE, threads = threads
      )
    })
    run(fit$seconds, fit$value$iterations, fit$value$loglik)
  }
}

# The responsibilities of the start, from which mclust and flexmix begin. They are made outside
# the time, so that these two have one E-step less to do than gaussmix.
start_posterior <- function(work) {
  variance <- list(modelName = "EII", d = work$d, G = work$k, sigmasq = 1)
  parameters <- list(pro = work$start$weights, mean = t(work$start$means), variance = variance)
  if (work$d == 1) mclust::estepE(work$x, parameters)$z else mclust::estepEII(work$x, parameters)$z
}

mclust_contender <- function(work, covariance, posterior = start_posterior(work)) {
  if (work$d == 1) {
    covariance <- substr(covariance, 1, 1)
  }
  function(iterations) {
    # The second tolerance is that of the iterations within an M-step.
    control <- mclust::emControl(itmax = iterations, tol = c(0, mclust::emControl()$tol[2]))
    fit <- timed(function() {
      mclust::me(work$x, modelName = covariance, z = posterior, control = control)
    })
    # Under one name or another; mclust negates the number if it is all that was allowed.
    run(fit$seconds, -attr(fit$value, "info")[[1]], fit$value$loglik)
  }
}

flexmix_contender <- function(work, posterior = start_posterior(work)) {
  x <- work$x
  function(iterations) {
    control <- list(iter.max = iterations, tolerance = 0, minprior = 0)
    fit <- timed(function() {
      flexmix::flexmix(
        x ~ 1,
        cluster = posterior, model = flexmix::FLXMCmvnorm(diagonal = FALSE), control = control
      )
    })
    run(fit$seconds, fit$value@iter, fit$value@logLik)
  }
}

# Lloyd's k-means, a yardstick of what a pass costs that only finds the nearest centre.
kmeans_contender <- function(work) {
  function(iterations) {
    fit <- timed(function() {
      suppressWarnings(
        stats::kmeans(work$x, work$start$means, iter.max = iterations, algorithm = "Lloyd")
      )
    })
    # One more than was allowed, unless it has converged.
    run(fit$seconds, fit$value$iter - 1, NA)
  }
}

# Peers in processes of their own, which load the data once and then answer a line for a line.
start_peer <- function(command, arguments) {
  answers <- tempfile("answers")
  stopifnot(system2("mkfifo", answers) == 0)
  requests <- pipe(paste(command, arguments, ">", answers), "w")
  answered <- fifo(answers, "r", blocking = TRUE)
  list(
    contender = function(model, threads) {
      function(iterations) {
        writeLines(paste(model, iterations, threads), requests)
        flush(requests)
        answer <- readLines(answered, 1)
        if (length(answer) == 0) {
          stop(command, " has ended")
        }
        do.call(run, as.list(as.numeric(strsplit(answer, " ")[[1]])))
      }
    },
    end = function() {
      close(requests)
      close(answered)
      unlink(answers)
    }
  )
}

start_peers <- function(work) {
  arguments <- write_workload(work)
  peers <- list(
    scikit = start_peer("build/bench/python/bin/python bench/peers/scikit.py", arguments),
    armadillo = start_peer("build/bench/armadillo", arguments)
  )
  c(peers, end = function() for (peer in peers) peer$end())
}
