// SPDX-License-Identifier: MIT
// Charts by Chart.js, which is loaded when the first is drawn. A chart is a picture with a name; what it shows is also
// below it as a table, for who cannot see it and for who wants the figures.
import {make} from './show.js';

let loading = null;

// It is no module itself: it leaves itself in the global object.
function load() {
  loading ??= import('./chart.min.js').then(() => globalThis.Chart);
  return loading;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const kPalette = ['--accent', '--second', '--third', '--fourth', '--fifth', '--sixth'];

const drawn = new Set();
let waiting = [];  // what draws a chart whose view is not shown yet

// Draws the charts of the view that is shown now, and forgets those of the view before.
export function draw() {
  for (const chart of drawn) chart.destroy();
  drawn.clear();
  const now = waiting;
  waiting = [];
  for (const paintIt of now) paintIt();
}

function paint(chart) {
  for (const [at, series] of chart.data.datasets.entries()) {
    series.backgroundColor = series.borderColor = colour(kPalette[at % kPalette.length]);
  }
  for (const axis of Object.values(chart.options.scales)) {
    axis.grid.color = colour('--line');
    axis.ticks.color = colour('--quiet');
  }
  chart.options.plugins.legend.labels.color = colour('--ink');
  chart.update();  // in the mode 'none' bars and points would keep the colours they had
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn.forEach(paint));

// Steps of an axis that read well: powers of two, for bytes are shown in units of 1024.
function stepOf(series, stacked) {
  const highest = Math.max(1, ...series[0].values.map((_, at) =>
    stacked ? series.reduce((sum, {values}) => sum + values[at], 0) : Math.max(...series.map(({values}) => values[at]))));
  return 2 ** Math.max(0, Math.ceil(Math.log2(highest / 5)));
}

// chart({title, type, labels, series: [{name, values}], show(value) -> text, stacked, sideways, most: of the axis})
export function chart({title, type, labels, series, show, stacked = false, sideways = false, most}) {
  const canvas = make('canvas', {role: 'img', 'aria-label': `${title}; the figures are in the table below`});
  const figures = make('details', {}, make('summary', {}, 'Figures'), make('div', {class: 'scroll'}, make('table', {},
    make('caption', {class: 'unseen'}, title),
    make('thead', {}, make('tr', {}, make('th', {scope: 'col'}, make('span', {class: 'unseen'}, 'What')), series.map(({name}) => make('th', {scope: 'col', class: 'number'}, name)))),
    make('tbody', {}, labels.map((label, at) => make('tr', {}, make('th', {scope: 'row'}, label),
                                                     series.map(({name, values}) => make('td', {class: 'number', 'data-title': name}, show(values[at])))))))));
  const figure = make('figure', {class: 'panel chart'}, make('figcaption', {}, title),
                      make('div', {class: sideways && labels.length > 6 ? 'canvas tall' : 'canvas'}, canvas), figures);
  waiting.push(() => load().then((Chart) => {
    if (!canvas.isConnected) return;  // the reader has gone on meanwhile, or a newer answer has taken its place
    const axis = (values) => ({
      stacked, beginAtZero: true, max: values ? most : undefined, grid: {},
      ticks: values ? {maxRotation: 0, callback: (value) => show(value), stepSize: stepOf(series, stacked)} : {maxRotation: 0, autoSkip: true, autoSkipPadding: 16},
    });
    const made = new Chart(canvas, {
      type,
      data: {labels, datasets: series.map(({name, values}) => ({
        label: name, data: values, borderWidth: type === 'line' ? 2 : 0, pointRadius: type === 'line' ? 2 : 0,
      }))},
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, indexAxis: sideways ? 'y' : 'x',
        scales: {x: axis(sideways), y: axis(!sideways)},
        plugins: {
          legend: {display: series.length > 1, labels: {}},
          tooltip: {callbacks: {label: (item) => `${item.dataset.label}: ${show(item.raw)}`}},
        },
      },
    });
    drawn.add(made);
    paint(made);
  }).catch((failure) => { canvas.replaceWith(make('p', {class: 'empty'}, failure.message)); }));
  return figure;
}
