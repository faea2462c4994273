// Calls to the app's own back end, which calls the API; and the list of them that stands beside each step.
import { el, button } from './dom.js';
import { t, lang } from './texts.js';

let calls = [];
let shown = null;
let afterwards = () => {};
let pause = 0;

export class Problem extends Error {
  constructor(answer) {
    const body = typeof answer.body === 'object' && answer.body ? answer.body : {};
    super(body.user_message?.[lang()] ?? t('trouble'));
    this.status = answer.status;
    this.body = body;
    this.code = body.code ?? String(answer.status);
  }
}

export async function own(method, path, body, headers = {}) {
  const options = { method, headers };
  if (method !== 'GET') {
    options.headers = { ...headers, 'content-type': 'application/json' };
    options.body = body === undefined ? '' : JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

// One call of the API: its answer, or a Problem.
export async function api(method, path, body, headers) {
  return told(await own(method, `/app${path}`, body, headers));
}

export function told(answer) {
  if (answer === null) return null;
  calls.push(answer);
  draw();
  clearTimeout(pause);
  pause = setTimeout(() => afterwards(), 300);
  if (answer.status >= 300) throw new Problem(answer);
  return answer;
}

// What is to be looked at anew once some calls have been made.
export function afterCalls(work) {
  afterwards = work;
}

export function forgetCalls() {
  calls = [];
}

export function callList() {
  shown = el('section', { class: 'wire', 'aria-label': t('wire') });
  draw();
  return shown;
}

function draw() {
  if (!shown) return;
  const open = new Set([...shown.querySelectorAll('details[open]')].map((node) => node.dataset.number));
  shown.replaceChildren(
    el('h2', {}, t('wire')),
    el('p', { class: 'quiet' }, calls.length ? t('wireAbout') : t('wireNone')),
    ...calls.slice(-12).map((call, index) => one(call, Math.max(0, calls.length - 12) + index, open)),
  );
}

function one({ request, status, headers, body, curl, took_ms, at_bank }, number, open) {
  const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  const cut = (text) => (text.length > 6000 ? `${text.slice(0, 6000)}\n…` : text);
  const part = (title, text) => el('details', { class: 'part', 'data-number': `${number}${title}`, open: open.has(`${number}${title}`) },
    el('summary', {}, title), el('pre', { tabindex: 0, 'aria-label': title }, cut(text)),
    title === 'curl' ? button(t('copy'), () => navigator.clipboard.writeText(text), 'small') : null);
  const lines = (values) => Object.entries(values).map(([name, value]) => `${name}: ${value}`).join('\n');
  return el('details', { 'data-number': number, open: open.has(String(number)) },
    el('summary', {}, el('span', { class: `status s${String(status)[0]}` }, status), ' ', el('b', {}, request.method), ' ',
      el('span', { class: 'path' }, request.path), ' ', el('span', { class: 'quiet' }, `${took_ms} ms · ${t('bankCalls')}: ${at_bank.length}`)),
    part(t('request'), `${request.method} ${request.path}\n${lines(request.headers)}${request.body ? `\n\n${json(request.body)}` : ''}`),
    part(t('answer'), `${status}\n${lines(headers)}\n\n${json(body)}`),
    at_bank.length ? part(t('atBank'), at_bank.map((call) => `${call.kind}  ${call.status}`).join('\n')) : null,
    part('curl', curl));
}
