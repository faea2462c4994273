// Elements, texts and figures. Amounts are texts and stay texts: their digits are grouped, never calculated with.
import { lang } from './texts.js';

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  return fill(node, attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'value') node.value = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const button = (text, onclick, kind = '') => el('button', { type: 'button', class: kind, onclick }, text);

// What a screen reader is told; the same words stand on the page.
export function say(text) {
  document.getElementById('said').textContent = text;
}

export function money(amount, currency) {
  const [, sign, whole, rest] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [null, '', amount, ''];
  const swedish = lang() === 'sv';
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, swedish ? '\u00a0' : ',');
  const decimals = (rest ?? '').padEnd(2, '0');
  return `${sign ? '\u2212' : ''}${grouped}${swedish ? ',' : '.'}${decimals}\u00a0${currency ?? ''}`.trim();
}

const locale = () => (lang() === 'sv' ? 'sv-SE' : 'en-GB');

export const instant = (text) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text));
export const day = (text) =>
  text ? new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(text)) : '';
