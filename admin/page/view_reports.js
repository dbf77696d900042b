// SPDX-License-Identifier: MIT
// The reports: tables over the ledger, and the pages of one device and one release.
import {ask, askAll} from './api.js';
import {chart} from './charts.js';
import {bar, bytes, cards, facts, link, make, none, number, releaseName, section, share, time, versionName} from './show.js';
import {csvLink, table} from './table.js';

const kAdoptionPoints = 12;
const kDayMs = 86400000;

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
      ...(grouped ? [{key: 'group', title: 'Group', kind: 'long', show: (d) => d.group}] : []),
      {key: 'evidence', title: 'Known by', show: (d) => d.evidence},
      {key: 'address', title: 'Address', kind: 'long', show: (d) => d.address},
      {key: 'os', title: 'System', show: systemName},
      {key: 'requests', title: 'Requests', kind: 'number', show: (d) => number(d.requests)},
      {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (d) => bytes(d.bytes_sent)},
      {key: 'last_seen', title: 'Last seen', kind: 'time', show: (d) => time(d.last_seen)},
    ],
  })]};
}

export async function device(place) {
  const id = place.path[1] ?? '';
  const found = await ask(`api/v1/reports/devices/${encodeURIComponent(id)}`);
  const known = [['Serial number', found.serial], ['Model', found.model], ['Owner', found.owner], ['Group', found.group]].filter(([, value]) => value);
  return {title: deviceName(found), nodes: [
    facts([
      ['Id', found.id], ['Known by', found.evidence], ...known, ['Address', found.address], ['MAC', found.mac], ['Host name', found.host_name],
      ['System', systemName(found)], ['Known from', systemSource(found)], ['Requests', number(found.requests)], ['Sent', bytes(found.bytes_sent)],
      ['First seen', time(found.first_seen)], ['Last seen', time(found.last_seen)],
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
    section('Last fetches', table({
      name: 'fetches', caption: 'The last fetches of this device, newest first', place, rows: found.recent, empty: 'None are kept any more.',
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

// How many devices had it whole, at moments from its first fetch until now: what the report of versions said then.
async function adoption(product, version, first) {
  const since = Math.min(new Date(first).getTime(), Date.now() - 3600000);
  const moments = Array.from({length: kAdoptionPoints + 1}, (_, at) => since + ((Date.now() - since) * at) / kAdoptionPoints);
  const counts = await Promise.all(moments.map(async (moment) => {
    const {items} = await ask(path('versions', {product, to: new Date(moment + 1000).toISOString(), limit: '1000'}));
    return items.filter((row) => row.version === version).reduce((sum, row) => sum + row.devices_complete, 0);
  }));
  const format = Date.now() - since > 3 * kDayMs ? {dateStyle: 'short'} : {dateStyle: 'short', timeStyle: 'short'};
  return {labels: moments.map((moment) => new Date(moment).toLocaleString([], format)), counts};
}

async function behindOf(product, place) {
  const {items, whole} = await askAll('api/v1/reports/lagging', {product});
  return [...partly(whole), table({
    name: 'behind', caption: 'Devices that have an older version', place, rows: items, csv: csv('lagging', {product}), empty: 'No device of this product is known to lag.',
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
  const [all, listed, totals, behind] = await Promise.all([
    askAll('api/v1/reports/versions', {product}), ask(path('releases', {product})), ask(path('summary', {product})), behindOf(product, place),
  ]);
  const rows = all.items.filter((row) => row.version === version);
  const entry = listed.items.find((row) => row.version === version);
  const complete = rows.reduce((sum, row) => sum + row.devices_complete, 0);
  const first = rows.map((row) => row.first_fetch).sort()[0] ?? null;
  const spread = first ? await adoption(product, version, first) : null;
  return {title: `${product} ${version}`, nodes: [
    cards([
      ['devices that have it', number(complete)], ['devices of this product', number(totals.devices)],
      ['devices with a part', number(rows.reduce((sum, row) => sum + row.devices_partly, 0))],
      ['sent', bytes(rows.reduce((sum, row) => sum + row.bytes_sent, 0))],
    ]),
    facts([
      ['Builds', rows.map((row) => row.build).filter(Boolean).join(', ')], ['First fetched', time(first)],
      ...(entry ? [['Channel', entry.channel], ['First seen in the catalogue', time(entry.first_seen)], ['Published now', entry.current ? 'yes' : 'no'],
                   ['Size', bytes(entry.size_bytes)], ['Package', entry.url]] : []),
    ]),
    section('Adoption', spread ? chart({title: `Devices that have ${product} ${version}`, type: 'line', labels: spread.labels,
                                         series: [{name: 'Devices', values: spread.counts}], show: number, most: totals.devices || undefined})
      : make('p', {class: 'panel empty'}, 'No device has fetched it yet.')),
    section('Who lags', ...behind),
    section('All versions', table({
      name: 'versions', caption: `Versions of ${product}`, place, rows: all.items, csv: csv('versions', {product}), empty: 'None was fetched yet.',
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
  const {items} = await ask('api/v1/reports/releases');
  return {title: 'Releases', nodes: [table({
    name: 'releases', caption: 'Releases that catalogues list or have listed', place, rows: items, csv: csv('releases'),
    empty: 'No catalogue has been read yet; they come with the first device that asks.',
    columns: [
      releaseColumn,
      {key: 'version', title: 'Version', show: (r) => r.version},
      {key: 'marketing_version', title: 'Known as', show: (r) => r.marketing_version},
      {key: 'channel', title: 'Channel', show: (r) => r.channel},
      {key: 'current', title: 'Current', show: (r) => (r.current ? 'yes' : 'no')},
      {key: 'first_seen', title: 'First seen', kind: 'time', show: (r) => time(r.first_seen)},
      {key: 'devices_complete', title: 'Devices', kind: 'number', show: (r) => number(r.devices_complete)},
      {key: 'size_bytes', title: 'Size', kind: 'number', show: (r) => bytes(r.size_bytes)},
    ],
  })]};
}

export async function lagging(place) {
  const {items, whole} = await askAll('api/v1/reports/lagging', {}, 20000);
  return {title: 'Who lags', nodes: [...partly(whole), table({
    name: 'lagging', caption: 'Devices that do not have the newest release of what they use', place, rows: items, csv: csv('lagging'),
    empty: 'No device is known to lag.',
    columns: [
      {key: 'device', title: 'Device', kind: 'long', by: (r) => r.name || r.device,
       show: (r) => make('span', {}, link(r.name || r.device, ['device', r.device]), r.name ? make('small', {}, ` ${r.device}`) : null)},
      {key: 'group', title: 'Group', kind: 'long', show: (r) => r.group},
      {key: 'product', title: 'Product', kind: 'long', show: (r) => (r.product ? link(r.product, ['release', r.product, r.newest_version]) : 'never asked for anything')},
      {key: 'version', title: 'Has', show: (r) => r.version},
      {key: 'newest_version', title: 'Newest', show: (r) => r.newest_version},
      {key: 'releases_behind', title: 'Releases behind', kind: 'number', show: (r) => (r.releases_behind ? number(r.releases_behind) : none)},
      {key: 'days_behind', title: 'Days behind', kind: 'number', show: (r) => (r.days_behind ? number(r.days_behind) : none)},
      {key: 'last_seen', title: 'Last seen', kind: 'time', show: (r) => time(r.last_seen)},
    ],
  })]};
}

const fromStore = (row) => Math.max(0, row.bytes_sent - row.bytes_from_origin);

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
      {name: 'Saved', values: items.map((row) => (sum += row.bytes_sent - row.bytes_from_origin))},
    ]}),
  ];
}

export async function traffic(place) {
  const [charts, products, entrances] = await Promise.all([
    trafficCharts(place), ask(path('traffic', {...place.window, by: 'product'})), ask(path('traffic', {...place.window, by: 'entrance'})),
  ]);
  const columns = (key, title, words) => [
    {key, title, kind: 'long', show: words},
    {key: 'requests', title: 'Requests', kind: 'number', show: (r) => number(r.requests)},
    {key: 'bytes_sent', title: 'Sent', kind: 'number', show: (r) => bytes(r.bytes_sent)},
    {key: 'bytes_from_origin', title: 'From the line', kind: 'number', show: (r) => bytes(r.bytes_from_origin)},
    {key: 'saved', title: 'Saved', kind: 'number', by: (r) => r.bytes_sent - r.bytes_from_origin, show: (r) => bytes(r.bytes_sent - r.bytes_from_origin)},
    {key: 'ratio', title: 'From the store', kind: 'number', by: (r) => (r.bytes_sent ? fromStore(r) / r.bytes_sent : 0),
     show: (r) => (r.bytes_sent ? share(fromStore(r) / r.bytes_sent) : none)},
  ];
  const empty = 'Nothing was fetched in this time.';
  return {title: 'Traffic', nodes: [
    make('div', {class: 'charts'}, charts),
    section('By product', table({name: 'by-product', caption: 'Traffic by product', place, rows: products.items, empty,
                                 csv: csv('traffic', {...place.window, by: 'product'}), columns: columns('product', 'Product', (r) => r.product || 'unknown')})),
    section('By entrance', table({name: 'by-entrance', caption: 'Traffic by entrance', place, rows: entrances.items, empty,
                                  csv: csv('traffic', {...place.window, by: 'entrance'}), columns: columns('entrance', 'Entrance', (r) => r.entrance.replaceAll('_', ' '))})),
    make('p', {}, csvLink('traffic', csv('traffic', place.window), [], 'Everything by hour, product and entrance as CSV')),
  ]};
}
