# A file of our own stands for the one on the network, at a file:// address.
lab_source <- function(content = c("a,b", "1,2", "3,4"), sum = content) {
  at <- tempfile("source-", fileext = ".csv")
  sample <- tempfile()
  writeLines(content, at)
  writeLines(sum, sample)
  list(url = paste0("file://", at), file = "AD.csv", md5 = unname(tools::md5sum(sample)), at = at)
}

call <- quote(gmm_lab_data())
yes <- function(question) TRUE
never <- function(question) stop("it asks")

test_that("a file is fetched after asking, and once", {
  source <- lab_source()
  folder <- file.path(tempfile("cache-"), "deep")
  asked <- NULL
  ask <- function(question) {
    asked <<- question
    TRUE
  }
  path <- fetch_once(source, folder, ask, call)
  expect_match(asked, source$url, fixed = TRUE)
  expect_match(asked, folder, fixed = TRUE)
  expect_equal(readLines(path), c("a,b", "1,2", "3,4"))
  expect_equal(list.files(folder), "AD.csv")
  unlink(source$at)
  expect_equal(fetch_once(source, folder, never, call), path)
  expect_equal(fetch_once(source, folder, NULL, call), path)
})

test_that("without permission nothing is fetched", {
  source <- lab_source()
  folder <- tempfile("cache-")
  for (answer in c(FALSE, NA)) {
    ask <- function(question) answer
    err <- expect_error(fetch_once(source, folder, ask, call), class = "gmm_error_no_permission")
    expect_equal(err$url, source$url)
    expect_equal(err$path, file.path(folder, "AD.csv"))
    expect_false(dir.exists(folder))
  }
  expect_equal(list.files(dirname(fetch_once(source, folder, NULL, call))), "AD.csv")
})

test_that("a file with another checksum is deleted", {
  source <- lab_source(c("a,b", "5,6"), sum = c("a,b", "1,2"))
  folder <- tempfile("cache-")
  err <- expect_error(fetch_once(source, folder, yes, call), class = "gmm_error_wrong_checksum")
  expect_equal(err$path, file.path(folder, "AD.csv"))
  expect_length(list.files(folder, all.files = TRUE, no.. = TRUE), 0)
})

test_that("a kept file that was damaged is fetched again", {
  source <- lab_source()
  folder <- tempfile("cache-")
  path <- fetch_once(source, folder, NULL, call)
  writeLines("damaged", path)
  expect_error(fetch_once(source, folder, never, call), "it asks")
  expect_equal(readLines(fetch_once(source, folder, yes, call))[1], "a,b")
})

test_that("without a network there is a clear error and no partial file", {
  source <- lab_source()
  unlink(source$at)
  folder <- tempfile("cache-")
  err <- expect_error(fetch_once(source, folder, yes, call), class = "gmm_error_no_network")
  expect_equal(err$url, source$url)
  expect_length(list.files(folder, all.files = TRUE, no.. = TRUE), 0)
})

test_that("where the file can't be kept, that is the error, and not the network", {
  source <- lab_source()
  # A folder can't be made within a file, nor a file take the name of a folder.
  within_file <- file.path(source$at, "cache")
  taken <- tempfile("cache-")
  dir.create(file.path(taken, "AD.csv"), recursive = TRUE)
  for (folder in c(within_file, taken)) {
    err <- expect_error(
      expect_no_warning(fetch_once(source, folder, yes, call)),
      class = "gmm_error_no_folder"
    )
    expect_equal(err$url, source$url)
    expect_equal(err$path, file.path(folder, "AD.csv"))
  }
  expect_equal(list.files(taken), "AD.csv")
})

test_that("the messages say where the file is from and where it may be put", {
  words <- function(code, source, folder) {
    condition <- tryCatch(code, error = identity)
    text <- cli::ansi_strip(conditionMessage(condition))
    # Paths differ between machines, and so do line breaks within them.
    text <- gsub("\\s+", " ", text)
    text <- gsub(source$url, "<url>", text, fixed = TRUE)
    text <- gsub(folder, "<folder>", text, fixed = TRUE)
    cat(sub("failed: .*? i Is", "failed: <reason> i Is", gsub("[^ -~]+", "i", text)))
  }
  folder <- tempfile("cache-")
  source <- lab_source()
  expect_snapshot(words(fetch_once(source, folder, function(x) NA, call), source, folder))
  expect_snapshot(words(fetch_once(source, folder, function(x) FALSE, call), source, folder))
  within_file <- file.path(source$at, "cache")
  expect_snapshot(words(fetch_once(source, within_file, yes, call), source, within_file))
  wrong <- lab_source(sum = "other")
  expect_snapshot(words(fetch_once(wrong, folder, yes, call), wrong, folder))
  unlink(source$at)
  expect_snapshot(words(fetch_once(source, folder, yes, call), source, folder))
})

test_that("in a script, asking is refused: nobody is there", {
  skip_if(interactive())
  old <- Sys.getenv("R_USER_CACHE_DIR", NA)
  cache <- tempfile("cache-")
  Sys.setenv(R_USER_CACHE_DIR = cache)
  on.exit(if (is.na(old)) Sys.unsetenv("R_USER_CACHE_DIR") else Sys.setenv(R_USER_CACHE_DIR = old))
  err <- expect_error(gmm_lab_data("AD"), class = "gmm_error_no_permission")
  expect_match(err$path, cache, fixed = TRUE)
  expect_false(file.exists(cache))
})

test_that("the course's file, put into the cache by hand, is read", {
  file <- Sys.getenv("GAUSSMIX_LAB_DATA")
  if (dir.exists(file)) {
    file <- file.path(file, "AD.csv")
  }
  skip_if_not(file.exists(file), "GAUSSMIX_LAB_DATA names no file")
  old <- Sys.getenv("R_USER_CACHE_DIR", NA)
  Sys.setenv(R_USER_CACHE_DIR = tempfile("cache-"))
  on.exit(if (is.na(old)) Sys.unsetenv("R_USER_CACHE_DIR") else Sys.setenv(R_USER_CACHE_DIR = old))
  folder <- tools::R_user_dir("gaussmix", "cache")
  dir.create(folder, recursive = TRUE)
  file.copy(file, file.path(folder, "AD.csv"))
  patients <- gmm_lab_data("AD")
  expect_equal(dim(patients), c(517, 19))
  kinds <- vapply(patients[c(3, 4, 5, 6, 10, 12, 14, 15)], function(x) length(unique(x)), 1L)
  expect_equal(unname(kinds == 2), c(TRUE, FALSE, FALSE, FALSE, TRUE, TRUE, TRUE, TRUE))
})

test_that("bad arguments are refused", {
  expect_error(gmm_lab_data("BC"), class = "gmm_error_bad_value")
  expect_error(gmm_lab_data(ask = NA), class = "gmm_error_bad_type")
})
