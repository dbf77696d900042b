// SPDX-License-Identifier: MIT
// The API, as the page asks it: with the token where one was given, and nothing else than the API.
const kTokenName = 'larder-token';

// The token is missing or wrong.
export class Refused extends Error {}
// The API has no such thing.
export class Missing extends Error {}
// larderd does not answer at all.
export class Silent extends Error {}

export const token = {
  get: () => sessionStorage.getItem(kTokenName),
  set: (value) => sessionStorage.setItem(kTokenName, value),
  forget: () => sessionStorage.removeItem(kTokenName),
};

const fields = () => (token.get() ? {Authorization: `Bearer ${token.get()}`} : {});

async function answerOf(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {...options, headers: {...fields(), ...options.headers}, cache: 'no-store'});
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    throw new Silent('larderd does not answer');
  }
  if (answer.ok) return answer;
  if (answer.status === 401) throw new Refused('the token is missing or wrong');
  const body = await answer.json().catch(() => ({}));
  const detail = body.detail ?? `larderd answered ${answer.status}`;
  throw answer.status === 404 ? new Missing(detail) : new Error(detail);
}

export const ask = async (path) => (await answerOf(path)).json();

export async function order(path, body) {
  const answer = await answerOf(path, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
  });
  return answer.json();
}

// All rows of a list, at most `most`; `whole` tells whether these were all.
export async function askAll(path, query, most = 5000) {
  const items = [];
  const parameters = new URLSearchParams(query);
  parameters.set('limit', '1000');
  for (;;) {
    const page = await ask(`${path}?${parameters}`);
    items.push(...page.items);
    if (page.next_cursor === null) return {items, whole: true};
    if (items.length >= most) return {items, whole: false};
    parameters.set('cursor', page.next_cursor);
  }
}

// Saves text under a name, as if it had been downloaded.
export function save(name, text, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// For links to CSV: a browser cannot send the token by itself when it follows one.
export async function saveFrom(path, name) {
  const answer = await answerOf(path);
  save(name, await answer.blob(), 'text/csv');
}

// Tells `heard` of each event of /api/v1/live until `signal` aborts; comes again by itself when the connection ends.
export async function watch(signal, heard, silent) {
  while (!signal.aborted) {
    try {
      const answer = await answerOf('api/v1/live', {signal});
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = '';;) {
        const {value, done} = await reader.read();
        if (done) break;
        text += value;
        for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
          const data = text.slice(0, end).split('\n').find((line) => line.startsWith('data: '));
          if (data) heard(JSON.parse(data.slice(6)));
        }
      }
    } catch (failure) {
      if (signal.aborted || failure.name === 'AbortError') return;
      silent(failure);
      if (failure instanceof Refused) return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
  }
}
