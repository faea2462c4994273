// The control desk: the simulated bank's clock, customer, next fault and ledger.
import { el, button, instant, say } from './dom.js';
import { t } from './texts.js';
import { own, afterCalls } from './calls.js';

const CALLS = ['any', 'consents.create', 'token.authorization_code', 'token.refresh_token', 'decoupled.init', 'decoupled.poll', 'accounts.list', 'accounts.one', 'accounts.transactions', 'cards.list'];
const FAULTS = ['kyc_missing', 'unavailable', 'internal_error', 'proxy_error', 'too_many_requests', 'token_not_active', 'request_rejected', 'truncated_json', 'answer_lost', 'close_before_answer', 'html', 'doubled_date'];

export function desk() {
  const clock = el('output', { class: 'clock', id: 'clock' });
  const customer = el('select', { id: 'customer' });
  const option = (value, text = value) => el('option', { value }, text);
  const call = el('select', { id: 'call' }, CALLS.map((one) => option(one)));
  const fault = el('select', { id: 'fault' }, FAULTS.map((one) => option(one)));
  const faults = el('ul', { class: 'quiet', 'aria-label': t('fault') });
  const ledger = el('div', { class: 'ledger', tabindex: 0, role: 'region', 'aria-label': t('ledger') });
  const run = (work) => async () => {
    try { await work(); await look(); } catch (problem) { say(problem.message); faults.replaceChildren(el('li', {}, problem.message)); }
  };
  const move = (order) => run(async () => { await own('POST', '/desk/clock', order); window.dispatchEvent(new Event('redraw')); });
  const look = async () => {
    const [now, coming, seen] = await Promise.all(['clock', 'faults', 'ledger'].map((name) => own('GET', `/desk/${name}`)));
    clock.textContent = instant(now.now);
    faults.replaceChildren(...coming.map((one) => el('li', {}, `${one.call}: ${one.fault.kind} × ${one.times}`)));
    const line = (one) => el('tr', {}, el('td', {}, one.kind), el('td', {}, one.status), el('td', {}, one.fault ?? ''), el('td', {}, seen.exchanges[one.tpp_transaction_id] ?? ''));
    ledger.replaceChildren(el('table', {}, el('thead', {}, el('tr', {}, ['call', 'answer', 'broken', 'exchanges'].map((name) => el('th', { scope: 'col' }, t(name))))),
      el('tbody', {}, seen.calls.slice(-40).reverse().map(line))));
  };
  customer.addEventListener('change', run(() => own('POST', '/desk/customer', { key: customer.value })));
  const start = run(async () => {
    const all = await own('GET', '/desk/customers');
    customer.replaceChildren(...all.map((one) => option(one.key, `${one.name} (${one.country})`)));
  });
  const order = run(() => own('POST', '/desk/faults', { call: call.value, fault: fault.value === 'too_many_requests' ? { kind: fault.value, retry_after_s: 5 } : { kind: fault.value } }));
  start();
  afterCalls(run(async () => {}));
  return el('aside', { class: 'desk', 'aria-label': t('desk') }, el('h2', {}, t('desk')), el('p', { class: 'quiet' }, t('deskAbout')),
    el('h3', {}, t('clock')), clock, el('p', { class: 'row' }, button(t('minutes'), move({ advance_ms: 960_000 })), button(t('hour'), move({ advance_ms: 3_600_000 })), button(t('aDay'), move({ advance_days: 1 })), button(t('days80'), move({ advance_days: 80 }))),
    el('p', {}, el('label', { for: 'customer' }, t('customer')), customer),
    el('h3', {}, t('fault')), el('p', {}, el('label', { for: 'call' }, t('call')), call), el('p', {}, el('label', { for: 'fault' }, t('fault')), fault),
    faults, el('p', { class: 'row' }, button(t('order'), order), button(t('clear'), run(() => own('DELETE', '/desk/faults')))),
    el('h3', {}, t('ledger')), el('p', {}, button(t('refresh'), run(async () => {}))), ledger);
}
