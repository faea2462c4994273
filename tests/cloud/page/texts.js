// What the page says, in Swedish and English. What went wrong is said in the words of the problem documents.
const TEXTS = {
  title: ['Accounts', 'Konton'], demo: ['demo app on a simulated bank', 'demoapp mot en simulerad bank'],
  user: ['User', 'Användare'], home: ['Connections', 'Anslutningar'], connect: ['Connect a bank', 'Anslut en bank'],
  none: ['Nothing is connected yet.', 'Inget är anslutet ännu.'], country: ['Country', 'Land'], whose: ['Whose accounts', 'Vems konton'],
  individual: ['Private', 'Privat'], corporate: ['Company', 'Företag'], number: ['Company number', 'Organisationsnummer'],
  next: ['Continue', 'Fortsätt'], how: ['How would you like to approve?', 'Hur vill du godkänna?'],
  redirect: ['At the bank, in the browser', 'Hos banken, i webbläsaren'], here: ['BankID on this device', 'BankID på den här enheten'],
  other: ['BankID on another device', 'BankID på en annan enhet'], person: ['Personal identity number', 'Personnummer'],
  personHint: ['Anna Testsson, a simulated customer, is filled in.', 'Anna Testsson, en simulerad kund, är ifylld.'],
  offered: ['The bank offers these ways.', 'Banken erbjuder de här sätten.'],
  toBank: ['Go to the bank', 'Gå till banken'], toBankAbout: ['Approve there; you come back here by yourself.', 'Godkänn där, så kommer du tillbaka hit.'],
  denied: ['The bank reports that it was not approved. You can try once more, or stop.', 'Banken meddelar att det inte godkändes. Du kan försöka igen eller avbryta.'],
  scan: ['Scan with the BankID app', 'Skanna med BankID-appen'], open: ['Open BankID', 'Öppna BankID'],
  waiting: ['Waiting for your approval …', 'Väntar på att du godkänner …'], toOpen: ['seconds left to open the app', 'sekunder kvar att öppna appen'],
  late: ['The time to open the app is over; waiting for the bank to say so.', 'Tiden att öppna appen är slut; väntar på bankens besked.'],
  polls: ['asked the bank', 'frågat banken'], cancel: ['Cancel', 'Avbryt'], phone: ['The simulated phone', 'Den simulerade telefonen'],
  opens: ['Open the app', 'Öppna appen'], approves: ['Approve', 'Godkänn'], refuses: ['Cancel in BankID', 'Avbryt i BankID'], fails: ['BankID fails', 'BankID misslyckas'],
  again: ['Start again', 'Börja om'], retry: ['Try again', 'Försök igen'], trouble: ['Something went wrong. Please try again.', 'Något gick fel. Försök igen.'],
  signed: ['Signed. One moment …', 'Signerat. Ett ögonblick …'], signedLost: ['Signed, but not claimed in this browser. Start again when the time is over.', 'Signerat, men inte hämtat i den här webbläsaren. Börja om när tiden är ute.'],
  lost: ['This start can no longer be continued. Cancel it and start again.', 'Den här starten går inte att fortsätta. Avbryt och börja om.'],
  accounts: ['Accounts', 'Konton'], cards: ['Cards', 'Kort'], totals: ['In total', 'Totalt'], available: ['Available', 'Tillgängligt'], current: ['Balance', 'Saldo'],
  same: ['The same money as', 'Samma pengar som'], transactions: ['Transactions', 'Transaktioner'], limit: ['Credit limit', 'Kreditgräns'],
  search: ['Search', 'Sök'], from: ['From', 'Från'], to: ['To', 'Till'], show: ['Show', 'Visa'], pending: ['Pending', 'Preliminära'], booked: ['Booked', 'Bokförda'],
  date: ['Date', 'Datum'], text: ['Text', 'Text'], amount: ['Amount', 'Belopp'], after: ['Balance after', 'Saldo efter'], rows: ['rows', 'rader'],
  coverage: ['What is complete', 'Vad som är komplett'], complete: ['complete', 'komplett'], incomplete: ['not known to be complete', 'inte säkert komplett'],
  under_cap: ['fewer rows than the bank sends at most', 'färre rader än banken skickar som mest'], balance_chain: ['the balances join', 'saldona hänger ihop'],
  curve: ['Balance', 'Saldo'], older: ['Older days', 'Äldre dagar'], follow: ['What is new?', 'Något nytt?'], back: ['Back', 'Tillbaka'], nothing: ['No rows.', 'Inga rader.'],
  clocks: ['Until when', 'Hur länge'], ends: ['Access ends', 'Åtkomsten upphör'], renewFrom: ['Renew from', 'Förnya från'], tokenEnds: ['Refresh token ends', 'Refresh token upphör'], consentEnds: ['Consent ends', 'Medgivandet upphör'],
  budget: ['Reads without the customer, last 24 hours', 'Läsningar utan kunden, senaste dygnet'], budgetNone: ['None yet.', 'Inga ännu.'], used: ['used', 'använda'], left: ['left', 'kvar'],
  unattended: ['Read as if the customer were away', 'Läs som om kunden inte var med'],
  timeline: ['What has happened', 'Vad som har hänt'], renew: ['Renew', 'Förnya'], due: ['It is time to renew this connection.', 'Det är dags att förnya anslutningen.'],
  renewed: ['Renewed.', 'Förnyat.'], kept: ['accounts kept', 'konton kvar'], added: ['added', 'nya'], lostAccounts: ['lost', 'borta'], revoke: ['End the connection', 'Avsluta anslutningen'], sure: ['Really end it?', 'Avsluta verkligen?'], yes: ['Yes, end it', 'Ja, avsluta'], no: ['No', 'Nej'],
  ended: ['This connection has ended.', 'Anslutningen är avslutad.'], wire: ['What went over the wire', 'Vad som skickades'],
  wireAbout: ['Each call of this step: request, answer, and the same as curl.', 'Varje anrop i det här steget: fråga, svar och samma sak som curl.'], wireNone: ['No call yet.', 'Inget anrop ännu.'],
  request: ['Request', 'Fråga'], answer: ['Answer', 'Svar'], atBank: ['At the bank', 'Hos banken'], bankCalls: ['bank calls', 'bankanrop'], copy: ['Copy', 'Kopiera'],
  desk: ['Control desk', 'Kontrollbord'], deskAbout: ['The other side: the simulated bank. Break it, and watch what the app sees.', 'Andra sidan: den simulerade banken. Ha sönder den och se vad appen ser.'],
  clock: ['The bank’s clock', 'Bankens klocka'], hour: ['+1 hour', '+1 timme'], aDay: ['+1 day', '+1 dygn'], days80: ['+80 days', '+80 dygn'], minutes: ['+16 minutes', '+16 minuter'],
  customer: ['Customer on the sign page', 'Kund på banksidan'], fault: ['What goes wrong next', 'Vad som går fel härnäst'], call: ['Call', 'Anrop'], order: ['Set', 'Ställ in'], clear: ['Clear', 'Rensa'],
  ledger: ['The bank’s ledger', 'Bankens liggare'], refresh: ['Refresh', 'Uppdatera'], broken: ['Fault', 'Fel'], exchanges: ['Of', 'Av'], language: ['Svenska', 'English'],
  s_created: ['Not started', 'Inte påbörjad'], s_awaiting_redirect: ['Waiting at the bank', 'Väntar hos banken'], s_awaiting_approval: ['Waiting for BankID', 'Väntar på BankID'],
  s_signed: ['Signed', 'Signerad'], s_active: ['Connected', 'Ansluten'], s_expired: ['Expired', 'Utgången'], s_rejected: ['Not completed', 'Inte slutförd'], s_revoked: ['Ended', 'Avslutad'],
};

let chosen = localStorage.getItem('lang') ?? (navigator.language.startsWith('sv') ? 'sv' : 'en');

export const lang = () => chosen;
export const t = (key) => TEXTS[key]?.[chosen === 'sv' ? 1 : 0] ?? key;
export const known = (key) => key in TEXTS;

export function speak(language) {
  chosen = language;
  localStorage.setItem('lang', language);
  document.documentElement.lang = language;
}
