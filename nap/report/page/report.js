// Draws what page.cc put into #charts, with Chart.js, in the colours of report.css.
'use strict';
(() => {
  const specs = JSON.parse(document.getElementById('charts').textContent);
  const dashes = [[], [6, 3], [2, 2]];
  const isNumber = (value) => typeof value === 'number';
  const format = (value) =>
    isNumber(value) ? Number(value.toPrecision(4)).toLocaleString('en') : '';
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = new Map();  // of canvases

  function axis(title, spec) {
    return {
      title: {display: true, text: title, font: {size: spec.small ? 10 : 12}, padding: 2},
      grid: {color: colour('--line'), borderColor: colour('--line')},
      ticks: {
        font: {size: spec.small ? 9 : 11}, maxRotation: 45, autoSkipPadding: 8,
        maxTicksLimit: spec.small ? 5 : 10,
      },
    };
  }

  function line(spec, series) {
    const last = series.values.map(isNumber).lastIndexOf(true);
    const few = spec.x.length <= 30 && !spec.small;
    return {
      type: 'line',
      label: series.label,
      data: series.values.map((y, i) => ({x: Number(spec.x[i]), y})),
      borderColor: colour('--c' + series.colour),
      backgroundColor: colour('--c' + series.colour),
      borderDash: dashes[series.dash],
      borderWidth: spec.small ? 1.5 : 2,
      // The last point shows where the line ends.
      pointRadius: series.values.map((_, i) => (i === last || few ? 2 : 0)),
      pointHoverRadius: 4,
      stepped: spec.kind === 'steps' ? 'before' : false,
      spanGaps: true,
    };
  }

  // The first series is joined.
  function points(spec) {
    return spec.series.map((series, s) => ({
      ...line(spec, series), showLine: s === 0, pointRadius: 5, pointHoverRadius: 7,
      pointStyle: ['circle', 'triangle', 'rect'][s % 3],
    }));
  }

  const labelsOf = (spec) => ({
    id: 'labels',
    afterDatasetsDraw(chart) {
      const {ctx} = chart;
      ctx.save();
      ctx.fillStyle = colour('--text');
      ctx.font = `600 12px ${Chart.defaults.font.family}`;
      ctx.textAlign = 'center';
      chart.data.datasets.forEach((dataset, d) => {
        chart.getDatasetMeta(d).data.forEach((point, i) => {
          if (isNumber(dataset.data[i].y)) ctx.fillText(spec.labels[i], point.x, point.y - 11);
        });
      });
      ctx.restore();
    },
  });

  function bar(series, data) {
    return {
      type: 'bar', label: series.label, data,
      backgroundColor: colour('--c' + series.colour),
    };
  }

  // The middles and the halves of the heights of bars, and then points.
  function ranges(spec) {
    const [mean, spread, ...points] = spec.series;
    const base = bar(spread, mean.values.map((value, i) => isNumber(value) ?
      [value - (spread.values[i] || 0), value + (spread.values[i] || 0)] : null));
    const marker = (series, style, size) => ({
      type: 'line', label: series.label, data: series.values, showLine: false,
      borderColor: colour('--c' + series.colour), backgroundColor: colour('--c' + series.colour),
      pointStyle: style, pointRadius: size, pointHoverRadius: size + 2, pointBorderWidth: 2,
    });
    return [
      marker({...mean, colour: 0}, 'line', 16),
      ...points.map((series, i) =>
        marker(series, ['circle', 'triangle', 'rect', 'rectRot', 'star'][i % 5], 4)),
      {...base, backgroundColor: colour('--c' + spread.colour) + '55',
        borderColor: colour('--c' + spread.colour), borderWidth: 1, borderSkipped: false,
        barPercentage: .5},
    ];
  }

  function config(spec) {
    const isPoints = spec.kind === 'points';
    const isLines = spec.kind === 'lines' || spec.kind === 'steps' || isPoints;
    const x = axis(spec.xTitle, spec);
    const y = axis(spec.yTitle, spec);
    if (isNumber(spec.yMin)) y.suggestedMin = spec.yMin;
    if (isNumber(spec.yMax)) y.suggestedMax = spec.yMax;
    if (!isLines) x.grid.display = false;
    if (spec.kind === 'ranges') {
      y.beginAtZero = false;
      y.grace = '10%';
      // Every method has its name.
      Object.assign(x.ticks, {autoSkip: false, maxRotation: 90});
    }
    if (isPoints) {
      x.type = 'linear';
      x.grace = y.grace = '15%';
    } else if (isLines) {
      x.type = 'linear';
      x.min = Number(spec.x[0]);
      x.max = Math.max(Number(spec.x[spec.x.length - 1]), x.min + 1);
      x.ticks.precision = 0;
    } else if (spec.kind === 'bars') {
      x.stacked = y.stacked = true;
      y.ticks.precision = 0;
    }
    const datasets = isPoints ? points(spec) : isLines ? spec.series.map((series) => line(spec, series)) :
      spec.kind === 'ranges' ? ranges(spec) :
      spec.series.map((series) => bar(series, series.values));
    return {
      data: {labels: isLines ? undefined : spec.x, datasets},
      plugins: isPoints ? [labelsOf(spec)] : [],
      options: {
        animation: false, responsive: true, maintainAspectRatio: false,
        interaction: {mode: 'index', intersect: false},
        scales: {x, y},
        plugins: {
          legend: {
            display: !spec.small && datasets.length > 1,
            labels: {
              font: {size: 11},
              ...(isPoints ? {usePointStyle: true, boxWidth: 8, boxHeight: 8} :
                isLines ? {usePointStyle: true, pointStyle: 'line', boxWidth: 24} :
                {usePointStyle: spec.kind === 'ranges', boxWidth: 10, boxHeight: 10}),
            },
          },
          tooltip: {
            filter: (item) => item.raw !== null && item.parsed.y !== null &&
              (spec.kind !== 'bars' || item.parsed.y !== 0),
            itemSort: (a, b) => isLines ? b.parsed.y - a.parsed.y : a.datasetIndex - b.datasetIndex,
            bodyFont: {size: 11}, boxWidth: 10, boxHeight: 10,
            callbacks: {
              title: (items) => items.length ?
                (isPoints ? `point ${spec.labels[items[0].dataIndex]}, ${spec.xTitle} ` +
                   format(items[0].parsed.x) :
                 isLines ? `${spec.xTitle} ${items[0].parsed.x}` :
                 spec.kind === 'bars' ? `${spec.xTitle} ${items[0].label}` : items[0].label) : '',
              label: (item) => {
                const value = Array.isArray(item.raw) ? item.raw.map(format).join(' to ') :
                  format(item.parsed.y);
                return ` ${item.dataset.label}: ${value}`;
              },
            },
          },
        },
      },
    };
  }

  // Those in blocks that are closed wait until they are opened.
  function draw() {
    for (const canvas of document.querySelectorAll('canvas[data-chart]')) {
      if (charts.has(canvas) || canvas.closest('details:not([open])')) continue;
      charts.set(canvas, new Chart(canvas, config(specs[canvas.dataset.chart])));
    }
  }

  // For a page whose chart follows what is chosen.
  window.showChart = (canvas, spec) => {
    if (charts.has(canvas)) charts.get(canvas).destroy();
    charts.delete(canvas);
    canvas.dataset.chart = specs.push(spec) - 1;
    draw();
  };

  function redraw() {
    Chart.defaults.color = colour('--quiet');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    for (const chart of charts.values()) chart.destroy();
    charts.clear();
    draw();
  }

  for (const details of document.querySelectorAll('details')) {
    details.addEventListener('toggle', draw);
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  redraw();
})();
