// SPDX-License-Identifier: MIT
// The reports: tables over the ledger, and the pages of one device and one release.
import {ask, askAll} from './api.js';
import {chart} from './charts.js';
import {bar, bytes, cards, counted, days, facts, link, make, none, number, releaseName, section, share, time, versionName} from './show.js';
import {csvLink, table} from './table.js';

const kDayMs = 86400000;
const kCurves = 4;        // versions whose spread one chart shows
const kHistory = 2000;    // single fetches of a device that its page lists

const path = (report, query) => {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `api/v1/reports/${report}${parameters.size > 0 ? `?${parameters}` : ''}`;
};
const csv = (report, query = {}) => path(report, {...query, format: 'csv'});
const partly = (whole) => (whole ? [] : [make('p', {class: 'notice'}, 'There are more rows than a page can sort; the CSV has them all.')]);

const releaseColumn = {
  key: 'product', title: 'Product', kind: 'long', show: (r) => (r.product ? link(r.product, ['release', r.product, r.version]) : 'unknown'),
};
const systemName = (d) => [d.os, d.os_version, d.os_build && `(${d.os_build})`, d.os_at_least && 'or newer'].filter(Boolean).join(' ');
const kSystemSources = {
  locate: 'it said so when it looked for a content cache', user_agent: 'its requests name it', darwin: "its requests give Darwin's version",
  delta: 'it asked for an update that starts from this version',
};
const systemSource = (d) => (d.os_evidence ? `${kSystemSources[d.os_evidence]}, ${time(d.os_time)}` : '');
const deviceName = (d) => d.name || d.host_name || d.id;
const deviceColumn = {
  key: 'name', title: 'Device', kind: 'long', by: deviceName,
  show: (d) => make('span', {}, link(deviceName(d), ['device', d.id]), deviceName(d) !== d.id ? make('small', {}, ` ${d.id}`) : null),
};

// A group leads to the same view of it alone.
const groupColumn = (view) => ({key: 'group', title: 'Group', kind: 'long', show: (d) => (d.group ? link(d.group, [view], {group: d.group}) : '')});
const hasAll = (d) => d.newest.map(releaseName).join(', ');

export async function versions(place) {
  const {items, whole} = await askAll('api/v1/reports/versions', place.window);
  return {title: 'Versions', nodes: [...partly(whole), table({
    name: 'versions', caption: 'Versions that devices have fetched', place, rows: items, csv: csv('versions', place.window), empty: 'No version was fetched in this time.',
    columns: [
      releaseColumn,
      {key: 'version', title: 'Version', show: versionName},
      {key: 'devices_complete', title: 'Devices', kind: 'number', show: (v) => number(v.devices_complete)},
      {key: 'devices_partly', title: 'Partly', kind: 'number', show: (v) => number(v.devices_partly)},
      {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (v) => bytes(v.bytes_sent)},
      {key: 'first_fetch', title: 'First fetched', kind: 'time', show: (v) => time(v.first_fetch)},
      {key: 'last_fetch', title: 'Last fetched', kind: 'time', show: (v) => time(v.last_fetch)},
    ],
  })]};
}

export async function devices(place) {
  const {items, whole} = await askAll('api/v1/reports/devices', place.window, 20000);
  const grouped = items.some((d) => d.group);
  return {title: 'Devices', nodes: [...partly(whole), table({
    name: 'devices', caption: 'Devices seen', place, rows: items, csv: csv('devices', place.window), empty: 'No device was seen in this time.',
    columns: [
      deviceColumn,
      ...(grouped ? [groupColumn('devices')] : []),
      {key: 'evidence', title: 'Known by', show: (d) => d.evidence},
      {key: 'address', title: 'Address', kind: 'long', show: (d) => d.address},
      {key: 'os', title: 'System', show: systemName},
      {key: 'requests', title: 'Requests', kind: 'number', show: (d) => number(d.requests)},
      {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (d) => bytes(d.bytes_sent)},
      {key: 'last_seen', title: 'Last seen', kind: 'time', show: (d) => time(d.last_seen)},
      {key: 'newest', title: 'Has', kind: 'long', show: hasAll, by: hasAll},
    ],
  })]};
}

const lagOf = (row) => `${releaseName(row)} where ${row.newest_version} is the newest` + (row.days_behind ? `, for ${counted(row.days_behind, 'day')}` : '');

export async function device(place) {
  const id = place.path[1] ?? '';
  const [found, history, {items: behind}] = await Promise.all([
    ask(`api/v1/reports/devices/${encodeURIComponent(id)}`), askAll('api/v1/reports/fetches', {device: id}, kHistory), ask(path('lagging', {device: id})),
  ]);
  const known = [['Serial number', found.serial], ['Model', found.model], ['Owner', found.owner], ['Group', found.group]].filter(([, value]) => value);
  return {title: deviceName(found), nodes: [
    facts([
      ['Id', found.id], ['Known by', found.evidence], ...known, ['Address', found.address], ['MAC', found.mac], ['Host name', found.host_name],
      ['System', systemName(found)], ['Known from', systemSource(found)], ['Requests', number(found.requests)], ['Sent', bytes(found.bytes_sent)],
      ['First seen', time(found.first_seen)], ['Last seen', time(found.last_seen)], ['Has', hasAll(found)],
      ['Lags', behind.length === 0 ? 'not as far as is known' : behind.map(lagOf).join('; '), behind.length > 0],
    ]),
    section('Products', table({
      name: 'products', caption: 'What this device has fetched', place, rows: found.products, empty: 'It has fetched no update yet.',
      columns: [
        releaseColumn,
        {key: 'version', title: 'Version', show: versionName},
        {key: 'fraction', title: 'Fetched', show: (p) => (p.complete ? 'all of it' : share(p.fraction))},
        {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (p) => bytes(p.bytes_sent)},
        {key: 'last_fetch', title: 'Last fetched', kind: 'time', show: (p) => time(p.last_fetch)},
      ],
    })),
    section('History', ...partly(history.whole), table({
      name: 'fetches', caption: 'What this device has asked for, newest first', place, rows: history.items, csv: csv('fetches', {device: id}), empty: 'None are kept any more.',
      columns: [
        {key: 'time', title: 'When', kind: 'time', show: (f) => time(f.time)},
        {key: 'url', title: 'What', kind: 'long', show: (f) => (f.product ? make('span', {title: f.url}, releaseName(f)) : f.url)},
        {key: 'kind', title: 'Kind', show: (f) => f.kind},
        {key: 'answered', title: 'Answered', show: (f) => f.answered},
        {key: 'status', title: 'Status', kind: 'number', show: (f) => String(f.status)},
        {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (f) => bytes(f.bytes_sent)},
        {key: 'client', title: 'From', kind: 'long', show: (f) => f.client},
        {key: 'entrance', title: 'Entrance', show: (f) => f.entrance.replaceAll('_', ' ')},
      ],
    })),
  ]};
}

// How many devices had each version whole, day by day until today: the version asked for and the newest others.
async function adoption(product, version, place) {
  const {items} = await ask(path('adoption', {product, ...place.scope}));
  if (items.length === 0) return make('p', {class: 'panel empty'}, 'No device has fetched it yet.');
  const curves = new Map();
  for (const row of items) curves.set(row.version, [...(curves.get(row.version) ?? []), row]);
  const others = [...curves.keys()].filter((each) => each !== version).reverse().slice(0, kCurves - 1);
  const names = [version, ...others].filter((each) => curves.has(each));
  const first = Math.min(...names.map((each) => Date.parse(curves.get(each)[0].day)));
  const days = Array.from({length: Math.floor((Date.now() - first) / kDayMs) + 1}, (_, at) => first + at * kDayMs);
  const upTo = (rows, day) => {
    const builds = new Map();
    for (const row of rows) if (Date.parse(row.day) <= day) builds.set(row.build, row.devices_complete);
    return [...builds.values()].reduce((sum, count) => sum + count, 0);
  };
  return chart({
    title: `Devices that have fetched ${product}`, type: 'line', show: number, labels: days.map((day) => new Date(day).toLocaleDateString([], {dateStyle: 'short'})),
    series: names.map((each) => ({name: each, values: days.map((day) => upTo(curves.get(each), day))})),
  });
}

async function behindOf(product, place) {
  const {items, whole} = await askAll('api/v1/reports/lagging', {product, ...place.scope});
  return [...partly(whole), table({
    name: 'behind', caption: 'Devices that have an older version', place, rows: items, csv: csv('lagging', {product, ...place.scope}), empty: 'No device of this product is known to lag.',
    columns: [
      {key: 'device', title: 'Device', kind: 'long', show: (r) => link(r.name || r.device, ['device', r.device])},
      {key: 'version', title: 'Has', show: (r) => r.version},
      {key: 'newest_version', title: 'Newest', show: (r) => r.newest_version},
      {key: 'releases_behind', title: 'Releases behind', kind: 'number', show: (r) => (r.releases_behind ? number(r.releases_behind) : none)},
      {key: 'days_behind', title: 'Days behind', kind: 'number', show: (r) => (r.days_behind ? number(r.days_behind) : none)},
    ],
  })];
}

export async function release(place) {
  const [, product = '', version = ''] = place.path;
  const of = {product, ...place.scope};
  const [all, listed, totals, behind, spread] = await Promise.all([
    askAll('api/v1/reports/versions', of), ask(path('releases', of)), ask(path('summary', of)), behindOf(product, place), adoption(product, version, place),
  ]);
  const rows = all.items.filter((row) => row.version === version);
  const entry = listed.items.find((row) => row.version === version);
  const complete = rows.reduce((sum, row) => sum + row.devices_complete, 0);
  const first = rows.map((row) => row.first_fetch).sort()[0] ?? null;
  return {title: `${product} ${version}`, nodes: [
    cards([
      ['devices that have it', number(complete)], ['devices of this product', number(totals.devices)],
      ['devices with a part', number(rows.reduce((sum, row) => sum + row.devices_partly, 0))],
      ['sent', bytes(rows.reduce((sum, row) => sum + row.bytes_sent, 0))],
    ]),
    facts([
      ['Builds', rows.map((row) => row.build).filter(Boolean).join(', ')], ['First fetched', time(first)],
      ...(entry ? [['Channel', entry.channel], ['Released', time(entry.released)], ['First seen in the catalogue', time(entry.first_seen)], ['Published now', entry.current ? 'yes' : 'no'],
                   ['On half of the devices after', days(entry.days_to_half)], ['On 90 % after', days(entry.days_to_most)],
                   ['Size', bytes(entry.size_bytes)], ['Package', entry.url]] : []),
    ]),
    section('Adoption', spread),
    section('Who lags', ...behind),
    section('All versions', table({
      name: 'versions', caption: `Versions of ${product}`, place, rows: all.items, csv: csv('versions', of), empty: 'None was fetched yet.',
      columns: [
        {key: 'version', title: 'Version', show: (v) => link(versionName(v), ['release', v.product, v.version])},
        {key: 'devices_complete', title: 'Devices', kind: 'number', show: (v) => number(v.devices_complete)},
        {key: 'share', title: 'Share', show: (v) => bar(v.devices_complete, totals.devices, `${number(v.devices_complete)} of ${number(totals.devices)} devices`), by: (v) => v.devices_complete},
        {key: 'last_fetch', title: 'Last fetched', kind: 'time', show: (v) => time(v.last_fetch)},
      ],
    })),
  ]};
}

export async function releases(place) {
  const {items} = await ask(path('releases', place.scope));
  return {title: 'Releases', nodes: [table({
    name: 'releases', caption: 'Releases that catalogues list or have listed', place, rows: items, csv: csv('releases', place.scope),
    empty: 'No catalogue has been read yet; they come with the first device that asks.',
    columns: [
      releaseColumn,
      {key: 'version', title: 'Version', show: (r) => r.version},
      {key: 'marketing_version', title: 'Known as', show: (r) => r.marketing_version},
      {key: 'channel', title: 'Channel', show: (r) => r.channel},
      {key: 'current', title: 'Current', show: (r) => (r.current ? 'yes' : 'no')},
      {key: 'since', title: 'Out since', kind: 'time', show: (r) => time(r.released ?? r.first_seen), by: (r) => r.released ?? r.first_seen ?? ''},
      {key: 'devices_complete', title: 'Devices', kind: 'number', show: (r) => number(r.devices_complete)},
      {key: 'days_to_half', title: 'Days to 50 %', kind: 'number', show: (r) => days(r.days_to_half)},
      {key: 'days_to_most', title: 'Days to 90 %', kind: 'number', show: (r) => days(r.days_to_most)},
      {key: 'size_bytes', title: 'Size', kind: 'number', show: (r) => bytes(r.size_bytes)},
    ],
  })]};
}

export async function lagging(place) {
  const {items, whole} = await askAll('api/v1/reports/lagging', place.window, 20000);
  return {title: 'Who lags', nodes: [...partly(whole), table({
    name: 'lagging', caption: 'Devices that do not have the newest release of what they use', place, rows: items, csv: csv('lagging', place.window),
    empty: place.period === 'all' ? 'No device is known to lag.' : 'No device that was seen in this time is known to lag.',
    columns: [
      {key: 'device', title: 'Device', kind: 'long', by: (r) => r.name || r.device,
       show: (r) => make('span', {}, link(r.name || r.device, ['device', r.device]), r.name ? make('small', {}, ` ${r.device}`) : null)},
      groupColumn('lagging'),
      {key: 'product', title: 'Product', kind: 'long', show: (r) => (r.product ? link(r.product, ['release', r.product, r.newest_version]) : 'never asked for anything')},
      {key: 'version', title: 'Has', show: (r) => r.version},
      {key: 'newest_version', title: 'Newest', show: (r) => r.newest_version},
      {key: 'releases_behind', title: 'Releases behind', kind: 'number', show: (r) => (r.releases_behind ? number(r.releases_behind) : none)},
      {key: 'days_behind', title: 'Days behind', kind: 'number', show: (r) => (r.days_behind ? number(r.days_behind) : none)},
      {key: 'last_seen', title: 'Last seen', kind: 'time', show: (r) => time(r.last_seen)},
    ],
  })]};
}

const fromStore = (row) => Math.max(0, row.saved_bytes);

// Of what was not said of errors; null: nothing was.
const ofStore = (row) => (row.saved_bytes + row.bytes_from_origin > 0 ? fromStore(row) / (row.saved_bytes + row.bytes_from_origin) : null);

// Bytes from the store and the line by hour or day, and what was saved so far.
export async function trafficCharts(place) {
  const by = place.period === '1d' || place.period === '7d' ? 'hour' : 'day';
  const {items} = await ask(path('traffic', {...place.window, by}));
  if (items.length === 0) return [make('p', {class: 'panel empty'}, 'Nothing was fetched in this time.')];
  const labels = items.map((row) => new Date(row[by]).toLocaleString([], by === 'day' ? {dateStyle: 'short'} : {dateStyle: 'short', timeStyle: 'short'}));
  let sum = 0;
  return [
    chart({title: `Bytes by ${by}`, type: 'bar', labels, show: bytes, stacked: true, series: [
      {name: 'From the store', values: items.map(fromStore)}, {name: 'From the line', values: items.map((row) => row.bytes_from_origin)},
    ]}),
    chart({title: 'Saved of the line so far', type: 'line', labels, show: bytes, series: [
      {name: 'Saved', values: items.map((row) => (sum += row.saved_bytes))},
    ]}),
  ];
}

export async function traffic(place) {
  const by = async (what) => (await ask(path('traffic', {...place.window, by: what}))).items.sort((a, b) => b.bytes_sent - a.bytes_sent);
  const [charts, products, entrances, origins, networks] = await Promise.all([
    trafficCharts(place), by('product'), by('entrance'), by('origin'), by('network'),
  ]);
  const columns = (key, title, words) => [
    {key, title, kind: 'long', show: words},
    {key: 'requests', title: 'Requests', kind: 'number', show: (r) => number(r.requests)},
    {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (r) => bytes(r.bytes_sent)},
    {key: 'bytes_from_origin', title: 'From the line', kind: 'number', show: (r) => bytes(r.bytes_from_origin)},
    {key: 'saved', title: 'Saved', kind: 'number', by: (r) => r.saved_bytes, show: (r) => bytes(r.saved_bytes)},
    {key: 'ratio', title: 'From the store', kind: 'number', by: ofStore, show: (r) => (ofStore(r) === null ? none : share(ofStore(r)))},
  ];
  const summed = (what, title, rows, words) => section(`By ${what}`, table({
    name: `by-${what}`, caption: `Traffic by ${what}`, place, rows, empty: 'Nothing was fetched in this time.',
    csv: csv('traffic', {...place.window, by: what}), columns: columns(what, title, words)}));
  return {title: 'Traffic', nodes: [
    make('div', {class: 'charts'}, charts),
    summed('product', 'Product', products, (r) => r.product || 'unknown'),
    summed('entrance', 'Entrance', entrances, (r) => r.entrance.replaceAll('_', ' ')),
    summed('origin', 'Origin', origins, (r) => r.origin || 'none'),
    summed('network', 'Network', networks, (r) => r.network || 'Larder itself'),
    make('p', {}, csvLink('traffic', csv('traffic', place.window), [], 'Everything by hour, product and entrance as CSV')),
  ]};
}
