// SPDX-License-Identifier: MIT
// The page: which view an address names, what stands in the frame around it, and when things are asked again.
import {Missing, Refused, Silent, ask, token, watch} from './api.js';
import {draw} from './charts.js';
import {address, link, make, number} from './show.js';
import {device, devices, lagging, release, releases, traffic, versions} from './view_reports.js';
import {overview} from './view_overview.js';
import {changes, problems, store} from './view_house.js';
import {profiles} from './view_profiles.js';

const kStatusMs = 15000;
const kAgainMs = 2000;  // after no answer
const kRenewMs = 60000;
const kPeriods = [['1d', '24 hours'], ['7d', '7 days'], ['30d', '30 days'], ['all', 'Everything']];
const kUsualPeriod = '7d';

// A view is a function of its place that gives {title, nodes, live?}: what is shown, and what to do with each live event.
// `periods`: whether it looks at a span of time (`usual`: at which, when none was chosen), and of one group of devices if one is chosen; `groups`: at the group alone. `listed`: whether it stands in the navigation.
const kViews = {
  '': {name: 'Overview', make: overview, periods: true, listed: true},
  devices: {name: 'Devices', make: devices, periods: true, listed: true},
  device: {name: 'Device', make: device},
  versions: {name: 'Versions', make: versions, periods: true, listed: true},
  release: {name: 'Release', make: release, groups: true},
  releases: {name: 'Releases', make: releases, groups: true, listed: true},
  lagging: {name: 'Who lags', make: lagging, periods: true, usual: 'all', listed: true},
  traffic: {name: 'Traffic', make: traffic, periods: true, listed: true},
  store: {name: 'Store', make: store, listed: true},
  profiles: {name: 'Profiles', make: profiles, listed: true},
  changes: {name: 'Changes', make: changes, periods: true, listed: true},
  problems: {name: 'Problems', make: problems, periods: true, listed: true},
};

const at = (id) => document.getElementById(id);

// Where the page is: the address's path, and a query in which a view keeps what can be shared of its state.
class Place {
  constructor(hash) {
    const [path, query] = hash.replace(/^#\/?/, '').split('?');
    this.path = path.split('/').map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
    this.query = new URLSearchParams(query);
  }
  get(key) {
    return this.query.get(key) ?? '';
  }
  set(key, value) {
    if (value) this.query.set(key, value); else this.query.delete(key);
    history.replaceState(null, '', address(this.path, Object.fromEntries(this.query)));
  }
  get period() {
    return kPeriods.some(([key]) => key === this.get('period')) ? this.get('period') : kViews[this.path[0]]?.usual ?? kUsualPeriod;
  }
  // What reports are asked about, as the API takes it: {group}, and with a span of time {from}; either may be left out.
  get scope() {
    return this.get('group') ? {group: this.get('group')} : {};
  }
  get time() {
    if (this.period === 'all') return {};
    return {from: new Date(Date.now() - Number.parseInt(this.period, 10) * 86400000).toISOString()};
  }
  get window() {
    return {...this.time, ...this.scope};
  }
}

let place = new Place(location.hash);
let shown = null;      // the view that is shown
let turn = 0;          // of what is being asked; older answers are dropped
let again = 0;         // the timer that asks again after no answer
let watching = null;   // an AbortController while the live view runs

function frame() {
  const {period, group} = Object.fromEntries(place.query);
  at('views').replaceChildren(...Object.entries(kViews).filter(([, view]) => view.listed).map(([path, view]) => {
    const made = link(view.name, path, {period, group});
    if (path === place.path[0]) made.setAttribute('aria-current', 'page');
    return made;
  }));
  at('forget').hidden = !token.get();
}

function periods() {
  return make('nav', {class: 'periods', 'aria-label': 'Span of time'}, kPeriods.map(([key, name]) => {
    const query = {...Object.fromEntries(place.query), period: key};
    const made = link(name, place.path, query);
    if (key === place.period) made.setAttribute('aria-current', 'true');
    return made;
  }));
}

// That only one group is looked at, and the way back to all.
function chosenGroup() {
  if (!place.get('group')) return null;
  return make('p', {class: 'group'}, `Only devices of the group ${place.get('group')}. `, link('All devices', place.path, {...Object.fromEntries(place.query), group: ''}));
}

function trouble(text) {
  at('trouble').textContent = text ?? '';
  at('trouble').hidden = !text;
}

function lock() {
  watching?.abort();
  watching = null;
  shown = null;
  at('token-answer').textContent = token.get() ? 'This token is wrong.' : '';
  at('ask-token').hidden = false;
  at('view').replaceChildren();
  trouble(null);
  at('state').textContent = 'locked';
  at('state').className = '';
  document.title = 'Larder';
  at('token').focus();
}

// A failure that no view can do anything about.
function failed(failure) {
  if (failure instanceof Refused) return lock();
  if (failure instanceof Silent) {
    at('state').textContent = 'no answer';
    at('state').className = 'bad';
    clearTimeout(again);
    again = setTimeout(status, kAgainMs);
    return trouble('larderd does not answer. What is below are the last numbers it gave; they go on when it is back.');
  }
  return trouble(failure.message);
}

async function show({moved}) {
  const mine = ++turn;
  const view = kViews[place.path[0]];
  frame();
  try {
    const made = view ? await view.make(place)
      : {title: 'There is no such view', nodes: [make('p', {}, 'Choose one above.')]};
    if (mine !== turn) return;
    const heading = make('h1', {tabindex: '-1'}, made.title);
    at('view').replaceChildren(make('div', {class: 'title'}, heading, view?.periods ? periods() : null),
                              ...(view?.periods || view?.groups ? [chosenGroup()].filter(Boolean) : []), ...made.nodes);
    draw();
    document.title = `${made.title} – Larder`;
    at('ask-token').hidden = true;
    trouble(null);
    shown = made;
    if (moved) heading.focus();
    live();
  } catch (failure) {
    if (mine !== turn) return;
    if (failure instanceof Missing) {
      at('view').replaceChildren(make('h1', {tabindex: '-1'}, view.name), make('p', {class: 'notice'}, failure.message));
      return;
    }
    failed(failure);
  }
}

function live() {
  if (watching || document.hidden) return;
  const mine = new AbortController();
  watching = mine;
  watch(mine.signal, (event) => shown?.live?.(event), () => shown?.live?.(null))
    .finally(() => { if (watching === mine) watching = null; });
}

async function status() {
  if (document.hidden || !at('ask-token').hidden) return;
  try {
    const now = await ask('api/v1/status');
    const count = now.problems.length + now.origins_at_rest.length;
    const state = at('state');
    const words = !now.ready ? 'not serving yet' : count === 0 ? 'all is well' : count === 1 ? '1 problem' : `${number(count)} problems`;
    if (state.textContent !== words) {
      state.replaceChildren(count === 0 ? words : link(words, 'problems'));
      state.className = count > 0 || !now.ready ? 'bad' : 'good';
    }
    if (!at('trouble').hidden || !shown) show({moved: false});
  } catch (failure) {
    failed(failure);
  }
}

at('ask-token').addEventListener('submit', async (event) => {
  event.preventDefault();
  token.set(at('token').value.trim());
  at('token').value = '';
  at('ask-token').hidden = true;
  await show({moved: true});
  status();
});

at('forget').addEventListener('click', () => {
  token.forget();
  lock();
});

at('skip').addEventListener('click', (event) => {
  event.preventDefault();
  at('content').focus();
});

addEventListener('hashchange', () => {
  place = new Place(location.hash);
  show({moved: true});
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    watching?.abort();
    watching = null;
  } else {
    status();
    if (shown) live();
  }
});

show({moved: false});
status();
setInterval(status, kStatusMs);
// Not while somebody is in the middle of something.
setInterval(() => {
  if (!document.hidden && shown?.renews && !at('view').contains(document.activeElement)) show({moved: false});
}, kRenewMs);
