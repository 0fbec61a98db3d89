# Compares gaussmix with its peers: `make bench`, from the root of the checkout.
# Usage: Rscript bench/bench.R FOLDER full|quick [SECTION...]
#
# FOLDER receives a file for each section: a Markdown table, and what was compared where and when.
# There are ratios in it and no times, since those of different machines and days can't be compared. `quick` takes a tenth of the rows and few
# rounds, to see that all works: its ratios say little.

suppressPackageStartupMessages({
  library(gaussmix)
  # mclust calls functions of its own by name, which must be found.
  library(mclust)
})
parts <- c(
  "workloads", "turns", "peers", "iterations", "families", "predict", "fits", "memory",
  "search", "lab", "jobs", "report"
)
for (part in parts) source(sprintf("bench/%s.R", part))

sections <- list(
  iterations = iterations,
  families = each_family,
  predict = predict_posterior,
  fits = whole_fits,
  memory = memory,
  search = search,
  lab = lab,
  jobs = jobs
)

arguments <- commandArgs(TRUE)
quick <- arguments[2] == "quick"
wanted <- if (length(arguments) > 2) arguments[-(1:2)] else names(sections)
folder <- arguments[1]
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
for (name in wanted) {
  message(format(Sys.time(), "%H:%M:%S "), name)
  lines <- c(markdown(sections[[name]](quick)), paste0("*", versions(), "*"))
  writeLines(lines, file.path(folder, paste0(name, ".md")))
  writeLines(lines)
}
