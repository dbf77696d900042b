// SPDX-License-Identifier: MIT
// Asks the API and shows what it answers. Text from devices is only ever set as text, never as markup.
const kRefreshMs = 5000;
const kRows = 25;
const kSpans = [['24 hours', 1], ['7 days', 7], ['30 days', 30], ['Everything', 0]];
const kTokenName = 'larder-token';

const at = (id) => document.getElementById(id);
let days = 7;
let rows = {versions: kRows, devices: kRows};

class Refused extends Error {}

async function ask(path) {
  const token = sessionStorage.getItem(kTokenName);
  const answer = await fetch(path, {headers: token ? {Authorization: `Bearer ${token}`} : {}, cache: 'no-store'});
  if (answer.status === 401) throw new Refused();
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? `larderd answered ${answer.status}`);
  return body;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const number = (value) => value.toLocaleString();
const share = (value) => `${(value * 100).toFixed(1)} %`;
const time = (value) => value === null ? '–' : new Date(value).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});

function bytes(value) {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${names[unit]}`;
}

function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.map(([name, value, bad]) => {
    const pair = element('div');
    pair.append(element('dt', name), element('dd', value, bad ? 'bad' : undefined));
    return pair;
  }));
}

// columns: [title, cell of a row (text or element), class]
function table(place, columns, items, empty) {
  const panel = element('div', undefined, 'panel');
  if (items.length === 0) {
    panel.append(element('p', empty, 'empty'));
  } else {
    const made = element('table');
    const head = element('tr');
    head.append(...columns.map(([title, , className]) => {
      const cell = element('th', title, className);
      cell.scope = 'col';
      return cell;
    }));
    made.createTHead().append(head);
    const body = made.createTBody();
    for (const item of items) {
      const line = element('tr');
      for (const [title, show, className] of columns) {
        const cell = element('td', undefined, className);
        cell.dataset.title = title;
        cell.append(show(item) || '–');
        line.append(cell);
      }
      body.append(line);
    }
    panel.append(made);
  }
  place.replaceChildren(panel);
  return panel;
}

function more(panel, which, answer) {
  if (answer.next_cursor === null || rows[which] >= 1000) return;
  const button = element('button', 'Show more', 'more');
  button.type = 'button';
  button.addEventListener('click', () => {
    rows[which] = Math.min(1000, rows[which] * 4);
    refresh();
  });
  panel.append(button);
}

function progress(fill) {
  const bar = element('progress');
  if (fill.bytes_total !== null) {
    bar.max = fill.bytes_total;
    bar.value = fill.bytes_done;
  }
  bar.setAttribute('aria-label', `${bytes(fill.bytes_done)} of ${fill.bytes_total === null ? 'unknown' : bytes(fill.bytes_total)}`);
  return bar;
}

const titled = (item) => [item.product, item.version].filter(Boolean).join(' ');

function showFills(answer) {
  table(at('fills'), [
    ['What', (f) => titled(f) || f.url, 'long'],
    ['Done', progress],
    ['Bytes', (f) => `${bytes(f.bytes_done)}${f.bytes_total === null ? '' : ` of ${bytes(f.bytes_total)}`}`, 'number'],
    ['Rate', (f) => `${bytes(f.bytes_per_second)}/s`, 'number'],
    ['Waiting', (f) => number(f.clients_waiting), 'number'],
  ], answer.items, 'No download is running.');
}

function showVersions(answer) {
  more(table(at('versions'), [
    ['Product', (v) => v.product || 'unknown', 'long'],
    ['Version', (v) => [v.version, v.build && `(${v.build})`].filter(Boolean).join(' ')],
    ['Devices', (v) => number(v.devices_complete), 'number'],
    ['Partly', (v) => number(v.devices_partly), 'number'],
    ['Sent', (v) => bytes(v.bytes_sent), 'number'],
    ['Last fetched', (v) => time(v.last_fetch), 'time'],
  ], answer.items, 'No version was fetched in this time.'), 'versions', answer);
}

function device(d) {
  if (!d.name || d.name === d.id) return d.id;
  const made = element('span', `${d.name} `);
  made.append(element('small', d.id));
  return made;
}

function showDevices(answer) {
  more(table(at('devices'), [
    ['Device', device, 'long'],
    ['Address', (d) => d.address, 'long'],
    ['System', (d) => [d.os, d.os_version].filter(Boolean).join(' ')],
    ['Requests', (d) => number(d.requests), 'number'],
    ['Sent', (d) => bytes(d.bytes_sent), 'number'],
    ['Last seen', (d) => time(d.last_seen), 'time'],
  ], answer.items, 'No device was seen in this time.'), 'devices', answer);
}

function showSummary(s) {
  facts(at('summary'), [
    ['saved of the line', share(s.hit_ratio_bytes)],
    ['sent to devices', bytes(s.bytes_sent)],
    ['fetched from origins', bytes(s.bytes_from_origin)],
    ['requests', number(s.requests)],
    ['devices', number(s.devices)],
  ]);
}

function showStatus(s) {
  const broken = s.store.broken ?? s.ledger.broken;
  const bad = !s.ready || broken !== null;
  const state = at('state');
  state.textContent = !s.ready ? 'not serving yet' : broken !== null ? 'serving, but something is broken: see below'
                                                                     : `serving ${number(s.clients_connected)} connections`;
  state.classList.toggle('bad', bad);
  const aside = [...s.store.set_aside, ...s.ledger.set_aside].map((reason) => ['Set aside', reason, true]);
  const list = at('house');
  const pairs = [
    ['Version', s.version],
    ['Running for', span(s.uptime_seconds)],
    ['Cache', `${bytes(s.store.bytes_held)} of ${bytes(s.store.bytes_limit)} in ${number(s.store.objects)} objects`],
    ['Store', s.store.broken ?? (s.store.full ? 'full: new downloads pass through unkept' : 'well'), s.store.broken !== null || s.store.full],
    ['Ledger', s.ledger.broken ?? `well, ${number(s.ledger.fetches)} fetches on record`, s.ledger.broken !== null],
    ...(s.ledger.dropped > 0 ? [['Not recorded', `${number(s.ledger.dropped)} fetches`, true]] : []),
    ['Configuration', s.config_file || 'built-in defaults'],
    ...aside,
  ];
  list.replaceChildren(...pairs.flatMap(([name, value, isBad]) => [element('dt', name), element('dd', value, isBad ? 'bad' : undefined)]));
}

function reportQuery(extra) {
  const query = new URLSearchParams(extra);
  if (days > 0) query.set('from', new Date(Date.now() - days * 86400000).toISOString());
  return query.size > 0 ? `?${query}` : '';
}

async function show() {
  const [status, summary, fills, versions, devices] = await Promise.all([
    ask('api/v1/status'),
    ask(`api/v1/reports/summary${reportQuery()}`),
    ask('api/v1/fills'),
    ask(`api/v1/reports/versions${reportQuery({limit: rows.versions})}`),
    ask(`api/v1/reports/devices${reportQuery({limit: rows.devices})}`),
  ]);
  showStatus(status);
  showSummary(summary);
  showFills(fills);
  showVersions(versions);
  showDevices(devices);
}

function askToken() {
  at('token-answer').textContent = sessionStorage.getItem(kTokenName) ? 'This token is wrong.' : '';
  at('ask-token').hidden = false;
  at('content').hidden = true;
  at('state').textContent = 'locked';
}

async function refresh() {
  try {
    await show();
    at('content').hidden = false;
    at('ask-token').hidden = true;
    at('trouble').hidden = true;
  } catch (failure) {
    if (failure instanceof Refused) return askToken();
    at('trouble').textContent = failure instanceof TypeError
        ? 'larderd does not answer. The numbers below are the last it gave; they go on when it is back.'
        : failure.message;
    at('trouble').hidden = false;
  }
}

at('ask-token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(kTokenName, at('token').value.trim());
  at('token').value = '';
  refresh();
});

at('spans').append(...kSpans.map(([title, length]) => {
  const button = element('button', title);
  button.type = 'button';
  button.setAttribute('aria-pressed', String(length === days));
  button.addEventListener('click', () => {
    days = length;
    for (const other of at('spans').children) other.setAttribute('aria-pressed', String(other === button));
    refresh();
  });
  return button;
}));

refresh();
setInterval(() => {
  if (!document.hidden && at('ask-token').hidden) refresh();
}, kRefreshMs);
