// SPDX-License-Identifier: MIT
// The profile maker: what is chosen here is what POST /api/v1/profile is asked for.
import {ask, order, save} from './api.js';
import {make, section} from './show.js';

// Fields of an order beside kinds and MDM: name, label, kind of input, and the kinds of profile that use them (none: all).
const kFields = [
  ['server', 'Name or address by which devices reach Larder', 'text'],
  ['token', 'Device token, for one device', 'text'],
  ['organization', 'Organization', 'text'],
  ['channel', 'Channel of AutoUpdate', 'text', /^mau/],
  ['ssid', 'Name of the Wi-Fi network', 'text', /^wifi/],
  ['wifi_password', 'Password of the Wi-Fi network', 'password', /^wifi/],
  ['dns_url', 'URL of the nameserver (DNS over HTTPS)', 'text', /^dns$/],
  ['dns_name', 'Name of the nameserver (DNS over TLS)', 'text', /^dns$/],
  ['defer_days', 'Days to defer updates', 'number', /^ddm-settings$/],
  ['os_version', 'Version to enforce', 'text', /^ddm-enforce$/],
  ['build', 'Build to enforce', 'text', /^ddm-enforce$/],
  ['deadline', 'Deadline, the device\'s time (2026-09-01T18:00:00)', 'text', /^ddm-enforce$/],
  ['details_url', 'Where the user can read more', 'text', /^ddm-enforce$/],
];

function shown(profile) {
  const list = (title, lines, kind) => (lines.length === 0 ? [] : [make('div', {class: kind}, make('h3', {}, title), make('ul', {}, lines.map((line) => make('li', {}, line))))]);
  return [
    ...list('What it does', profile.summary), ...list('What to know', profile.warnings, 'notice'),
    make('p', {}, make('button', {type: 'button', onclick: () => save(profile.file_name, profile.text, profile.content_type)}, `Save ${profile.file_name}`)),
    make('pre', {tabindex: '0', 'aria-label': `Text of ${profile.file_name}`}, profile.text),
  ];
}

export async function profiles(place) {
  const {kinds, mdms} = await ask('api/v1/profiles');
  const chosen = new Set(place.get('kinds').split(',').filter((name) => kinds.some((kind) => kind.name === name)));
  const result = make('div', {id: 'profile', role: 'region', 'aria-live': 'polite', 'aria-label': 'The profile'}, make('p', {class: 'panel empty'}, 'It is written when it is asked for.'));
  const note = make('p', {class: 'count'});
  const labels = kFields.map(([name, label, type, fits]) => ({
    fits, row: make('label', {class: 'field'}, make('span', {}, label), make('input', {name, type, autocomplete: 'off', min: type === 'number' ? 0 : null})),
  }));

  const select = make('select', {name: 'mdm', onchange: fit}, mdms.map((mdm) => make('option', {value: mdm.name}, mdm.name)));
  select.value = mdms.some((mdm) => mdm.name === place.get('mdm')) ? place.get('mdm') : 'none';

  const boxes = kinds.map((kind) => make('label', {class: 'choice'},
    make('input', {type: 'checkbox', name: 'kind', value: kind.name, checked: chosen.has(kind.name), onchange: (event) => {
      if (event.target.checked) {
        // What cannot stand with others stands alone.
        for (const other of form.elements.kind) {
          if (other !== event.target && (!kind.combines || !kinds.find(({name}) => name === other.value).combines)) other.checked = false;
        }
      }
      fit();
    }}), make('span', {}, make('strong', {}, kind.name), ` ${kind.meaning.replace(/ \(--[^)]*\)/, '')}`)));

  const form = make('form', {class: 'maker', onsubmit: async (event) => {
    event.preventDefault();
    const body = {kinds: picked(), mdm: select.value};
    for (const {row} of labels) {
      const input = row.querySelector('input');
      if (row.hidden || !input.value) continue;
      body[input.name] = input.type === 'number' ? Number(input.value) : input.value;
    }
    try {
      result.replaceChildren(...shown(await order('api/v1/profile', body)));
    } catch (failure) {
      result.replaceChildren(make('p', {class: 'notice', role: 'alert'}, failure.message));
    }
  }},
  make('fieldset', {}, make('legend', {}, 'What for'), boxes),
  make('fieldset', {}, make('legend', {}, 'For whom'), make('label', {class: 'field'}, make('span', {}, 'MDM'), select), note, labels.map(({row}) => row)),
  make('button', {}, 'Write the profile'));

  function picked() {
    return [...form.elements.kind].filter((box) => box.checked).map((box) => box.value);
  }

  function fit() {
    const names = picked();
    place.set('kinds', names.join(','));
    place.set('mdm', select.value === 'none' ? '' : select.value);
    note.textContent = mdms.find(({name}) => name === select.value)?.note ?? '';
    for (const {fits, row} of labels) row.hidden = Boolean(fits) && !names.some((name) => fits.test(name));
  }

  fit();
  return {title: 'Profiles', nodes: [form, section('The profile', result)]};
}
