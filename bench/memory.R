# Peak memory of a fit, in a process of its own.

memory <- function(quick) {
  work <- workload(if (quick) 1e5 else 1e6, 10, 8)
  arguments <- write_workload(work)
  data <- 8 * work$n * work$d / 1e6
  rm(work)
  one <- function(label, kind, threads) {
    peak <- system(paste("Rscript bench/peak.R", kind, threads, arguments), intern = TRUE)
    peak <- as.numeric(strsplit(peak, " ")[[1]])
    data.frame(label, threads, data, peak[1], peak[2])
  }
  table <- rbind(
    one("from a start", "start", 1),
    one("from a start", "start", 2),
    one("a search", "search", 1),
    one("a search", "search", 2)
  )
  names(table) <- c("fit", "threads", "data, MB", "R and the data, MB", "the fit adds, MB")
  list(
    title = "Peak memory",
    text = paste(
      "Of the whole R process, with the data in it (1 MB is 1e6 bytes), and by how much a",
      "`gmm_fit()` raises it: 20 iterations from a given start, or the default search of at most",
      "20 iterations a run."
    ),
    table = table
  )
}
