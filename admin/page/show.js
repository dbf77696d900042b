// SPDX-License-Identifier: MIT
// How values and elements are made. Text is only ever set as text, never as markup, wherever it comes from.

// make('p', {class: 'x', onclick: f}, 'text', child, ...). Null and undefined children and attributes are left out.
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key === 'value') made.value = value;
    else if (key === 'checked') made.checked = true;
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return made;
}

export const number = (value) => value.toLocaleString();
export const counted = (count, one) => `${number(count)} ${one}${count === 1 ? '' : 's'}`;
export const share = (value) => `${(value * 100).toFixed(1)} %`;
export const none = '–';

export function bytes(value) {
  if (value === null || value === undefined) return none;
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  let size = Math.abs(value);
  for (; size >= 1024 && unit < names.length - 1; ++unit) size /= 1024;
  const digits = unit === 0 || size >= 100 ? size.toFixed(0) : size.toFixed(1);
  return `${value < 0 ? '-' : ''}${digits} ${names[unit]}`;
}

export const rate = (value) => (value === null ? none : `${bytes(value)}/s`);

export function time(value) {
  if (!value) return none;
  return make('time', {datetime: value}, new Date(value).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'}));
}

export function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

export const days = (value) => (value === null ? none : value.toLocaleString(undefined, {maximumFractionDigits: 1}));

// An address within the page: link('devices', {q: 'x'}) is #/devices?q=x; parts of paths are encoded.
export function address(path, query = {}) {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `#/${[path].flat().map(encodeURIComponent).join('/')}${parameters.size > 0 ? `?${parameters}` : ''}`;
}

export const link = (text, path, query) => make('a', {href: address(path, query)}, text);

export function section(title, ...children) {
  const heading = make('h2', {}, title);
  heading.id = `h-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  return make('section', {'aria-labelledby': heading.id}, heading, ...children);
}

export function cards(pairs) {
  return make('dl', {class: 'cards'}, pairs.map(([name, value, key]) =>
    make('div', {}, make('dt', {}, name), make('dd', {'data-key': key}, value))));
}

export function facts(pairs) {
  return make('dl', {class: 'facts'}, pairs.flatMap(([name, value, bad]) =>
    [make('dt', {}, name), make('dd', {class: bad ? 'bad' : null}, value || none)]));
}

export const empty = (text) => make('p', {class: 'panel empty'}, text);

export const releaseName = (row) => [row.product || 'unknown', row.version].filter(Boolean).join(' ');
export const versionName = (row) => [row.version, row.build && `(${row.build})`].filter(Boolean).join(' ');

// A bar with its share in words beside it.
export function bar(value, of, words) {
  const made = make('progress', {max: of || 1, 'aria-label': words});
  made.value = Math.min(value, of || 1);
  return made;
}
