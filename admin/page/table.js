// SPDX-License-Identifier: MIT
// A table that sorts by any column and filters by text. How it is sorted and filtered stands in the page's address, so
// that it can be shared; what it shows can be had as CSV.
//
//   table({name, caption, columns, rows, csv, empty, place})
//
// columns: {key, title, show(row) -> text or element, by(row) -> what to sort by, kind: 'number' | 'time' | 'long'}.
// csv: the API's address of the same rows as CSV; without it the rows at hand are saved. place: the Place (main.js) that keeps sort and filter.
import {save, saveFrom, token} from './api.js';
import {counted, make, none, number} from './show.js';

const kRowsAtOnce = 100;

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined || a === '') return 1;
  if (b === null || b === undefined || b === '') return -1;
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, undefined, {numeric: true});
  return a < b ? -1 : 1;
}

const sortValue = (column, row) => (column.by ? column.by(row) : row[column.key]);

// RFC 4180. Text that a spreadsheet would take for a formula gets a ' in front: names come from devices.
function asCsv(rows) {
  const names = Object.keys(rows[0] ?? {}).filter((name) => typeof (rows[0][name] ?? '') !== 'object');
  const cell = (value) => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

// A link to rows as CSV: by the API's address, or of the rows at hand where the API has no such CSV.
export function csvLink(name, path, rows, text = 'CSV') {
  const link = make('a', {class: 'csv', href: path ?? '#', download: `${name}.csv`}, text);
  if (text === 'CSV') link.setAttribute('aria-label', `${name} as CSV`);
  link.addEventListener('click', (event) => {
    if (path && !token.get()) return;  // the browser saves it by itself
    event.preventDefault();
    if (!path) return save(`${name}.csv`, asCsv(rows), 'text/csv');
    saveFrom(path, `${name}.csv`).catch((failure) => link.replaceWith(make('span', {role: 'alert'}, failure.message)));
  });
  return link;
}

export function table({name, caption, columns, rows, csv, empty, place, filters = true}) {
  const filterKey = `${name}.q`;
  const sortKey = `${name}.sort`;
  const panel = make('div', {class: 'panel', 'data-table': name});
  const count = make('p', {class: 'count', role: 'status'});
  const body = make('tbody');
  const more = make('button', {type: 'button', class: 'more', onclick: () => { shown += kRowsAtOnce * 5; draw(); }}, 'Show more');
  let shown = kRowsAtOnce;

  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      texts.set(row, columns.map((column) => {
        const cell = column.show(row);
        return cell instanceof Node ? cell.textContent : cell ?? '';
      }).join('\n').toLowerCase());
    }
    return texts.get(row);
  };

  function chosen() {
    const words = place.get(filterKey).toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [...rows] : rows.filter((row) => words.every((word) => textOf(row).includes(word)));
    const sort = place.get(sortKey);
    const column = columns.find(({key}) => key === sort.replace(/^-/, ''));
    if (column) {
      const sign = sort.startsWith('-') ? -1 : 1;
      found.sort((a, b) => sign * compare(sortValue(column, a), sortValue(column, b)));
    }
    return found;
  }

  function draw() {
    const found = chosen();
    body.replaceChildren(...found.slice(0, shown).map((row) => make('tr', {}, columns.map((column, at) => {
      const cell = make(at === 0 ? 'th' : 'td', {class: column.kind, scope: at === 0 ? 'row' : null, 'data-title': column.title});
      const shownCell = column.show(row);
      cell.append(shownCell === '' || shownCell === null || shownCell === undefined ? none : shownCell);
      if (cell.textContent === none) cell.classList.add('none');
      return cell;
    }))));
    const all = counted(rows.length, 'row');
    count.textContent = found.length === rows.length ? all : `${number(found.length)} of ${all}`;
    more.hidden = found.length <= shown;
    const sort = place.get(sortKey);
    for (const [at, head] of heads.entries()) {
      const {key} = columns[at];
      head.setAttribute('aria-sort', sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : 'none');
    }
  }

  const heads = columns.map(({key, title, kind}) => make('th', {scope: 'col', class: kind}, make('button', {
    type: 'button',
    onclick: () => {
      const first = kind === 'number' || kind === 'time' ? `-${key}` : key;
      const second = first === key ? `-${key}` : key;
      place.set(sortKey, place.get(sortKey) === first ? second : first);
      draw();
    },
  }, title)));

  const tools = make('div', {class: 'tools'});
  if (filters) {
    tools.append(make('label', {}, make('span', {class: 'unseen'}, `Filter ${caption}`), make('input', {
      type: 'search', placeholder: 'Filter', value: place.get(filterKey),
      oninput: (event) => { place.set(filterKey, event.target.value); shown = kRowsAtOnce; draw(); },
    })));
  }
  if (filters) tools.append(count);
  tools.append(csvLink(name, csv, rows));
  if (rows.length === 0) {
    panel.append(make('p', {class: 'empty'}, empty));
    return panel;
  }
  panel.append(tools, make('div', {class: 'scroll'}, make('table', {}, make('caption', {class: 'unseen'}, caption),
                                                          make('thead', {}, make('tr', {}, heads)), body)), more);
  draw();
  return panel;
}
