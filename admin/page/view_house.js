// SPDX-License-Identifier: MIT
// How the house is: problems with what to do about them, and what the store holds.
import {ask, askAll, order} from './api.js';
import {chart} from './charts.js';
import {bytes, cards, counted, facts, link, make, number, releaseName, section, span, time} from './show.js';
import {table} from './table.js';

const kKinds = {
  house: 'the house', origin: 'origin', catalogue: 'catalogue', mismatch: 'not as published', refused: 'refused', failed: 'failed', unread: 'unread',
};

// What a row of the report is about: the newest such request, as far as it is on record.
const about = (row) => [row.product && releaseName(row), row.url, row.status && `answered ${row.status}`].filter(Boolean).join(', ');

// Sends a test event now, and says what became of it.
function hookTest(hook) {
  const say = make('span', {role: 'status'});
  const send = async (event) => {
    const button = event.target;
    button.disabled = true;
    say.textContent = 'waiting for an answer';
    try {
      const {items: [outcome]} = await order('api/v1/webhooks/test', {webhook: String(hook.number)});
      say.textContent = outcome.delivered ? 'it was told' : outcome.why ?? 'it was not told';
    } catch (failure) {
      say.textContent = failure.message;
    }
    button.disabled = false;
  };
  return make('span', {class: 'orders'}, make('button', {type: 'button', 'aria-label': `Test webhook ${hook.number}`, onclick: send}, 'Test'), say);
}

const hookState = (hook) => (hook.in_trouble ? 'in trouble' : hook.failing_since ? 'trying again' : hook.last_success ? 'well' : 'not told anything yet');

// Whom Larder tells of events. Counts and times are since the start.
function hooks(items, place) {
  return section('Who is told', table({
    name: 'webhooks', caption: 'Webhooks, since the start', place, rows: items,
    empty: 'Nobody is told when something goes wrong: no [[webhooks.hook]] stands in larder.toml.',
    columns: [
      {key: 'url', title: 'Webhook', kind: 'long', show: (hook) => `${hook.number}: ${hook.url}`, by: (hook) => hook.number},
      {key: 'state', title: 'State', show: (hook) => (hook.in_trouble ? make('strong', {class: 'bad'}, hookState(hook)) : hookState(hook)), by: hookState},
      {key: 'events', title: 'Told of', kind: 'long', show: (hook) => hook.events.replaceAll(' ', ', ').replaceAll('_', ' ') || 'every event', by: (hook) => hook.events},
      {key: 'last_success', title: 'Last success', kind: 'time', show: (hook) => time(hook.last_success)},
      {key: 'last_failure', title: 'Last failure', kind: 'time', show: (hook) => time(hook.last_failure)},
      {key: 'why', title: 'Why', kind: 'long', show: (hook) => hook.why ?? ''},
      {key: 'queued', title: 'Waiting', kind: 'number', show: (hook) => number(hook.queued)},
      {key: 'given_up', title: 'Lost', kind: 'number', show: (hook) => number(hook.given_up + hook.dropped), by: (hook) => hook.given_up + hook.dropped},
      {key: 'orders', title: 'Orders', show: hookTest, by: (hook) => hook.number},
    ],
  }));
}

export async function problems(place) {
  const [status, {items}, webhooks] = await Promise.all([
    ask('api/v1/status'), ask(`api/v1/reports/problems?${new URLSearchParams(place.window)}`), ask('api/v1/webhooks'),
  ]);
  const counters = Object.entries(status.counters).map(([name, value]) => ({name: name.replaceAll('_', ' '), value}));
  return {title: 'Problems', renews: true, nodes: [
    table({
      name: 'problems', caption: 'Problems and what to do', place, rows: items, empty: 'There are none. All is well.',
      csv: `api/v1/reports/problems?${new URLSearchParams({...place.window, format: 'csv'})}`,
      columns: [
        {key: 'what', title: 'Problem', kind: 'long', show: (row) => row.what},
        {key: 'remedy', title: 'What to do', kind: 'long', show: (row) => row.remedy},
        {key: 'kind', title: 'Kind', show: (row) => kKinds[row.kind] ?? row.kind},
        {key: 'count', title: 'Times', kind: 'number', show: (row) => number(row.count)},
        {key: 'last', title: 'Last', kind: 'time', show: (row) => time(row.last)},
        {key: 'url', title: 'The newest', kind: 'long', show: (row) => (row.device ? make('span', {}, `${about(row)} `, link(row.device, ['device', row.device])) : about(row))},
      ],
    }),
    section('The house', facts([
      ['Version', status.version], ['Running for', span(status.uptime_seconds)], ['Configuration', status.config_file || 'built-in defaults'],
      ['Store', status.store.broken ?? (status.store.full ? 'full: new downloads pass through unkept' : 'well'), status.store.broken !== null || status.store.full],
      ['Last read back', time(status.store.scrub_ended)],
      ['Ledger', status.ledger.broken ?? `well, ${number(status.ledger.fetches)} fetches on record`, status.ledger.broken !== null],
    ])),
    hooks(webhooks.items, place),
    section('Counters since the start', table({
      name: 'counters', caption: 'Counters since the start', place, rows: counters, empty: 'There are none.',
      columns: [
        {key: 'name', title: 'What', kind: 'long', show: (row) => row.name},
        {key: 'value', title: 'Count', kind: 'number', show: (row) => number(row.value)},
      ],
    })),
  ]};
}

const kRights = {admin_token: "the administrator's token", no_token: 'this machine, without a token', nobody: 'nobody: refused', larderd: 'larderd itself'};

const kOrders = {
  'cache/pin': 'pin an object', 'cache/unpin': 'unpin an object', 'cache/evict': 'drop an object', 'cache/verify': 'read the store back', 'cache/prefetch': 'fetch beforehand',
  'devices/import': 'import a list of devices', 'devices/erase': 'forget a device', 'ledger/totals': 'put the totals right', tls: "make the site's authority",
  'catalogues/bundle': 'import what another site knows', 'webhooks/test': 'test the webhooks',
};
const whatOf = (row) => kOrders[row.what.replace('POST /api/v1/', '')] ?? row.what;
const outcomeOf = (row) => [row.problem || (row.status ? 'done' : ''), row.refused_besides ? `before it, ${counted(row.refused_besides, 'attempt')} more refused` : ''].filter(Boolean).join('; ');

export async function changes(place) {
  const [{items, whole}, check] = await Promise.all([askAll('api/v1/audit', place.time, 2000), ask('api/v1/audit/check')]);
  return {title: 'Changes', nodes: [
    check.broken_at === null ? null : make('p', {class: 'notice', role: 'alert'}, `The record was tampered with, or damaged, at number ${check.broken_at}: ${check.why}.`),
    whole ? null : make('p', {class: 'notice'}, 'There are more rows than a page can sort; the CSV has them all.'),
    table({
      name: 'changes', caption: 'What was changed, by whom and from where', place, rows: items, empty: 'Nothing was changed in this time.',
      csv: `api/v1/audit?${new URLSearchParams({...place.time, format: 'csv'})}`,
      columns: [
        {key: 'time', title: 'When', kind: 'time', show: (row) => time(row.time)},
        {key: 'what', title: 'What', kind: 'long', show: (row) => make('span', {title: row.what}, whatOf(row)), by: whatOf},
        {key: 'order', title: 'Of what', kind: 'long', show: (row) => row.order},
        {key: 'problem', title: 'Outcome', kind: 'long', show: outcomeOf, by: outcomeOf},
        {key: 'who', title: 'By', kind: 'long', show: (row) => kRights[row.who] ?? row.who},
        {key: 'address', title: 'From', show: (row) => row.address},
        {key: 'agent', title: 'With', kind: 'long', show: (row) => row.agent},
      ],
    }),
  ].filter(Boolean)};
}

function objectOrders(object) {
  const say = make('span', {role: 'status'});
  const give = (what, words) => async (event) => {
    const button = event.target;
    button.disabled = true;
    try {
      await order(`api/v1/cache/${what}`, {url: object.url});
      say.textContent = words;
    } catch (failure) {
      say.textContent = failure.message;
      button.disabled = false;
    }
  };
  const pin = object.pinned ? ['unpin', 'Unpin', 'unpinned'] : ['pin', 'Pin', 'pinned'];
  return make('span', {class: 'orders'},
              make('button', {type: 'button', 'aria-label': `${pin[1]} ${object.url}`, onclick: give(pin[0], pin[2])}, pin[1]),
              make('button', {type: 'button', 'aria-label': `Drop ${object.url}`, onclick: give('evict', 'dropped')}, 'Drop'), say);
}

export async function store(place) {
  const [status, {items, whole}] = await Promise.all([ask('api/v1/status'), askAll('api/v1/cache/objects', {}, 10000)]);
  const products = new Map();
  for (const object of items) {
    const name = object.product || 'other';
    products.set(name, (products.get(name) ?? 0) + object.bytes_held);
  }
  const largest = [...products].sort(([, a], [, b]) => b - a);
  const shown = largest.slice(0, 12);
  const rest = largest.slice(12).reduce((sum, [, held]) => sum + held, 0);
  if (rest > 0) shown.push(['all others', rest]);
  return {title: 'Store', nodes: [
    cards([
      ['held', bytes(status.store.bytes_held)], ['may be held', bytes(status.store.bytes_limit)], ['objects', number(status.store.objects)],
      ['different contents', number(status.store.blobs)], ['evicted since the start', number(status.store.evicted_objects)],
    ]),
    ...(whole ? [] : [make('p', {class: 'notice'}, 'The store holds more objects than are shown here; "larder cache list" has them all.')]),
    ...(shown.length > 0 ? [chart({title: 'Bytes held by product', type: 'bar', sideways: true, labels: shown.map(([name]) => name), show: bytes,
                                   series: [{name: 'Held', values: shown.map(([, held]) => held)}]})] : []),
    section('Objects', table({
      name: 'objects', caption: 'What the store holds', place, rows: items, empty: 'Nothing yet. It fills with the first download.',
      columns: [
        {key: 'url', title: 'Object', kind: 'long', show: (o) => make('span', {}, o.product ? make('strong', {}, releaseName(o), ' ') : null, make('small', {}, o.url))},
        {key: 'size_bytes', title: 'Size', kind: 'number', show: (o) => bytes(o.size_bytes)},
        {key: 'bytes_held', title: 'Held', kind: 'number', show: (o) => (o.complete ? 'all' : bytes(o.bytes_held)), by: (o) => o.bytes_held},
        {key: 'stored_at', title: 'Since', kind: 'time', show: (o) => time(o.stored_at)},
        {key: 'orders', title: 'Orders', show: objectOrders, by: (o) => o.pinned},
      ],
    })),
  ]};
}
