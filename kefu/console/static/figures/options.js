// How a chart of the page of figures looks, made from the table under it.
"use strict";

const chartOptions = (() => {
  const SYMBOLS = ["circle", "diamond", "triangle"];
  const STROKES = ["solid", "dashed", "dotted"];
  const MOST_POINTS = 62;
  const NAME_SHARE = 0.34;
  // Marks of an axis of waits, seconds.
  const PAUSES = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];
  const MOST_MARKS = 6;
  const MARK_PIXELS = 130;

  /** Return the colours of the page as they are now: light or dark. */
  function colours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {
      ink: colour("--ink"),
      quiet: colour("--quiet"),
      line: colour("--line"),
      raised: colour("--raised"),
      surface: colour("--surface"),
      target: colour("--danger"),
      series: [1, 2, 3].map((number) => colour(`--series-${number}`)),
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  /** Return names, numbers and texts of what a table says should be drawn. */
  function read(table) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const drawn = heads.filter((head) => head.dataset.drawn);
    return {
      names: rows.map((row) => row.cells[0].textContent.trim()),
      leads: rows.map((row) => row.cells[0].querySelector("a")?.getAttribute("href") || ""),
      unit: drawn[0].dataset.drawn,
      series: drawn.map((head) => ({
        name: head.textContent,
        cells: rows.map((row) => row.cells[head.cellIndex]),
      })),
    };
  }

  /** Return the number of a cell; null where there is no data. */
  function number(cell) {
    return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  }

  /** Return an hour of a day's hour, a day without its year. */
  function brief(name) {
    if (/^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(name)) return name.slice(11);
    return /^\d{4}-\d\d-\d\d$/.test(name) ? name.slice(5) : name;
  }

  /** Return seconds in the unit in which people count a wait. */
  function pause(seconds) {
    if (seconds < 60) return `${seconds} 秒`;
    return seconds < 3600 ? `${+(seconds / 60).toFixed(1)} 分` : `${+(seconds / 3600).toFixed(1)} 小时`;
  }

  /** Return a mark of an axis with its unit. */
  function mark(value, unit) {
    if (unit === "share") return `${Math.round(value * 100)} %`;
    if (unit === "seconds") return `${+value.toFixed(2)} 秒`;
    if (unit === "duration") return pause(value);
    return value.toLocaleString("zh-CN");
  }

  /** Return where an axis of numbers ends and how far its marks are apart. */
  function extent(data, targets) {
    const numbers = data.series.flatMap((one) => one.cells.map(number));
    const limits = targets.map((target) => target.limit);
    const highest = Math.max(0, ...numbers, ...limits) * 1.05;
    if (data.unit === "share") {
      const interval = highest > 0.5 ? 0.2 : highest > 0.1 ? 0.1 : 0.02;
      // No share is above all.
      return { interval, max: Math.min(1, Math.max(1, Math.ceil(highest / interval)) * interval) };
    }
    if (data.unit === "count") return { minInterval: 1 };
    if (data.unit === "seconds") return limits.length ? { max: Math.ceil(highest) } : {};
    const interval = PAUSES.find((pause) => pause * MOST_MARKS >= highest) || PAUSES.at(-1);
    return { interval, max: Math.ceil(highest / interval) * interval };
  }

  function values(data, targets, look, width) {
    return {
      type: "value",
      min: 0,
      splitNumber: Math.min(5, Math.max(2, Math.round(width / MARK_PIXELS))),
      ...extent(data, targets),
      axisLabel: { color: look.quiet, hideOverlap: true, formatter: (value) => mark(value, data.unit) },
      splitLine: { lineStyle: { color: look.line } },
    };
  }

  function categories(names, look, label) {
    return {
      type: "category",
      data: names,
      axisLine: { lineStyle: { color: look.line } },
      axisTick: { show: false },
      axisLabel: { color: look.quiet, ...label },
    };
  }

  function targetLines(targets, look, axis) {
    const standing = axis === "yAxis";
    return {
      silent: true,
      // Under the bars and the numbers at them.
      z: standing ? 5 : 1,
      symbol: "none",
      lineStyle: { color: look.target, type: "dashed", width: 1.5 },
      data: targets.map((target, place) => ({
        [axis]: target.limit,
        label: {
          formatter: target.text,
          // Where values that meet the target do not stand.
          position: standing ? (target.how === "least" ? "insideEndBottom" : "insideEndTop") : "start",
          distance: standing ? 4 : 4 + place * 16,
          color: look.target,
        },
      })),
    };
  }

  /** Return what is told about a point; the same words as in the table. */
  function told(data) {
    return (points) => {
      const place = points[0].dataIndex;
      const lines = data.series.map((one) => `${one.name}  ${one.cells[place].textContent}`);
      return [data.names[place], ...lines].join("\n");
    };
  }

  function common(data, look) {
    return {
      animation: false,
      color: look.series,
      textStyle: { fontFamily: look.font, color: look.ink },
      legend: {
        show: data.series.length > 1,
        top: 0,
        left: 0,
        textStyle: { color: look.ink },
        itemHeight: 10,
      },
      // As rich text: the page forbids styles that a tooltip of HTML would carry.
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: look.raised,
        borderColor: look.line,
        textStyle: { color: look.ink },
        axisPointer: { type: "line", lineStyle: { color: look.quiet } },
        formatter: told(data),
      },
    };
  }

  /** Return the options of a chart over time. */
  function standing(kind, data, targets, look) {
    const bars = kind === "bars";
    return {
      ...common(data, look),
      grid: { left: 8, right: 12, top: data.series.length > 1 ? 34 : 20, bottom: 4, containLabel: true },
      xAxis: categories(data.names, look, { formatter: brief, hideOverlap: true }),
      yAxis: values(data, targets, look, Infinity),
      series: data.series.map((one, place) => ({
        name: one.name,
        type: bars ? "bar" : "line",
        data: one.cells.map(number),
        symbol: SYMBOLS[place],
        symbolSize: 7,
        showSymbol: data.names.length <= MOST_POINTS,
        lineStyle: { width: 2, type: STROKES[place] },
        barMaxWidth: 34,
        markLine: place ? undefined : targetLines(targets, look, "yAxis"),
      })),
    };
  }

  /** Return the options of a chart of lying bars, one or several a row. */
  function lying(data, targets, look, width) {
    const room = Math.round(width * NAME_SHARE);
    return {
      ...common(data, look),
      grid: {
        left: 8,
        right: 64,
        top: (data.series.length > 1 ? 28 : 6) + targets.length * 16,
        bottom: 4,
        containLabel: true,
      },
      yAxis: {
        ...categories(data.names, look, { width: room, overflow: "truncate", interval: 0 }),
        inverse: true,
        triggerEvent: true,
      },
      xAxis: values(data, targets, look, width),
      series: data.series.map((one, place) => ({
        name: one.name,
        type: "bar",
        data: one.cells.map((cell) => ({ value: number(cell), name: cell.textContent })),
        barMaxWidth: 18,
        cursor: data.leads.some(Boolean) ? "pointer" : "default",
        label: {
          show: true,
          position: "right",
          color: look.ink,
          backgroundColor: look.surface,
          formatter: ({ name }) => name,
        },
        markLine: place ? undefined : targetLines(targets, look, "xAxis"),
      })),
    };
  }

  /** Return how high a chart has to be, pixels. */
  function height(kind, data) {
    if (kind === "line" || kind === "bars") return 260;
    const row = kind === "shares" ? 44 : 26;
    return data.names.length * row + (kind === "shares" ? 96 : 40);
  }

  /** Return the options of a chart of a kind that is so many pixels wide. */
  function of(kind, data, targets, width) {
    const look = colours();
    const lies = kind === "ranks" || kind === "shares";
    return lies ? lying(data, targets, look, width) : standing(kind, data, targets, look);
  }

  return { read, height, of };
})();
