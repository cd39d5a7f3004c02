// Draws the charts as their parts of the page arrive, and again when the page changes.
"use strict";

(() => {
  const drawn = new Map();

  /** Draw a chart anew: it has just come, or is of another width, or it has become dark. */
  function draw(place) {
    const { chart, data, targets } = drawn.get(place);
    chart.setOption(chartOptions.of(place.dataset.chart, data, targets, place.clientWidth), true);
  }

  function begin(place) {
    const table = place.closest("section").querySelector("table");
    const data = chartOptions.read(table);
    place.style.height = `${chartOptions.height(place.dataset.chart, data)}px`;
    const chart = echarts.init(place, null, { renderer: "canvas" });
    drawn.set(place, { chart, data, targets: JSON.parse(place.dataset.targets) });
    draw(place);
    if (lies(place)) chart.on("click", (event) => follow(event, data));
    widths.observe(place);
  }

  function lies(place) {
    return place.dataset.chart === "ranks" || place.dataset.chart === "shares";
  }

  /** Go where a bar, or the name beside it, leads. */
  function follow(event, data) {
    const row = event.componentType === "series" ? event.dataIndex : data.names.indexOf(event.value);
    if (data.leads[row]) location.assign(data.leads[row]);
  }

  const widths = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      const { chart } = drawn.get(target);
      if (!target.clientWidth || chart.getWidth() === target.clientWidth) continue;
      chart.resize();
      draw(target);
    }
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const place of drawn.keys()) draw(place);
  });

  document.addEventListener("htmx:load", (event) => {
    for (const place of event.detail.elt.querySelectorAll("[data-chart]")) begin(place);
  });
})();
