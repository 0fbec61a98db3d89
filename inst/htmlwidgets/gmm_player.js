// The player of gmm_animate(): a figure of plotly.js with buttons and a slider.
HTMLWidgets.widget({
  name: "gmm_player",
  type: "output",

  factory: function (el) {
    // Buttons and slider don't run by themselves (`execute` is false in the figure): plotly.js
    // rejects the promise of an animation that another one interrupts, and without a handler each
    // pause would be logged as an error.
    function animate(args) {
      Plotly.animate(el, args[0], args[1]).catch(function (reason) {
        if (reason !== undefined) throw reason;
      });
    }

    return {
      renderValue: function (figure) {
        Plotly.newPlot(el, figure).then(function () {
          el.on("plotly_buttonclicked", function (event) {
            animate(event.button.args);
          });
          el.on("plotly_sliderchange", function (event) {
            if (event.interaction) animate(event.step.args);
          });
        });
      },

      resize: function (width, height) {
        if (el.data) Plotly.relayout(el, { width: width, height: height });
      }
    };
  }
});
