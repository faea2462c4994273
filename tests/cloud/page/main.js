// The frame: who is logged in, which language, and which view the address names. The address is all the state there is,
// so a page that is reloaded or opened twice shows the same.
import { el, button } from './dom.js';
import { t, lang, speak } from './texts.js';
import { own, callList, forgetCalls } from './calls.js';
import { home, connect } from './home.js';
import { consent } from './consent.js';
import { account } from './transactions.js';
import { desk } from './desk.js';

let turn = 0;

async function draw() {
  const mine = (turn += 1);
  const here = () => mine === turn;
  speak(lang());
  document.title = t('title');
  forgetCalls();
  const visitor = await own('GET', '/app/visitor');
  if (!here()) return;
  const view = el('div', { class: 'view' });
  document.getElementById('page').replaceChildren(
    header(visitor),
    el('div', { class: 'columns' }, el('main', { id: 'main', tabindex: -1 }, view, callList()), desk()),
  );
  const [name, id, kind, accountId] = location.hash.replace(/^#\//, '').split('/');
  const views = { connect: () => connect(view), consent: () => (accountId ? account(view, id, kind, accountId) : consent(view, id, visitor, here)) };
  await (views[name] ?? (() => home(view)))();
}

function header(visitor) {
  const name = el('input', { id: 'user', value: visitor.user, maxlength: 40, pattern: '[A-Za-z0-9_\\-]+', autocomplete: 'off', spellcheck: 'false' });
  name.addEventListener('change', async () => {
    if (!name.checkValidity() || !name.value) return;
    await own('POST', '/app/visitor', { user: name.value });
    location.hash = '#/';
    draw();
  });
  const other = lang() === 'sv' ? 'en' : 'sv';
  return el('header', {}, el('a', { class: 'brand', href: '#/' }, t('title'), el('small', {}, t('demo'))),
    el('span', { class: 'fill' }), el('label', { for: 'user' }, t('user')), name,
    el('button', { type: 'button', lang: other, onclick: () => { speak(other); draw(); } }, t('language')));
}

window.addEventListener('hashchange', draw);
window.addEventListener('redraw', draw);
draw();
