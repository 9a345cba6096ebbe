// Adds to what the page shows without it: zoom and values on the time line, lanes that can be hidden, filters for long lists.
// It is inlined into the page and named by its hash in the page's policy. It changes coordinates and visibility, never text
// that came from a server into markup.
(() => {
  /** Makes an element with attributes and text. */
  const make = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  for (const svg of document.querySelectorAll("svg.timeline")) timeLine(svg);
  for (const table of document.querySelectorAll("table"))
    if (table.tBodies[0] && table.tBodies[0].rows.length > 12) filterFor(table, [...table.tBodies[0].rows]);
  for (const pre of document.querySelectorAll("pre.log")) {
    const lines = [...pre.querySelectorAll(".ll")];
    if (lines.length > 12) filterFor(pre, lines);
  }

  /** A search field above a long list that hides what does not hold its words. */
  function filterFor(list, rows) {
    const field = make("input", {
      type: "search",
      placeholder: "filter",
      "aria-label": "Show only lines that hold these words",
    });
    const count = make("span", { class: "quiet", "aria-live": "polite" });
    const place = make("p", { class: "tools" });
    place.append(field, " ", count);
    const target = list.closest(".scroll") ?? list;
    target.before(place);
    const texts = rows.map((row) => row.textContent.toLowerCase());
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        const fits = words.every((word) => texts[i].includes(word));
        row.hidden = !fits;
        if (fits) shown++;
      });
      count.textContent = words.length === 0 ? "" : `${shown} of ${rows.length}`;
    });
  }

  function timeLine(drawing) {
    const { from, to, left, right } = Object.fromEntries(
      ["from", "to", "left", "right"].map((name) => [name, Number(drawing.dataset[name])]),
    );
    let [a, b] = [from, to];
    const time = (x) => a + ((x - left) / (right - left)) * (b - a);
    const first = (x) => from + ((x - left) / (right - left)) * (to - from);
    const place = (x) => left + ((first(x) - a) / (b - a)) * (right - left);
    const clamp = (x) => Math.min(right, Math.max(left, x));
    const plots = [...drawing.querySelectorAll(".plot")];
    const all = (selector) => plots.flatMap((plot) => [...plot.querySelectorAll(selector)]);
    const number = (element, name) => Number(element.getAttribute(name));
    // What was drawn left of the axis are names and scales: they stay where they are.
    const bars = all("rect").map((element) => ({
      element,
      x: number(element, "x"),
      // What is shorter than a line is drawn wider than it is.
      width: Number(element.dataset.w ?? element.getAttribute("width")),
    }));
    const ticks = all(".grid, .tick.mid");
    const lines = all("line:not(.grid)")
      .filter((element) => number(element, "x1") === number(element, "x2"))
      .map((element) => ({ element, x: number(element, "x1") }));
    const texts = all("text:not(.mid)")
      .filter((element) => number(element, "x") >= left && !element.classList.contains("label-doubt"))
      .map((element) => {
        // A bar and its name are alone in a group; what has no bar stands at a moment.
        const alone = !element.parentNode.classList.contains("plot");
        return { element, x: number(element, "x"), bar: alone ? element.parentNode.querySelector("rect") : null };
      });
    const dots = all("circle").map((element) => ({ element, x: number(element, "cx") }));
    const paths = all("path.line").map((element) => ({
      element,
      d: element.getAttribute("d"),
      values: (element.dataset.v ?? "").split("|"),
      points: [...element.getAttribute("d").matchAll(/[ML](-?[\d.]+) /g)].map((match) => Number(match[1])),
    }));
    const clip = drawing.querySelector("clipPath");

    function draw() {
      const show = (element, visible) => {
        element.style.display = visible ? "" : "none";
      };
      const inside = (x) => x >= left - 0.5 && x <= right + 0.5;
      for (const { element, x, width } of bars) {
        const [begin, end] = [place(x), place(x + width)];
        show(element, end >= left && begin <= right);
        element.setAttribute("x", clamp(begin));
        element.setAttribute("width", Math.max(1.5, clamp(end) - clamp(begin)));
      }
      for (const { element, x } of lines) {
        const now = place(x);
        show(element, inside(now));
        element.setAttribute("x1", now);
        element.setAttribute("x2", now);
      }
      for (const { element, x, bar } of texts) {
        const now = bar ? number(bar, "x") + 4 : place(x);
        const room = bar ? number(bar, "width") > element.textContent.length * 6.2 + 4 : true;
        show(element, inside(now) && room && bar?.style.display !== "none");
        element.setAttribute("x", now);
      }
      for (const { element, x } of dots) {
        show(element, inside(place(x)));
        element.setAttribute("cx", place(x));
      }
      const whole = a === from && b === to;
      for (const { element, d } of paths) {
        element.setAttribute(
          "d",
          d.replace(/([ML])(-?[\d.]+) /g, (_, step, x) => `${step}${place(Number(x)).toFixed(2)} `),
        );
        if (whole || !clip) element.removeAttribute("clip-path");
        else element.setAttribute("clip-path", `url(#${clip.id})`);
      }
      drawTicks(whole);
      said.textContent = `${clock(a)} to ${clock(b)}`;
    }

    /** Zoomed in, the axis gets round moments of its own. */
    function drawTicks(whole) {
      for (const one of drawing.querySelectorAll(".own-tick")) one.remove();
      for (const tick of ticks) tick.style.display = whole ? "" : "none";
      if (whole) return;
      const step = [100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 600000, 3600000].find(
        (ms) => (b - a) / ms <= 10,
      );
      const samples = [".grid", ".tick.mid:not(.foot)", ".foot"].map((name) => drawing.querySelector(name));
      for (let t = Math.ceil(a / step) * step; step && t <= b; t += step) {
        const x = left + ((t - a) / (b - a)) * (right - left);
        for (const sample of samples) {
          const tick = sample.cloneNode();
          tick.style.display = "";
          tick.classList.add("own-tick");
          for (const name of ["x", "x1", "x2"]) if (sample.hasAttribute(name)) tick.setAttribute(name, x);
          if (sample.tagName === "text") tick.textContent = `${t / 1000} s`;
          sample.parentNode.append(tick);
        }
      }
    }

    const clock = (t) => `${(t / 1000).toFixed(b - a < 20000 ? 2 : 1)} s`;
    function zoom(begin, end) {
      const length = Math.min(to - from, Math.max(200, end - begin));
      a = Math.min(Math.max(from, begin), to - length);
      b = a + length;
      draw();
    }
    const scale = (factor) => {
      const middle = (a + b) / 2;
      const half = ((b - a) * factor) / 2;
      zoom(middle - half, middle + half);
    };
    const move = (share) => zoom(a + (b - a) * share, b + (b - a) * share);

    const tools = make("p", { class: "tools", role: "group", "aria-label": "Zoom of the time line" });
    const said = make("span", { class: "quiet", "aria-live": "polite" });
    const button = (text, label, act) => {
      // A sign needs a name; words are their own.
      const name = /\w/.test(text) ? {} : { "aria-label": label };
      const element = make("button", { type: "button", title: label, ...name }, text);
      element.addEventListener("click", act);
      tools.append(element, " ");
    };
    button("+", "Zoom in", () => scale(0.5));
    button("−", "Zoom out", () => scale(2));
    button("←", "Earlier", () => move(-0.4));
    button("→", "Later", () => move(0.4));
    button("whole run", "Show the whole run", () => zoom(from, to));
    [...drawing.querySelectorAll("[data-finding]")].slice(0, 6).forEach((dot) => {
      const at = Number(dot.dataset.finding);
      button(`finding ${dot.querySelector("text").textContent}`, "Ten seconds around this finding", () =>
        zoom(at - 5000, at + 5000),
      );
    });
    tools.append(said);
    drawing.before(tools);
    lanes();
    drag();
    draw();

    /** Lanes can be hidden; those below move up. */
    function lanes() {
      const groups = [...drawing.querySelectorAll(".lane-group")];
      const box = make("details", { class: "tools" });
      box.append(make("summary", {}, "Lanes"));
      const [, , width, height] = drawing.getAttribute("viewBox").split(" ").map(Number);
      const hidden = new Set();
      const arrange = () => {
        let gone = 0;
        for (const group of groups) {
          group.style.display = hidden.has(group) ? "none" : "";
          group.setAttribute("transform", `translate(0 ${-gone})`);
          if (hidden.has(group)) gone += Number(group.dataset.height);
        }
        drawing.setAttribute("viewBox", `0 0 ${width} ${height - gone}`);
        for (const foot of drawing.querySelectorAll(".foot")) foot.setAttribute("y", height - gone - 6);
      };
      for (const group of groups) {
        const choice = make("label");
        const check = make("input", { type: "checkbox" });
        check.checked = true;
        check.addEventListener("change", () => {
          if (check.checked) hidden.delete(group);
          else hidden.add(group);
          arrange();
        });
        choice.append(check, ` ${group.dataset.title}`);
        box.append(choice);
      }
      tools.after(box);
    }

    /** Dragging over the time line zooms; moving over it tells the values under the pointer. */
    function drag() {
      const space = "http://www.w3.org/2000/svg";
      const cross = document.createElementNS(space, "line");
      const span = document.createElementNS(space, "rect");
      cross.setAttribute("class", "cross");
      span.setAttribute("class", "span");
      for (const one of [cross, span]) one.style.display = "none";
      drawing.append(span, cross);
      const tip = make("div", { class: "tip", "aria-hidden": "true" });
      tip.hidden = true;
      document.body.append(tip);
      const at = (event) => {
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
        return { x: clamp(point.x), y: point.y, inside: point.x >= left && point.x <= right };
      };
      let start = null;
      drawing.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("a")) return;
        start = at(event).x;
        drawing.setPointerCapture(event.pointerId);
        event.preventDefault();
      });
      drawing.addEventListener("pointermove", (event) => {
        const { x, inside } = at(event);
        const height = drawing.getAttribute("viewBox").split(" ")[3];
        cross.style.display = inside ? "" : "none";
        for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 16, y2: height }))
          cross.setAttribute(name, value);
        if (start !== null) {
          span.style.display = "";
          const size = { x: Math.min(start, x), width: Math.abs(x - start), y: 16, height };
          for (const [name, value] of Object.entries(size)) span.setAttribute(name, value);
        }
        tell(event, x, inside);
      });
      const end = (event) => {
        span.style.display = "none";
        if (start === null) return;
        const [p, q] = [start, at(event).x].sort((one, two) => one - two);
        start = null;
        if (q - p > 6) zoom(time(p), time(q));
      };
      drawing.addEventListener("pointerup", end);
      drawing.addEventListener("pointercancel", end);
      drawing.addEventListener("pointerleave", () => {
        cross.style.display = "none";
        tip.hidden = true;
      });

      function tell(event, x, inside) {
        const group = event.target.closest(".lane-group") ?? nearest(event);
        const own = paths.filter(({ element }) => group?.contains(element));
        tip.hidden = !inside || start !== null;
        if (tip.hidden) return;
        const rows = own.flatMap(({ element, points, values }) => {
          let best = -1;
          points.forEach((point, i) => {
            if (best === -1 || Math.abs(place(point) - x) < Math.abs(place(points[best]) - x)) best = i;
          });
          const close = best !== -1 && Math.abs(place(points[best]) - x) < 24;
          return close && values[best] ? [`${element.dataset.l}: ${values[best]}`] : [];
        });
        tip.replaceChildren(...[clock(time(x)), ...rows].map((text) => make("div", {}, text)));
        const room = innerWidth - event.clientX > 240;
        tip.style.left = room ? `${event.clientX + 14}px` : "";
        tip.style.right = room ? "" : `${innerWidth - event.clientX + 14}px`;
        tip.style.top = `${event.clientY + 14}px`;
      }

      function nearest(event) {
        return [...drawing.querySelectorAll(".lane-group")].find((group) => {
          const box = group.getBoundingClientRect();
          return event.clientY >= box.top && event.clientY <= box.bottom;
        });
      }
    }
  }
})();
