// SPDX-License-Identifier: MIT
// What an administrator wants to know in ten seconds: is it healthy, what did it save, what runs now, who has the new
// version, who lags.
import {Missing, ask} from './api.js';
import {bar, bytes, cards, counted, empty, link, make, none, number, rate, releaseName, section, share, span, time} from './show.js';
import {trafficCharts} from './view_reports.js';
import {table} from './table.js';

const kNewest = 8;
const kInDigest = 3;
const kMostLagging = 5;

// In one breath: on how many devices the newest is, and how many lag.
function digest(releases, lag) {
  if (lag === null || (releases.length === 0 && lag.rows.length === 0)) return null;
  const behind = new Set(lag.rows.filter((row) => row.product).map((row) => row.device)).size;
  const silent = lag.rows.filter((row) => !row.product).length;
  const spread = releases.filter((row) => row.devices > 0).slice(0, kInDigest).flatMap((row, at) => [
    at === 0 ? ' ' : ', ', link(releaseName(row), ['release', row.product, row.version]), ` is on ${number(row.devices_complete)} of ${counted(row.devices, 'device')}`,
  ]);
  return make('p', {'data-key': 'digest'},
              behind === 0 ? 'Nobody is known to lag' : link(`${lag.whole ? '' : 'More than '}${counted(behind, 'device')} ${behind === 1 ? 'lags' : 'lag'}`, 'lagging'),
              silent ? `, ${counted(silent, 'device')} of the inventory ${silent === 1 ? 'has' : 'have'} never asked.` : '.', spread, spread.length > 0 ? '.' : null);
}

function health(status, told) {
  const count = status.problems.length + status.origins_at_rest.length;
  const running = `Larder ${status.version} has been running for ${span(status.uptime_seconds)} and holds ` +
    `${bytes(status.store.bytes_held)} of ${bytes(status.store.bytes_limit)}.`;
  if (!status.ready) return make('p', {class: 'health bad'}, make('strong', {}, 'Not serving yet.'), ' ', running);
  if (count === 0) return make('div', {class: 'health good'}, make('p', {}, make('strong', {}, 'All is well.'), ' ', running), told);
  return make('div', {class: 'health bad'},
              make('p', {}, make('strong', {}, count === 1 ? 'One thing needs you.' : `${number(count)} things need you.`), ' ', running),
              told,
              make('ul', {}, status.problems.slice(0, 3).map((problem) => make('li', {}, problem)),
                   status.origins_at_rest.slice(0, 3).map(({origin, why}) => make('li', {}, `${origin} is left alone for now: ${why}`))),
              make('p', {}, link('All problems, and what to do', 'problems')));
}

function summaryCards(summary) {
  const saved = summary.saved_bytes;
  const decimals = (value) => value.toLocaleString(undefined, {minimumFractionDigits: 2, maximumFractionDigits: 2});
  return cards([
    ['saved of the line', (saved < 0 ? '-' : '') + bytes(Math.abs(saved)), 'saved'],
    ...(summary.saved_money === null ? [] : [[`saved in ${summary.currency}`, decimals(summary.saved_money), 'money']]),
    ...(summary.saved_hours === null ? [] : [['hours of the line saved', decimals(summary.saved_hours), 'hours']]),
    ['of what was sent', share(summary.hit_ratio_bytes), 'ratio'],
    ['sent to devices', bytes(summary.bytes_sent), 'sent'],
    ['fetched from origins', bytes(summary.bytes_from_origin), 'fetched'],
    ['requests', number(summary.requests), 'requests'],
    ['devices', number(summary.devices), 'devices'],
  ]);
}

function fillTable(fills, place) {
  return table({
    name: 'fills', caption: 'Downloads that run now', place, rows: fills, filters: false, empty: 'No download is running.',
    columns: [
      {key: 'url', title: 'What', kind: 'long', show: (f) => (f.product ? releaseName(f) : f.url)},
      {key: 'bytes_done', title: 'Done', show: (f) => (f.bytes_total === null ? bytes(f.bytes_done)
        : bar(f.bytes_done, f.bytes_total, `${bytes(f.bytes_done)} of ${bytes(f.bytes_total)}`)), by: (f) => f.bytes_done / (f.bytes_total ?? Infinity)},
      {key: 'bytes_total', title: 'Size', kind: 'number', show: (f) => bytes(f.bytes_total)},
      {key: 'bytes_per_second', title: 'Rate', kind: 'number', show: (f) => rate(f.bytes_per_second)},
      {key: 'clients_waiting', title: 'Waiting', kind: 'number', show: (f) => number(f.clients_waiting)},
    ],
  });
}

// The part that lives: cards that keep their places, and the table of what runs.
function running(place) {
  const names = [
    ['to clients', 'sent_bytes_per_second', rate], ['from the line', 'origin_bytes_per_second', rate],
    ['from the store, last minute', 'hit_ratio_bytes', (value) => (value === null ? none : share(value))],
    ['clients waiting', 'clients_waiting', number], ['connections', 'clients_connected', number], ['downloads', 'fills', (fills) => number(fills.length)],
  ];
  const list = cards(names.map(([name, key]) => [name, none, key]));
  list.classList.add('small');
  const fills = make('div', {id: 'fills'});
  const stale = make('p', {class: 'count', role: 'status'});
  const show = (event) => {
    stale.textContent = event === null ? 'The live view was interrupted; it goes on by itself.' : '';
    if (event === null) return;
    for (const [, key, words] of names) list.querySelector(`[data-key="${key}"]`).textContent = words(event[key]);
    if (!fills.contains(document.activeElement)) fills.replaceChildren(fillTable(event.fills, place));
  };
  return {node: section('Running now', list, fills, stale), show};
}

// Of each product the newest release that is known: as a catalogue lists it, or else as devices have fetched it.
async function newest(place) {
  const scope = new URLSearchParams(place.scope);
  const [listed, fetched] = await Promise.all([ask(`api/v1/reports/releases?${scope}`), ask(`api/v1/reports/versions?${new URLSearchParams({...place.scope, limit: '1000'})}`)]);
  const found = new Map();
  for (const row of listed.items.filter((item) => item.current)) {
    const before = found.get(row.product);
    const since = row.released ?? row.first_seen;
    if (!before || before.since < since) found.set(row.product, {...row, since});
  }
  const versions = new Set();
  for (const row of fetched.items) {
    if (!row.version || versions.has(row.product)) continue;
    versions.add(row.product);
    if (!found.has(row.product)) found.set(row.product, {...row, since: row.first_fetch});
  }
  // What devices ask for first, then the rest by age.
  const rows = [...found.values()].sort((a, b) => Number(versions.has(b.product)) - Number(versions.has(a.product)) ||
                                                  (b.since ?? '').localeCompare(a.since ?? '')).slice(0, kNewest);
  const totals = await Promise.all(rows.map((row) => ask(`api/v1/reports/summary?${new URLSearchParams({...place.scope, product: row.product})}`)));
  return rows.map((row, at) => ({...row, devices: totals[at].devices}));
}

function newestTable(rows, place) {
  return table({
    name: 'newest', caption: 'The newest release of each product', place, rows, filters: false, csv: 'api/v1/reports/releases?format=csv', empty: 'No release is known yet. They come with the first device that asks.',
    columns: [
      {key: 'product', title: 'Release', kind: 'long', show: (r) => link(releaseName(r), ['release', r.product, r.version])},
      {key: 'since', title: 'Out since', kind: 'time', show: (r) => time(r.since)},
      {key: 'share', title: 'Share', show: (r) => bar(r.devices_complete, r.devices, `${number(r.devices_complete)} of ${number(r.devices)} devices`), by: (r) => r.devices_complete / (r.devices || 1)},
      {key: 'devices_complete', title: 'Devices that have it', kind: 'number', show: (r) => `${number(r.devices_complete)} of ${number(r.devices)}`},
    ],
  });
}

// Null where this Larder has no such report.
async function lagging(place) {
  try {
    const {items, next_cursor: more} = await ask(`api/v1/reports/lagging?${new URLSearchParams({...place.scope, limit: '1000'})}`);
    return {rows: items.sort((a, b) => b.days_behind - a.days_behind || b.releases_behind - a.releases_behind), whole: more === null};
  } catch (failure) {
    if (!(failure instanceof Missing)) throw failure;
    return null;
  }
}

function laggingTable(lag, place) {
  if (lag === null) return [empty('This Larder has no report of who lags.')];
  return [table({
    name: 'behind', caption: 'Devices that lag most', place, rows: lag.rows.slice(0, kMostLagging), filters: false, csv: 'api/v1/reports/lagging?format=csv',
    empty: 'No device is known to lag.',
    columns: [
      {key: 'device', title: 'Device', kind: 'long', show: (r) => link(r.name || r.device, ['device', r.device])},
      {key: 'product', title: 'Has', kind: 'long', show: (r) => (r.product ? releaseName(r) : 'never asked for anything')},
      {key: 'newest_version', title: 'Newest', show: (r) => r.newest_version},
      {key: 'days_behind', title: 'Days behind', kind: 'number', show: (r) => (r.days_behind ? number(r.days_behind) : none)},
    ],
  }), lag.rows.length > kMostLagging ? make('p', {}, link(lag.whole ? `All ${number(lag.rows.length)} rows` : 'Everyone who lags', 'lagging')) : null];
}

export async function overview(place) {
  const query = new URLSearchParams(place.window);
  const [status, summary, releases, lag, charts] = await Promise.all([
    ask('api/v1/status'), ask(`api/v1/reports/summary?${query}`), newest(place), lagging(place), trafficCharts(place),
  ]);
  const now = running(place);
  return {
    title: 'Overview',
    renews: true,
    live: now.show,
    nodes: [
      health(status, digest(releases, lag)),
      section('Saved', summaryCards(summary)),
      now.node,
      section('Who has the new version', newestTable(releases, place)),
      section('Who lags', ...laggingTable(lag, place)),
      section('Traffic', make('div', {class: 'charts'}, charts)),
    ],
  };
}
