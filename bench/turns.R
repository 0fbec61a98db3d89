# Contenders take turns (A B A B), so that whatever else the machine does hits all of them.
#
# A contender is a function of a number of iterations that makes them once and returns what `run()`
# makes.

run <- function(seconds, iterations, loglik) {
  c(seconds = seconds, iterations = iterations, loglik = loglik)
}

timed <- function(call) {
  gc(FALSE)
  began <- Sys.time()
  value <- call()
  list(seconds = as.numeric(Sys.time() - began, units = "secs"), value = value)
}

# Seconds of an iteration, and of all else in a call: from calls of few and of many iterations,
# repeated for half a second where they are short.
turn <- function(contender, iterations) {
  few <- many <- NULL
  repeat {
    few <- cbind(few, contender(iterations[1]))
    many <- cbind(many, contender(iterations[2]))
    if (sum(few["seconds", ], many["seconds", ]) > 0.5) break
  }
  short <- median(few["seconds", ])
  each <- (median(many["seconds", ]) - short) / diff(iterations)
  c(
    each = each,
    rest = short - iterations[1] * each,
    least = min(few["iterations", ]),
    most = max(many["iterations", ]),
    loglik = mean(many["loglik", ])
  )
}

# What `turn()` returns, for every contender in every round: double[5, contenders, rounds].
in_turns <- function(contenders, iterations, rounds) {
  # The first call of all loads code and touches memory.
  for (contender in contenders) contender(iterations[1])
  turns <- replicate(rounds, vapply(contenders, turn, numeric(5), iterations = iterations))
  made <- turns[c("least", "most"), , , drop = FALSE]
  if (any(made != iterations)) {
    print(made)
    stop("a contender has not made the iterations that were asked for")
  }
  turns
}

# The largest relative difference between the contenders' log-likelihoods after the same number
# of iterations, which must be nothing but rounding.
difference <- function(turns, tolerance = 1e-9) {
  loglik <- turns["loglik", , ]
  difference <- max(abs(loglik / loglik[1] - 1))
  if (difference > tolerance) {
    print(loglik, digits = 15)
    stop("the contenders have not done the same")
  }
  difference
}

# Times of `a` over times of `b`, in the middle of the rounds: of calls that make so many
# iterations, or of iterations alone.
ratio <- function(turns, a, b, calls_of = Inf) {
  of <- function(who) turns["each", who, ] + turns["rest", who, ] / calls_of
  median(of(a) / of(b))
}
