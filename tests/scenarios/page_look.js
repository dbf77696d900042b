// SPDX-License-Identifier: MIT
// What a reader with a screen reader, or without sharp eyes, would stumble over in the page as it stands: one sentence each.
const found = [];
const seen = (element) => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
const name = (element) => (element.getAttribute('aria-label') ?? '') + element.textContent.trim() +
  [...(element.labels ?? [])].map((label) => label.textContent.trim()).join('') + (element.title ?? '');
const what = (element) => `<${element.localName}> "${element.textContent.trim().slice(0, 40)}"`;

if ([...document.querySelectorAll('h1')].filter(seen).length !== 1) found.push('there is not one h1');
if (!document.documentElement.lang || !document.title) found.push('no language or no title');
const ids = [...document.querySelectorAll('[id]')].map(({id}) => id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) found.push(`the id ${id} is there twice`);
for (const element of document.querySelectorAll('a, button, input, select, progress, canvas, [role=region]')) {
  if (seen(element) && !name(element)) found.push(`${element.outerHTML.slice(0, 80)} has no name`);
}
for (const table of document.querySelectorAll('table')) {
  if (!table.caption?.textContent) found.push('a table has no caption');
  if ([...table.querySelectorAll('th')].some((cell) => !cell.scope)) found.push(`a heading of "${table.caption?.textContent}" has no scope`);
}
for (const element of document.querySelectorAll('[aria-labelledby]')) {
  if (!document.getElementById(element.getAttribute('aria-labelledby'))) found.push(`${what(element)} is labelled by nothing`);
}
for (const list of document.querySelectorAll('ul, ol')) {
  if ([...list.children].some(({localName}) => localName !== 'li')) found.push('a list has more than items');
}
let level = 0;
for (const heading of [...document.querySelectorAll('h1, h2, h3, h4')].filter(seen)) {
  const own = Number(heading.localName[1]);
  if (own > level + 1) found.push(`${what(heading)} skips a level`);
  level = own;
}

// Contrast, WCAG 2.2 1.4.3.
const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
function ground(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = parts(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
}
for (const element of document.querySelectorAll('body *')) {
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !seen(element) || element.closest('.unseen, .skip')) continue;
  if (element.disabled) continue;
  const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) found.push(`${what(element)} has a contrast of ${contrast.toFixed(2)}`);
}

// Layout: nothing reaches beyond the page's edge, unless it scrolls in a box of its own.
if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`);
if (document.querySelector('#view img, #view script, #view iframe, #view [style*="expression"]')) found.push('text has become markup');
return found;
