// The rows of one account: a range of days, a search, pending rows apart, what is known to be complete, and the balance
// as a curve where the bank sends running balances. Rows are kept by id, so what comes again changes nothing.
import { el, svg, button, money, day } from './dom.js';
import { t, known } from './texts.js';
import { api, own } from './calls.js';
import { failed } from './consent.js';

const DAY = 86_400_000;
const date = (ms) => new Date(ms).toISOString().slice(0, 10);

export async function account(view, consent, kind, id) {
  const path = `/v1/consents/${consent}/${kind}/${id}/transactions`;
  const { now_ms } = await own('GET', '/desk/clock');
  const from = el('input', { type: 'date', id: 'from', value: date(now_ms - 60 * DAY) });
  const to = el('input', { type: 'date', id: 'to', value: date(now_ms) });
  const search = el('input', { type: 'search', id: 'search' });
  const found = el('div');
  let rows = new Map();
  let last = null;
  const draw = () => found.replaceChildren(...result(last, [...rows.values()], search.value, go));
  const ask = async (query) => {
    try {
      last = (await api('GET', `${path}?${query}`)).body;
      last.booked.forEach((row) => rows.set(row.transaction_id, row));
      draw();
    } catch (problem) {
      found.replaceChildren(failed(problem, () => ask(query)));
    }
  };
  const go = () => ask(`cursor=${encodeURIComponent(last.next_cursor)}`);
  const range = (event) => {
    event?.preventDefault();
    rows = new Map();
    return ask(`date_from=${from.value}&date_to=${to.value}`);
  };
  search.addEventListener('input', () => last && draw());
  view.replaceChildren(el('p', {}, el('a', { href: `#/consent/${consent}` }, `← ${t('back')}`)), el('h1', {}, t('transactions')),
    el('form', { class: 'row', onsubmit: range }, el('p', {}, el('label', { for: 'from' }, t('from')), from), el('p', {}, el('label', { for: 'to' }, t('to')), to),
      el('button', {}, t('show')), el('p', { class: 'fill' }, el('label', { for: 'search' }, t('search')), search)), found);
  await range();
}

function result(last, all, wanted, go) {
  const fits = (row) => `${row.text ?? ''} ${row.counterparty ?? ''} ${row.amount}`.toLowerCase().includes(wanted.toLowerCase());
  const order = (a, b) => (b.booking_date ?? b.transaction_date ?? '').localeCompare(a.booking_date ?? a.transaction_date ?? '');
  const booked = all.filter(fits).sort(order);
  const pending = last.pending.filter(fits);
  return [curve(all.sort(order)), coverage(last),
    pending.length ? [el('h2', {}, t('pending')), table(pending, t('pending'))] : null,
    el('h2', {}, t('booked'), el('small', { class: 'quiet' }, ` ${booked.length} ${t('rows')}`)), booked.length ? table(booked, t('booked')) : el('p', {}, t('nothing')),
    el('p', {}, button(last.more ? t('older') : t('follow'), go))].flat().filter(Boolean);
}

function table(rows, name) {
  const balances = rows.some((row) => row.balance_after);
  const line = (row) => el('tr', {}, el('td', { class: 'when' }, day(row.booking_date ?? row.transaction_date)), el('td', {}, row.text ?? row.counterparty ?? ''),
    el('td', { class: `money ${row.amount.startsWith('-') ? '' : 'plus'}` }, money(row.amount, row.currency)),
    balances ? el('td', { class: 'money quiet after' }, row.balance_after ? money(row.balance_after.amount, row.balance_after.currency) : '') : null);
  return el('table', {}, el('caption', { class: 'unseen' }, name),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t('date')), el('th', { scope: 'col' }, t('text')), el('th', { scope: 'col', class: 'money' }, t('amount')),
      balances ? el('th', { scope: 'col', class: 'money after' }, t('after')) : null)), el('tbody', {}, rows.map(line)));
}

function coverage({ coverage: windows, findings }) {
  const one = (part) => el('li', { class: part.complete ? 'complete' : 'incomplete' },
    `${day(part.date_from)} – ${day(part.date_to)}: ${t(part.complete ? 'complete' : 'incomplete')}`, part.proven_by ? ` (${known(part.proven_by) ? t(part.proven_by) : part.proven_by})` : '');
  const finding = (part) => el('li', { class: 'incomplete' }, el('code', {}, part.code), ` ${day(part.date_from)}`);
  return el('section', { class: 'coverage', 'aria-label': t('coverage') }, el('ul', {}, windows.map(one), findings.map(finding)));
}

// Positions only: the figures beside the curve are the bank's own digits.
function curve(rows) {
  const points = rows.filter((row) => row.balance_after).reverse();
  if (points.length < 2) return null;
  const [wide, high] = [640, 120];
  const at = (row) => Date.parse(row.booking_date);
  const figure = (row) => Number(row.balance_after.amount);
  const [first, end] = [at(points[0]), at(points.at(-1))];
  const sorted = [...points].sort((a, b) => figure(a) - figure(b));
  const [low, top] = [sorted[0], sorted.at(-1)];
  const x = (row) => (wide * (at(row) - first)) / Math.max(1, end - first);
  const y = (row) => high - 8 - ((high - 16) * (figure(row) - figure(low))) / Math.max(1e-9, figure(top) - figure(low));
  const line = points.map((row, index) => `${index ? `H${x(row).toFixed(1)}V` : `M${x(row).toFixed(1)},`}${y(row).toFixed(1)}`).join('');
  const shown = ({ balance_after: { amount, currency } }) => money(amount, currency);
  const words = `${t('curve')}: ${day(points[0].booking_date)} – ${day(points.at(-1).booking_date)}, ${shown(low)} – ${shown(top)}`;
  return el('figure', {}, svg('svg', { viewBox: `0 0 ${wide} ${high}`, role: 'img', 'aria-label': words, preserveAspectRatio: 'none' },
    svg('path', { class: 'area', d: `${line}V${high}H0Z` }), svg('path', { class: 'line', d: line })), el('figcaption', { class: 'quiet' }, words));
}
