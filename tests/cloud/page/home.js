// The user's connections, and the beginning of a new one.
import { el, instant } from './dom.js';
import { t } from './texts.js';
import { api } from './calls.js';
import { failed } from './consent.js';

export async function home(view) {
  try {
    const { body } = await api('GET', '/v1/consents');
    const item = (one) => el('li', {}, el('a', { href: `#/consent/${one.consent_id}` },
      el('b', {}, `Handelsbanken ${one.country}`), el('span', { class: 'quiet' }, `${t(one.psu_type)} · ${instant(one.created_at)}`),
      el('span', { class: `badge ${one.status}` }, t(`s_${one.status}`)), one.renewal_due ? el('span', { class: 'badge due' }, t('renew')) : null));
    view.replaceChildren(el('h1', {}, t('home')),
      body.consents.length ? el('ul', { class: 'list' }, body.consents.map(item)) : el('p', {}, t('none')),
      el('p', {}, el('a', { class: 'button main', href: '#/connect' }, t('connect'))));
  } catch (problem) {
    view.replaceChildren(el('h1', {}, t('home')), failed(problem, () => home(view)));
  }
}

const NUMBERS = { SE: '5599990016', NL: '104512', LU: '', GB: '' };

export function connect(view) {
  const country = el('select', { id: 'country' }, Object.keys(NUMBERS).map((code) => el('option', { value: code }, code)));
  const kind = (value, checked) => el('label', { class: 'choice' }, el('input', { type: 'radio', name: 'kind', value, checked }), ' ', t(value));
  const number = el('input', { id: 'number', inputmode: 'numeric', autocomplete: 'off' });
  const numberRow = el('p', { hidden: true }, el('label', { for: 'number' }, t('number')), number);
  const said = el('div');
  const form = el('form', {}, el('p', {}, el('label', { for: 'country' }, t('country')), country),
    el('fieldset', {}, el('legend', {}, t('whose')), kind('individual', true), kind('corporate', false)), numberRow, said,
    el('button', { class: 'main' }, t('next')));
  const company = () => form.elements.kind.value === 'corporate';
  form.addEventListener('change', (event) => {
    if (event.target !== number) number.value = NUMBERS[country.value];
    numberRow.hidden = !company() || country.value === 'GB';
  });
  // A start that is sent again is the same start.
  const keys = {};
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const wish = { country: country.value, psu_type: company() ? 'corporate' : 'individual' };
    if (company() && country.value !== 'GB') wish.psu_corporate_id = number.value;
    const send = form.querySelector('button');
    send.disabled = true;
    try {
      const { body } = await api('POST', '/v1/consents', wish, { 'idempotency-key': (keys[JSON.stringify(wish)] ??= crypto.randomUUID()) });
      location.hash = `#/consent/${body.consent_id}`;
    } catch (problem) {
      said.replaceChildren(failed(problem));
    }
    send.disabled = false;
  });
  view.replaceChildren(el('h1', {}, t('connect')), form);
}
