#' @rdname gmm_select
#' @export
plot.gmm_selection <- function(x, ...) {
  check_graphical(list(...), character(), "selection", NULL, quote(plot()))
  criterion <- attr(x, "criterion")
  shown <- data.frame(
    k = x$k, covariance = x$covariance, value = x[[criterion]], flagged = is_flagged(x)
  )
  names(shown)[3] <- criterion
  drawable <- shown[is.finite(shown[[criterion]]), ]
  if (nrow(drawable) == 0) {
    # That of AICc is infinite for more parameters than rows.
    abort_gmm(
      c(
        "{criterion} must be finite for a model, to be plotted.",
        x = "It is infinite for all: there are too few rows."
      ),
      "bad_value",
      argument = "x",
      call = quote(plot())
    )
  }
  best <- shown[attr(x, "best"), ]
  style <- family_style(unique(x$covariance))
  # The families in the legend stand as their best values do in the plot.
  lowest <- tapply(drawable[[criterion]], drawable$covariance, min)
  style <- style[names(sort(lowest, decreasing = TRUE)), ]
  ks <- sort(unique(x$k))
  range <- criterion_range(drawable[[criterion]], best[[criterion]])
  if (diff(range) == 0) {
    range <- range + c(-1, 1)
  }
  settings <- list_modify(
    list(
      x = range(ks) + if (length(ks) == 1) c(-0.5, 0.5) else 0,
      y = range,
      xlab = "Number of components k",
      ylab = paste(criterion, "(smaller is better)"),
      main = sprintf("Best by %s: %s, k = %d", criterion, best$covariance, best$k),
      xaxt = "n",
      las = 1
    ),
    list(...)
  )
  words <- c(rownames(style), if (any(drawable$flagged)) "pale: may")
  limits <- cbind(settings$x, settings$y)
  right <- legend_lines(words, symbols = 3)
  old <- open_frame(limits, c("", ""), "", settings, right, c(4.2, 4.1, 4, 1))
  on.exit(graphics::par(old))
  graphics::axis(1, at = ks)
  graphics::abline(h = best[[criterion]], col = "grey80")
  for (family in rownames(style)) {
    draw_family(drawable[drawable$covariance == family, ], criterion, style[family, ])
  }
  graphics::points(best$k, best[[criterion]], pch = 21, cex = 2.8, lwd = 2, xpd = TRUE)
  draw_families_legend(style, any(drawable$flagged))
  above <- sum(drawable[[criterion]] > graphics::par("usr")[4])
  given_up <- sum(startsWith(x$status, "given up"))
  notes <- c(
    if (above > 0) cli::pluralize("{above} model{?s} {?is/are} above this range"),
    if (given_up > 0) {
      cli::pluralize("{given_up} {?was/were} given up; `search = \"thorough\"` finishes {?it/them}")
    }
  )
  note <- paste(notes, collapse = "; ")
  graphics::mtext(note, line = 0.25, cex = title_size(note, 0.75) * graphics::par("cex"))
  invisible(shown)
}

#' The values to show: those of models far worse than most would make all others one line
#' @noRd
criterion_range <- function(values, best) {
  most <- best + 4 * (stats::median(values) - best)
  values <- c(values[values <= max(most, best)], best)
  range(values[is.finite(values)])
}

#' A colour, a symbol and a type of line for each family: no two have all the same
#' @noRd
family_style <- function(families) {
  i <- seq_along(families)
  data.frame(
    colour = component_colours(7)[(i - 1) %% 7 + 1],
    symbol = c(16, 17, 15, 18, 3, 4, 8, 1, 2, 0, 5, 6, 7, 9)[i],
    line = ifelse(i > 7, 2, 1),
    row.names = families
  )
}

#' One family's values; those that may be spurious are pale
#' @noRd
draw_family <- function(values, criterion, style) {
  values <- values[order(values$k), ]
  graphics::lines(values$k, values[[criterion]], col = style$colour, lty = style$line)
  pale <- grDevices::adjustcolor(style$colour, alpha.f = 0.3)
  graphics::points(
    values$k,
    values[[criterion]],
    col = ifelse(values$flagged, pale, style$colour),
    pch = style$symbol
  )
}

draw_families_legend <- function(style, is_flagged) {
  edge <- graphics::par("usr")
  legend <- graphics::legend(
    edge[2] + 0.02 * (edge[2] - edge[1]),
    edge[4],
    legend = rownames(style),
    col = style$colour,
    pch = style$symbol,
    lty = style$line,
    bty = "n",
    cex = 0.85,
    xpd = NA
  )
  if (is_flagged) {
    rect <- legend$rect
    graphics::text(
      rect$left, rect$top - rect$h, "pale: may\nbe spurious",
      adj = c(0, 1), cex = 0.75, xpd = NA
    )
  }
}
