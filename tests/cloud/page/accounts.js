// Accounts and cards with their balances by kind, and what they come to together.
import { el, money } from './dom.js';
import { t, known, lang } from './texts.js';
import { api } from './calls.js';
import { failed } from './consent.js';

const kind = (name) => (known(name) ? t(name) : name);

// Nodes for both lists; where one cannot be had, its problem stands in its place.
export async function accounts(id) {
  const list = async (path, name) => {
    try {
      return (await api('GET', `/v1/consents/${id}/${path}`)).body[name];
    } catch (problem) {
      return failed(problem, () => window.dispatchEvent(new Event('redraw')));
    }
  };
  const own = await list('accounts', 'accounts');
  if (!Array.isArray(own)) return [el('h2', {}, t('accounts')), own];
  const cards = await list('card-accounts', 'card_accounts');
  const names = new Map([...own, ...(Array.isArray(cards) ? cards : [])].map((one) => [one.account_id, title(one)]));
  const tiles = (all, path) => el('ul', { class: 'tiles' }, all.map((one) => tile(id, path, one, names)));
  return [el('h2', {}, t('accounts')), own.length ? tiles(own, 'accounts') : el('p', {}, t('nothing')),
    Array.isArray(cards) ? (cards.length ? [el('h2', {}, t('cards')), tiles(cards, 'card-accounts')] : []) : [el('h2', {}, t('cards')), cards]];
}

export const title = (one) => one.name ?? one.product ?? one.iban ?? one.account_id;

function tile(consent, path, one, names) {
  const number = one.iban?.replace(/(.{4})/g, '$1 ') ?? one.bban ?? one.cards?.map((card) => card.masked_pan).join(', ');
  const balance = ({ kind: name, amount, currency }) => el('div', {}, el('dt', {}, kind(name)), el('dd', {}, money(amount, currency)));
  return el('li', {}, el('h3', {}, el('a', { href: `#/consent/${consent}/${path}/${one.account_id}` }, title(one))),
    el('p', { class: 'quiet' }, [one.name && one.product ? `${one.product} · ` : '', number]),
    one.problem ? failed({ message: one.problem.user_message[lang()], code: one.problem.code }) : null,
    el('dl', { class: 'balances' }, (one.balances ?? []).map(balance),
      one.credit_limit ? balance({ kind: 'limit', ...one.credit_limit }) : null),
    one.same_funds_as ? el('p', { class: 'linked' }, `${t('same')} ${names.get(one.same_funds_as) ?? ''}`) : null);
}
