// SPDX-License-Identifier: MIT
// How the house is: problems with what to do about them, and what the store holds.
import {ask, askAll, order} from './api.js';
import {chart} from './charts.js';
import {bytes, cards, facts, make, number, releaseName, section, span, time} from './show.js';
import {table} from './table.js';

// What to do about a problem, by how larderd words it. The first that fits.
const kRemedies = [
  [/^nothing is kept:/, 'Devices are still served, straight from the origins. Look at the disk that storage.path is on (full, read-only, failing?); Larder takes up storing by itself when it can write again.'],
  [/refused for want of room/, 'Downloads pass through unkept meanwhile. Give storage.cache_size less or the disk more room; storage.reserve is never touched.'],
  [/the store lost an environment/, 'Nothing is lost but the cache of it: what is missing is fetched again when asked for. The file set aside can be deleted; look at the disk first.'],
  [/chunks (were lost|failed)/, 'Run "larder cache verify", and look at the disk (smartctl -a): a store does not rot by itself.'],
  [/^nothing is recorded:/, 'Devices are served, but the reports miss what they fetch. Look at the disk that storage.path is on.'],
  [/the record began anew/, 'Reports begin at that moment. The old record can be kept for a repair, or deleted.'],
  [/not what a catalogue publishes/, 'No device has got these bytes as a good download. If it goes on, ask the vendor or whoever runs a proxy on the line.'],
  [/never recorded/, 'The disk could not keep up with the record. The fetches themselves were answered.'],
  [/certificate/, 'Devices that come by TLS may refuse. Renew the certificate that tls.certificate names, or see "larder tls".'],
  [/no new Office release/, 'See whether the machine can reach res.public.onecdn.static.microsoft, through a firewall too.'],
];

const remedy = (problem) => kRemedies.find(([pattern]) => pattern.test(problem))?.[1] ?? 'The log has more: journalctl -u larderd.';

export async function problems(place) {
  const status = await ask('api/v1/status');
  const list = [
    ...status.problems.map((problem) => ({what: problem, todo: remedy(problem)})),
    ...status.origins_at_rest.map((origin) => ({
      what: `${origin.origin} is left alone for now: ${origin.why}`,
      todo: `Failed ${number(origin.failures)} times in a row. Larder tries again by itself in ${number(origin.next_try_seconds)} s; devices get what is held, or go to the vendor. If it stays so, look at the line, the firewall and the nameserver.`,
    })),
    ...status.manifests.filter((manifest) => manifest.held).map((manifest) => ({
      what: `${manifest.product} (${manifest.channel}): a release is held back: ${manifest.held}`,
      todo: 'It is shown to devices when the origin has confirmed it for updates.holdoff. Nothing needs to be done.',
    })),
  ];
  const counters = Object.entries(status.counters).map(([name, value]) => ({name: name.replaceAll('_', ' '), value}));
  return {title: 'Problems', renews: true, nodes: [
    table({
      name: 'problems', caption: 'Problems and what to do', place, rows: list, empty: 'There are none. All is well.',
      columns: [
        {key: 'what', title: 'Problem', kind: 'long', show: (row) => row.what},
        {key: 'todo', title: 'What to do', kind: 'long', show: (row) => row.todo},
      ],
    }),
    section('Refused downloads', table({
      name: 'mismatches', caption: 'Downloads that were not what a catalogue publishes', place, rows: status.mismatches, empty: 'Every download that a catalogue describes was as described.',
      columns: [
        {key: 'time', title: 'When', kind: 'time', show: (row) => time(row.time)},
        {key: 'product', title: 'What', kind: 'long', show: (row) => releaseName(row)},
        {key: 'url', title: 'URL', kind: 'long', show: (row) => row.url},
        {key: 'why', title: 'Why', kind: 'long', show: (row) => row.why},
      ],
    })),
    section('The house', facts([
      ['Version', status.version], ['Running for', span(status.uptime_seconds)], ['Configuration', status.config_file || 'built-in defaults'],
      ['Store', status.store.broken ?? (status.store.full ? 'full: new downloads pass through unkept' : 'well'), status.store.broken !== null || status.store.full],
      ['Last read back', time(status.store.scrub_ended)],
      ['Ledger', status.ledger.broken ?? `well, ${number(status.ledger.fetches)} fetches on record`, status.ledger.broken !== null],
    ])),
    section('Counters since the start', table({
      name: 'counters', caption: 'Counters since the start', place, rows: counters, empty: 'There are none.',
      columns: [
        {key: 'name', title: 'What', kind: 'long', show: (row) => row.name},
        {key: 'value', title: 'Count', kind: 'number', show: (row) => number(row.value)},
      ],
    })),
  ]};
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
