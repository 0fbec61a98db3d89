# From what a section returns, a list of `title`, `text` and `table`, to Markdown.

# Who was compared, where and when.
versions <- function() {
  python <- system("build/bench/python/bin/python -m pip freeze", intern = TRUE)
  r <- vapply(c("gaussmix", "mclust", "flexmix"), function(p) format(packageVersion(p)), "")
  cores <- sub(".*: ", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE))
  paste0(
    paste(names(r), r, collapse = ", "), ", ",
    paste(sub("==", " ", grep("^(numpy|scikit-learn)=", python, value = TRUE)), collapse = ", "),
    ", ", system("build/bench/armadillo", intern = TRUE), "; ",
    R.version.string, " with ", basename(extSoftVersion()[["BLAS"]]), ", ",
    system("rustc --version", intern = TRUE), "; ",
    length(cores), " cores (", cores[1], "); ", Sys.Date(), "."
  )
}

# Three digits for ratios, one for differences that are rounding, nothing for what there is not.
cell <- function(value) {
  if (!is.numeric(value)) {
    value
  } else if (is.na(value)) {
    ""
  } else {
    tiny <- value != 0 && abs(value) < 1e-3
    format(signif(value, if (tiny) 1 else 3), scientific = tiny)
  }
}

markdown <- function(section) {
  align <- ifelse(vapply(section$table, is.numeric, NA), "r", "l")
  table <- section$table
  table[] <- lapply(table, \(column) vapply(column, cell, ""))
  table <- knitr::kable(table, "pipe", align = align)
  c(paste("##", section$title), "", section$text, "", table, "")
}
