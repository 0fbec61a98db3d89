#' The player as the list that plotly.js takes: `data`, `layout`, `frames`, `config`
#' @noRd
animation_figure <- function(frames) {
  shown <- if (is.null(frames$values)) cloud_traces(frames) else curve_traces(frames)
  climb <- climb_traces(frames)
  moving <- c(shown$moving, climb$moving)
  # What stands still is drawn first, below the rest; a frame changes the traces that follow.
  still <- c(shown$still, climb$still)
  first <- lapply(moving, function(trace) utils::modifyList(trace$base, trace$frames[[1]]))
  names <- as.character(frames$iterations)
  list(
    data = c(still, first),
    frames = lapply(seq_along(names), function(i) {
      list(
        name = names[i],
        data = lapply(moving, function(trace) trace$frames[[i]]),
        traces = I(length(still) + seq_along(moving) - 1L)
      )
    }),
    layout = animation_layout(frames, names, shown$axes),
    config = list(displayModeBar = FALSE)
  )
}

#' A trace that moves: what it is, and what changes from frame to frame
#' @noRd
moving_trace <- function(frames, change, ...) {
  base <- list(type = "scatter", hoverinfo = "skip", showlegend = FALSE, ...)
  list(base = base, frames = lapply(seq_along(frames$iterations), change))
}

#' Numbers that stay an array in JSON even if there is only one
#' @noRd
json_array <- function(x, digits = 6) {
  I(signif(x, digits))
}

cloud_traces <- function(frames) {
  components <- seq_along(frames$palette)
  points <- moving_trace(
    frames,
    function(i) list(marker = list(color = I(frames$colours[, i]))),
    mode = "markers",
    x = json_array(frames$points[, 1]),
    y = json_array(frames$points[, 2]),
    marker = list(size = if (nrow(frames$points) > 500) 4 else 6, opacity = 0.8)
  )
  outlines <- lapply(components, function(k) {
    outline <- function(i) {
      mixture <- frames$mixtures[[i]]
      curve <- ellipse(mixture$means[k, ], mixture$covariances[, , k], frames$level)
      # Every third of its points is smooth enough on a screen, and a third of the file.
      curve <- curve[seq(1, nrow(curve), 3), ]
      list(x = json_array(curve[, 1]), y = json_array(curve[, 2]))
    }
    line <- list(color = frames$palette[k], width = 2.5)
    moving_trace(frames, outline, mode = "lines", line = line)
  })
  centres <- disc_traces(frames, function(i) frames$mixtures[[i]]$means)
  range <- function(column) grDevices::extendrange(frames$points[, column], f = 0.08)
  list(moving = c(list(points), outlines, list(centres)), axes = list(x = range(1), y = range(2)))
}

#' Numbered discs of the components
#'
#' @param places A function of the number of a frame: `double[k, 2]`.
#' @noRd
disc_traces <- function(frames, places) {
  change <- function(i) {
    at <- places(i)
    list(x = json_array(at[, 1]), y = json_array(at[, 2]))
  }
  moving_trace(
    frames,
    change,
    mode = "markers+text",
    text = I(as.character(seq_along(frames$palette))),
    textfont = list(color = "white", size = 11),
    marker = list(color = I(frames$palette), size = 19, line = list(color = "white", width = 1.5)),
    # Whole also at the edge.
    cliponaxis = FALSE
  )
}

curve_traces <- function(frames) {
  histogram <- frames_histogram(frames)
  bars <- list(
    type = "bar",
    x = json_array(histogram$bars$mids),
    y = json_array(histogram$bars$density),
    width = diff(histogram$bars$breaks[1:2]),
    marker = list(color = "#E4E4E4", line = list(color = "#BEBEBE", width = 1)),
    hoverinfo = "skip",
    showlegend = FALSE
  )
  x <- json_array(histogram$grid)
  total <- moving_trace(
    frames,
    function(i) list(y = json_array(rowSums(histogram$curves[[i]]))),
    mode = "lines",
    x = x,
    line = list(color = "#000000", width = 3)
  )
  components <- lapply(seq_along(frames$palette), function(k) {
    line <- list(color = frames$palette[k], width = 2.5, dash = "dash")
    change <- function(i) list(y = json_array(histogram$curves[[i]][, k]))
    moving_trace(frames, change, mode = "lines", x = x, line = line)
  })
  points <- moving_trace(
    frames,
    function(i) list(marker = list(color = I(frames$colours[, i]))),
    mode = "markers",
    x = json_array(frames$points[, 1]),
    y = json_array(rep(-0.04 * histogram$top, nrow(frames$points))),
    marker = list(size = 10, symbol = "line-ns-open", opacity = 0.8)
  )
  peaks <- function(i) {
    heights <- apply(histogram$curves[[i]], 2, max)
    # The disc of a spike stays at the upper edge.
    cbind(frames$mixtures[[i]]$means[, 1], pmin(heights, 0.97 * histogram$top))
  }
  list(
    still = list(bars),
    moving = c(list(points), components, list(total), list(disc_traces(frames, peaks))),
    axes = list(x = range(histogram$grid), y = c(-0.09, 1) * histogram$top)
  )
}

#' The log-likelihood: all of its way in grey, and the way so far
#' @noRd
climb_traces <- function(frames) {
  iteration <- seq_along(frames$trace) - 1
  way <- list(
    type = "scatter",
    mode = "lines",
    x = json_array(iteration),
    y = json_array(frames$trace, 10),
    xaxis = "x2",
    yaxis = "y2",
    line = list(color = "#C8C8C8", width = 2),
    hovertemplate = "iteration %{x}: %{y:,.4f}<extra></extra>",
    showlegend = FALSE
  )
  so_far <- function(i) {
    reached <- seq_len(frames$iterations[i] + 1)
    list(x = json_array(iteration[reached]), y = json_array(frames$trace[reached], 10))
  }
  here <- function(i) {
    at <- frames$iterations[i] + 1
    list(x = json_array(iteration[at]), y = json_array(frames$trace[at], 10))
  }
  trace <- function(change, ...) moving_trace(frames, change, xaxis = "x2", yaxis = "y2", ...)
  list(
    still = list(way),
    moving = list(
      trace(so_far, mode = "lines", line = list(color = "#333333", width = 2.5)),
      trace(
        here,
        mode = "markers",
        marker = list(color = "#333333", size = 11),
        # Whole also at the first and the last iteration.
        cliponaxis = FALSE
      )
    )
  )
}

animation_layout <- function(frames, names, axes) {
  axis <- function(...) list(title = "", zeroline = FALSE, ...)
  y_title <- if (length(frames$labels) > 1) frames$labels[2] else "Density"
  # `redraw` would draw all anew at every step; these traces need no more than their change.
  step <- list(
    mode = "immediate",
    frame = list(duration = 0, redraw = FALSE),
    transition = list(duration = 0)
  )
  play <- utils::modifyList(step, list(fromcurrent = TRUE, frame = list(duration = 400)))
  button <- function(label, target, how) {
    # inst/htmlwidgets/gmm_player.js executes it.
    list(label = label, method = "animate", execute = FALSE, args = list(target, how))
  }
  place <- list(y = -0.22, yanchor = "top", xanchor = "left")
  list(
    autosize = TRUE,
    xaxis = axis(domain = c(0, 0.6), anchor = "y", range = axes$x),
    yaxis = axis(anchor = "x", range = axes$y),
    xaxis2 = axis(domain = c(0.72, 1), anchor = "y2", rangemode = "tozero"),
    yaxis2 = axis(anchor = "x2", tickformat = tick_format(frames$trace)),
    annotations = list(
      plot_label(frames$title, 0, 1, xanchor = "left", yanchor = "bottom", yshift = 6),
      plot_label("Log-likelihood", 0.86, 1, yanchor = "bottom", yshift = 6),
      plot_label(frames$labels[1], 0.3, 0, yanchor = "top", yshift = -20),
      plot_label("Iteration", 0.86, 0, yanchor = "top", yshift = -20),
      plot_label(y_title, 0, 0.5, xanchor = "center", xshift = -45, textangle = -90)
    ),
    margin = list(t = 40, r = 25, b = 120, l = 65),
    bargap = 0,
    hovermode = "closest",
    showlegend = FALSE,
    updatemenus = list(c(place, list(
      type = "buttons",
      direction = "left",
      showactive = FALSE,
      x = 0,
      pad = list(t = 12, r = 10),
      buttons = list(
        button("Play", NULL, play),
        button("Pause", list(NULL), step)
      )
    ))),
    sliders = list(c(place, list(
      x = 0.24,
      len = 0.76,
      pad = list(t = 8),
      currentvalue = list(prefix = "Iteration ", xanchor = "left"),
      steps = lapply(names, function(name) button(name, I(name), step))
    )))
  )
}

#' The format of numbers at the ticks, alike for all: as many decimals as tell them apart
#' @noRd
tick_format <- function(values) {
  steps <- diff(pretty(values))[1]
  sprintf(",.%df", max(0, ceiling(-log10(steps) - 1e-9)))
}

#' Text beside a panel, in parts of the figure
#'
#' Titles of axes are written otherwise in old and in new versions of plotly.js; this in all alike.
#' @noRd
plot_label <- function(text, x, y, ...) {
  # What a name of a column has of HTML is text.
  text <- gsub("<", "&lt;", gsub("&", "&amp;", text, fixed = TRUE), fixed = TRUE)
  list(text = text, x = x, y = y, xref = "paper", yref = "paper", showarrow = FALSE, ...)
}
