// One connection, whatever its status: choosing how to sign, signing, and what is there once it is signed.
import { el, button, instant, say } from './dom.js';
import { t, lang } from './texts.js';
import { api, own, told } from './calls.js';
import { accounts } from './accounts.js';

const redraw = () => window.dispatchEvent(new Event('redraw'));
const NUMBER = '190102039815';

// A problem in its own words, with what can be done about it.
export function failed(problem, retry) {
  say(problem.message);
  return el('div', { class: 'problem', role: 'alert' }, el('p', {}, problem.message),
    problem.code ? el('p', { class: 'quiet' }, el('code', {}, problem.code)) : null,
    retry && (problem.body?.retryable || !problem.code) ? button(t('retry'), retry) : null);
}

export async function consent(view, id, visitor, here) {
  const path = `/v1/consents/${id}`;
  const came = visitor.arrivals.find((arrival) => arrival.consent_id === id);
  const head = el('h1', {}, 'Handelsbanken');
  try {
    let news = null;
    if (came?.outcome === 'signed') {
      try {
        const { body } = told(await own('POST', `/app/claim/${id}`));
        news = body.accounts ? renewed(body.accounts) : null;
      } catch (problem) {
        news = failed(problem, redraw);
      }
    }
    const { body } = await api('GET', path);
    if (!here()) return;
    head.append(` ${body.country} `, el('span', { class: `badge ${body.status}` }, t(`s_${body.status}`)));
    const attempt = body.authorization;
    const parts = [head, news, ...standing(body, attempt, { id, path, here, came })];
    if (body.status === 'active') parts.push(el('div', {}, await accounts(id)));
    parts.push(details(body, path));
    if (here()) view.replaceChildren(...parts.filter(Boolean));
  } catch (problem) {
    view.replaceChildren(head, failed(problem, redraw), el('p', {}, el('a', { href: '#/connect' }, t('connect'))));
  }
}

// What became of the accounts: a signature with another login would show here.
function renewed({ kept, added, lost }) {
  return el('p', { class: 'good', role: 'status' }, `${t('renewed')} ${t('kept')}: ${kept.length}, ${t('added')}: ${added.length}, ${t('lostAccounts')}: ${lost.length}`);
}

function standing(body, attempt, about) {
  const { path, id, came } = about;
  const end = () => button(t('cancel'), () => act(() => api('DELETE', `${path}/authorization`)));
  switch (attempt.state) {
    case 'registered': return [choose(path, attempt.methods)];
    case 'awaiting_redirect': return [
      el('section', {}, attempt.denied || came?.outcome === 'denied' ? el('p', { class: 'problem', role: 'alert' }, t('denied')) : null,
        el('p', {}, t('toBankAbout')), el('p', { class: 'row' }, button(t('toBank'), () => act(async () => {
          const again = told(await own('POST', `/app/resume/${id}`));
          if (!again) throw new Error(t('lost'));
          location.assign(again.body.authorization.url);
        }, false), 'main'), end()))];
    case 'awaiting_approval': return [bankId(about, end)];
    case 'signed': return [el('p', {}, attempt.method === 'decoupled' ? t('signed') : t('signedLost')),
      attempt.method === 'decoupled' ? claimer(id) : null];
    case 'failed': {
      const message = attempt.user_message?.[lang()] ?? t('trouble');
      say(message);
      return [el('div', { class: 'problem', role: 'alert' }, el('p', {}, message), el('p', { class: 'quiet' }, el('code', {}, attempt.reason))), over(body, path)];
    }
    default: return [over(body, path)];
  }
}

// A renewal with BankID is claimed without a handle: the token of its owner is enough.
function claimer(id) {
  act(async () => told(await own('POST', `/app/claim/${id}`)));
  return null;
}

function over(body, path) {
  if (body.status === 'active' && body.renewal_due) {
    return el('section', { class: 'due' }, el('p', {}, t('due')), choose(path, ['redirect', 'decoupled'], t('renew')));
  }
  if (body.status === 'active') return null;
  if (body.status === 'expired' && body.expires_at) return choose(path, ['redirect', 'decoupled'], t('renew'));
  return el('section', {}, body.status === 'revoked' ? el('p', {}, t('ended')) : null, el('a', { class: 'button main', href: '#/connect' }, t('again')));
}

// Without a title these are the methods that the bank has named; before a renewal it has not been asked.
function choose(path, methods, title) {
  const number = el('input', { id: 'person', value: NUMBER, inputmode: 'numeric', autocomplete: 'off', 'aria-describedby': 'hint' });
  const keys = {};
  const start = (wish) => () => act(async () => {
    const { body } = await api('POST', `${path}/authorization`, { app: 'web', ...wish }, { 'idempotency-key': (keys[JSON.stringify(wish)] ??= crypto.randomUUID()) });
    if (wish.method === 'redirect') location.assign(body.authorization.url);
  }, wish.method !== 'redirect');
  const bankid = (same_device) => () => start({ method: 'decoupled', same_device, personal_number: number.value })();
  return el('section', {}, el('h2', {}, title ?? t('how')), title ? null : el('p', { class: 'quiet' }, t('offered')),
    methods.includes('redirect') ? el('p', {}, button(t('redirect'), start({ method: 'redirect' }), 'main')) : null,
    methods.includes('decoupled') ? [el('p', {}, el('label', { for: 'person' }, t('person')), number, el('small', { id: 'hint' }, t('personHint'))),
      el('p', { class: 'row' }, button(t('other'), bankid(false), 'main'), button(t('here'), bankid(true), 'main'))] : null);
}

// Runs what a button wants; a problem is shown above everything, and the view drawn anew else.
async function act(work, again = true) {
  const place = document.querySelector('.view');
  try {
    await work();
    if (again) redraw();
  } catch (problem) {
    place.prepend(failed(problem, () => act(work, again)));
  }
}

function bankId({ id, path, here }, end) {
  const picture = el('div', { class: 'qr' });
  const progress = el('progress', { max: 30, 'aria-label': t('toOpen') });
  const words = el('p', {}, t('waiting'));
  const count = el('p', { class: 'quiet' });
  const thumb = (action, text) => button(text, () => own('POST', '/desk/bankid', action));
  let asked = 0;
  const look = async () => {
    const again = told(await own('POST', `/app/resume/${id}`));
    if (!again) { words.textContent = t('lost'); return; }
    const { authorization } = again.body;
    show(again.qr, authorization.links);
    poll(authorization.poll_after_ms ?? 2000);
  };
  const show = (drawn, links) => {
    if (drawn) picture.replaceChildren(el('p', {}, t('scan')), picked(drawn));
    else if (links && !picture.firstChild) picture.replaceChildren(el('a', { class: 'button main', href: links.desktop }, t('open')));
  };
  const poll = (wait) => setTimeout(async () => {
    if (!here()) return;
    try {
      const answer = await api('POST', `${path}/authorization/poll`);
      asked += 1;
      count.textContent = `${t('polls')}: ${asked}`;
      if (answer.body.authorization.state !== 'awaiting_approval') { redraw(); return; }
      show(answer.qr);
      poll(answer.body.poll_after_ms ?? 2000);
    } catch (problem) {
      if (!here()) return;
      count.replaceChildren(failed(problem));
      if (problem.body?.retryable) poll((problem.body.retry_after_s ?? 2) * 1000);
    }
  }, wait + 50);
  const tick = async () => {
    const [clock, standing] = await Promise.all([own('GET', '/desk/clock'), own('GET', `/app/v1/consents/${id}/authorization`)]);
    const left = Math.round((Date.parse(standing.body.open_by) - clock.now_ms) / 1000);
    const until = Date.now() + left * 1000;
    const timer = setInterval(() => {
      if (!here() || !progress.isConnected) { clearInterval(timer); return; }
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
      progress.value = seconds;
      words.textContent = seconds ? `${t('waiting')} ${seconds} ${t('toOpen')}` : t('late');
    }, 1000);
  };
  setTimeout(() => { look().catch((problem) => words.replaceWith(failed(problem))); tick().catch(() => {}); });
  return el('section', {}, picture, words, progress, count, el('p', { class: 'row' }, end()),
    el('fieldset', {}, el('legend', {}, t('phone')), el('p', { class: 'row' }, thumb({ action: 'open' }, t('opens')), thumb({ action: 'approve' }, t('approves')),
      thumb({ action: 'deny' }, t('refuses')), thumb({ action: 'fail', error: 'mbid_error' }, t('fails')))));
}

function picked(text) {
  const drawn = document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', t('scan'));
  return drawn;
}

function details(body, path) {
  const row = (name, value) => (value ? [el('dt', {}, name), el('dd', {}, instant(value))] : []);
  const reads = (one) => el('li', {}, `${one.resource}${one.account_id ? ` ${one.account_id.slice(0, 8)}…` : ''}: ${one.used} ${t('used')}, ${one.left} ${t('left')}`);
  const event = (one) => el('li', {}, el('time', { datetime: one.at }, instant(one.at)), ' ', el('b', {}, one.event), one.reason ? ` · ${one.reason}` : '',
    one.bank_code ? ` · ${one.bank_code}` : '', ' ', el('code', { class: 'quiet' }, one.trace_id.slice(0, 8)));
  const sure = el('dialog', { 'aria-label': t('sure') }, el('p', {}, t('sure')), el('p', { class: 'row' },
    button(t('yes'), () => { sure.close(); act(() => api('DELETE', path)); }, 'bad'), button(t('no'), () => sure.close())));
  const unattended = () => act(() => api('GET', `${path}/accounts`, undefined, { unattended: '1' }));
  return el('section', { class: 'about' },
    body.expires_at ? [el('h2', {}, t('clocks')), el('dl', {}, row(t('ends'), body.expires_at), row(t('renewFrom'), body.renew_by), row(t('tokenEnds'), body.refresh_token_expires_at), row(t('consentEnds'), body.consent_expires_at))] : null,
    body.status === 'active' ? [el('h2', {}, t('budget')), body.budget.length ? el('ul', {}, body.budget.map(reads)) : el('p', { class: 'quiet' }, t('budgetNone')),
      el('p', {}, button(t('unattended'), unattended))] : null,
    el('h2', {}, t('timeline')), el('ol', { class: 'timeline' }, body.timeline.map(event)),
    body.status === 'active' ? el('p', { class: 'row' }, body.renewal_due ? null : renewer(path), button(t('revoke'), () => sure.showModal(), 'bad'), sure) : null);
}

function renewer(path) {
  return button(t('renew'), (event) => event.target.closest('.about').prepend(choose(path, ['redirect', 'decoupled'], t('renew'))));
}
