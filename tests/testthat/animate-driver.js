// Put at the head of a page with a player: uses it as a reader would, by events on what is drawn,
// and leaves what it saw as JSON in <pre id="report">.
(function () {
  var report = { errors: [], frames: [], states: {} };

  // A browser without a screen, whose clock only runs as far as timers need it, draws no frames.
  window.requestAnimationFrame = function (draw) {
    return setTimeout(function () { draw(performance.now()); }, 16);
  };
  window.cancelAnimationFrame = clearTimeout;

  window.addEventListener("error", function (event) {
    report.errors.push(String(event.message));
  });
  window.addEventListener("unhandledrejection", function (event) {
    report.errors.push("rejected: " + event.reason);
  });
  ["error", "warn"].forEach(function (level) {
    console[level] = function () {
      report.errors.push(level + ": " + Array.prototype.join.call(arguments, " "));
    };
  });

  function fire(element, type, place) {
    var options = { bubbles: true, cancelable: true, view: window };
    if (place) {
      options.clientX = place.x;
      options.clientY = place.y;
    }
    element.dispatchEvent(new MouseEvent(type, options));
  }

  function click(label) {
    var buttons = document.querySelectorAll(".updatemenu-button");
    for (var i = 0; i < buttons.length; i++) {
      if (buttons[i].textContent === label) {
        fire(buttons[i], "click");
        return;
      }
    }
    report.errors.push("no button " + label);
  }

  // The slider is pressed at a part of its way.
  function slide(part) {
    var rail = document.querySelector(".slider-rail-touch-rect");
    var box = rail.getBoundingClientRect();
    var place = { x: box.left + part * box.width, y: box.top + box.height / 2 };
    fire(rail, "mousedown", place);
    fire(rail, "mouseup", place);
    fire(document, "mouseup", place);
  }

  // What a reader sees: the slider's words, colours and places as they are drawn.
  function look(name) {
    function all(selector, read) {
      return Array.prototype.map.call(document.querySelectorAll(selector), read);
    }
    report.states[name] = {
      seen: report.frames.length,
      label: all(".slider-label", function (e) { return e.textContent; })[0],
      colours: all(".scatterlayer .point", function (e) { return e.style.fill + e.style.stroke; }),
      lines: all(".scatterlayer .js-line", function (e) { return e.getAttribute("d"); }),
      places: all(".scatterlayer .point", function (e) { return e.getAttribute("transform"); })
    };
  }

  var steps = [
    [0, function (player) {
      player.on("plotly_animatingframe", function (event) { report.frames.push(event.name); });
      look("start");
      click("Play");
    }],
    [3000, function () { click("Pause"); }],
    [500, function () { look("paused"); }],
    [3000, function () { look("later"); slide(0.75); }],
    [1000, function () { look("slid"); click("Play"); }],
    [20000, function () { look("end"); }]
  ];

  function next(player, i) {
    if (i === steps.length) {
      var out = document.createElement("pre");
      out.id = "report";
      out.textContent = JSON.stringify(report);
      document.body.appendChild(out);
      return;
    }
    setTimeout(function () {
      steps[i][1](player);
      next(player, i + 1);
    }, steps[i][0]);
  }

  function begin() {
    var player = document.querySelector(".js-plotly-plot");
    if (player && document.querySelector(".slider-rail-touch-rect")) {
      next(player, 0);
    } else {
      setTimeout(begin, 100);
    }
  }
  window.addEventListener("load", begin);
})();
