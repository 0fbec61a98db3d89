#' The medical data of the course lab
#'
#' Fetches a public file of data once, keeps it in a folder of your own, and reads it from there
#' ever after. It asks before it fetches. The data are not part of this package.
#'
#' # The data
#' `"AD"` is the file AD.csv of the book by Huang and Deng: 517 persons of the Alzheimer's Disease
#' Neuroimaging Initiative and 19 columns.
#'
#' | number | column | what it is |
#' |---:|---|---|
#' | 1 | `DX_bl` | diagnosis at the first visit: 0 normal, 1 diseased |
#' | 2 | `AGE` | age in years |
#' | 3 | `PTGENDER` | gender: 1 or 2 |
#' | 4 | `PTEDUCAT` | years of education, 6 to 20 |
#' | 5 | `FDG` | glucose metabolism of the brain, from positron emission tomography |
#' | 6 | `AV45` | amyloid in the brain, from positron emission tomography |
#' | 7 | `HippoNV` | normalised volume of the hippocampus |
#' | 8, 9 | `e2_1`, `e4_1` | whether the gene APOE has an allele e2, e4: 0 or 1 |
#' | 10 to 16 | `rs3818361` to `rs3865444` | genetic variants: 0 or 1 |
#' | 17 | `MMSCORE` | mini-mental state examination, 19 to 30 |
#' | 18 | `TOTAL13` | Alzheimer's disease assessment scale, 13 items |
#' | 19 | `ID` | number of the person |
#'
#' The course clusters columns 3, 4, 5, 6, 10, 12, 14 and 15, of which all but `PTEDUCAT`, `FDG` and
#' `AV45` have only two values. A normal density is not one of a column with two values: a component
#' that holds one of them alone becomes as narrow as one likes, and the likelihood is not bounded. A
#' sound analysis takes the columns that are measurements, `FDG` and `AV45`, with `AGE` or
#' `HippoNV`.
#'
#' @param name The data: `"AD"`.
#' @param ask `TRUE` or `FALSE`: ask before fetching. Where nobody can answer, as in a script or
#'   while a document is knitted, only `FALSE` fetches. Once the file is there, nothing is asked or
#'   fetched.
#'
#' @returns A data frame with the columns in the table of section "The data", 517 rows for `"AD"`.
#'   The file is kept in `tools::R_user_dir("gaussmix", "cache")`; delete it there to be rid of it.
#'
#' @section Errors:
#' `gmm_error_no_permission` where it may not fetch: you said no, or nobody could be asked.
#' `gmm_error_no_network` where the file can't be fetched, and `gmm_error_wrong_checksum` where what
#' comes is not the file that it should be: nothing is kept then. `gmm_error_no_folder` where the
#' folder can't be made, or nothing can be written into it. All have the `url` and the `path`, where
#' you may put the file yourself. `gmm_error_bad_type` and `gmm_error_bad_value` name the
#' `argument` that is wrong.
#'
#' @references Huang, S. and Deng, H. (2021). *Data Analytics: A Small Data Approach*. Chapman and
#' Hall/CRC. Its data are at <https://github.com/analyticsbook/book>.
#'
#' @seealso [gmm_example()] for data that need no network.
#'
#' @examples
#' if (interactive()) {
#'   patients <- gmm_lab_data("AD")
#'   set.seed(1)
#'   fit <- gmm_fit(patients[c("FDG", "AV45")])
#'   gmm_compare(fit, patients$DX_bl)
#' }
#' @export
gmm_lab_data <- function(name = "AD", ask = TRUE) {
  call <- quote(gmm_lab_data())
  check_choice(name, names(lab_data_sources), "name", call)
  check_flag(ask, "ask", call)
  folder <- tools::R_user_dir("gaussmix", "cache")
  path <- fetch_once(lab_data_sources[[name]], folder, if (ask) ask_user, call)
  utils::read.csv(path)
}

lab_data_sources <- list(
  AD = list(
    url = "https://raw.githubusercontent.com/analyticsbook/book/main/data/AD.csv",
    file = "AD.csv",
    md5 = "38c5aec6b3c31d7307af0d5b8f55b973"
  )
)

#' Whether the user says yes; `NA` where there is nobody to ask
#' @noRd
ask_user <- function(question) {
  if (!is_interactive()) {
    return(NA)
  }
  answer <- readline(paste(question, "(yes/no) "))
  tolower(trimws(answer)) %in% c("y", "yes")
}

#' The path of a file that has the right checksum, fetched if it is not there
#'
#' @param source A list of `url`, `file` and `md5`.
#' @param ask `NULL`, or a function of a question, which is `TRUE`, `FALSE` or `NA`.
#' @noRd
fetch_once <- function(source, folder, ask, call) {
  path <- file.path(folder, source$file)
  if (has_checksum(path, source$md5)) {
    return(path)
  }
  if (!is.null(ask)) {
    check_permission(ask, source$url, path, call)
  }
  # In the same folder, so that it can take its name in one step, and complete.
  partial <- tempfile("partial-", folder)
  on.exit(unlink(partial))
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  if (!file.create(partial, showWarnings = FALSE)) {
    abort_folder(source$url, path, call)
  }
  download(source$url, partial, path, call)
  if (!has_checksum(partial, source$md5)) {
    abort_gmm(
      c(
        "The file must be the one that the course uses.",
        x = "What came from {.url {source$url}} has another checksum, and was deleted.",
        i = "Try again later. If that does not help, put a copy of the file at {.file {path}}."
      ),
      "wrong_checksum",
      url = source$url,
      path = path,
      call = call
    )
  }
  if (!suppressWarnings(file.rename(partial, path))) {
    abort_folder(source$url, path, call)
  }
  path
}

abort_folder <- function(url, path, call) {
  abort_gmm(
    c(
      "The file must be kept at {.file {path}}.",
      x = "It can't be written there.",
      i = "Make its folder writable, or name another in the environment variable
        {.envvar R_USER_CACHE_DIR}."
    ),
    "no_folder",
    url = url,
    path = path,
    call = call
  )
}

has_checksum <- function(path, md5) {
  # A folder of that name gives a warning.
  identical(unname(suppressWarnings(tools::md5sum(path))), md5)
}

check_permission <- function(ask, url, path, call) {
  answer <- ask(paste0("Fetch ", url, " into ", dirname(path), "?"))
  if (isTRUE(answer)) {
    return(invisible())
  }
  abort_gmm(
    c(
      "The file must be fetched from {.url {url}} first.",
      x = if (is.na(answer)) "Nobody is here to be asked." else "You said no.",
      i = "To fetch it without being asked, use `ask = FALSE`; or put a copy at {.file {path}}."
    ),
    "no_permission",
    url = url,
    path = path,
    call = call
  )
}

#' Download, or say that it failed; there may be a part of the file then
#' @noRd
download <- function(url, to, path, call) {
  failed <- function(condition) {
    reason <- conditionMessage(condition)
    abort_gmm(
      c(
        "The file must be fetched from {.url {url}} once.",
        x = "That failed: {reason}",
        i = "Is there a network? Try again, or put a copy of the file at {.file {path}}."
      ),
      "no_network",
      url = url,
      path = path,
      call = call
    )
  }
  tryCatch(
    utils::download.file(url, to, mode = "wb", quiet = TRUE),
    error = failed,
    warning = failed
  )
}
