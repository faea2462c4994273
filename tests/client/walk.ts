// What an app's back end does, from the start of a consent to its end, by redirect and with BankID, typed from openapi.yaml.
// The person's part (browser, BankID app) is played at the simulated bank. `make client` runs it against a stack of its own.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Consent = components["schemas"]["Consent"];
type Problem = components["schemas"]["Problem"];
type GatewayError = components["schemas"]["GatewayError"];
type Row = components["schemas"]["Row"];

const { API, ISSUER, BANK } = process.env;
if (!API || !ISSUER || !BANK) throw new Error("API, ISSUER and BANK say where everything is");

// The user's own public address, as the app's back end sees it; this one is reserved for documentation.
const psu = { "PSU-IP-Address": "198.51.100.7" };

async function clientOf(user: string) {
  const answer = await fetch(`${ISSUER}/token?sub=${user}`);
  const token = (await answer.text()).trim();
  return createClient<paths>({ baseUrl: API!, headers: { Authorization: `Bearer ${token}` } });
}

type Client = Awaited<ReturnType<typeof clientOf>>;

/** The data of an answer that went well; otherwise what a back end would log: code and trace id. */
function good<Data>(answer: { data?: Data; error?: Problem | GatewayError; response: Response }): NonNullable<Data> {
  if (answer.data !== undefined && answer.data !== null) return answer.data;
  const { error, response } = answer;
  const said = error && "code" in error ? `${error.code} (${error.action_by}), trace ${error.trace_id}` : "the gateway's own";
  throw new Error(`${response.url}: ${response.status} ${said}`);
}

function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`);
}

const sleep = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** A browser: approves on the bank's page, follows to our callback, and ends at the app's link. */
async function sign(url: string): Promise<URLSearchParams> {
  const form = { method: "POST", body: new URLSearchParams({ decision: "approve", customer: "se-anna" }) };
  const back = await fetch(url, { ...form, redirect: "manual" });
  const callback = back.headers.get("location");
  expect(callback !== null, "the bank sends the browser back");
  const link = (await fetch(callback, { redirect: "manual" })).headers.get("location");
  expect(link !== null, "the callback sends the browser to the app");
  return new URLSearchParams(new URL(link).hash.slice(1));
}

/** Every row of an account, kept by its id, and the cursor to go on from another day. */
async function rows(client: Client, consent_id: string, account_id: string, from: string, to: string) {
  const kept = new Map<string, Row>();
  let query: { date_from?: string; date_to?: string; cursor?: string } = { date_from: from, date_to: to };
  for (;;) {
    const path = { consent_id, account_id };
    const page = good(
      await client.GET("/v1/consents/{consent_id}/accounts/{account_id}/transactions", { params: { path, query, header: psu } }),
    );
    page.booked.forEach((row) => kept.set(row.transaction_id, row));
    expect(page.next_cursor !== undefined, "each answer says where to go on");
    if (!page.more) return { kept, cursor: page.next_cursor };
    query = { cursor: page.next_cursor };
  }
}

async function byRedirect(client: Client): Promise<string> {
  const key = crypto.randomUUID();
  const start = () =>
    client.POST("/v1/consents", {
      params: { header: { ...psu, "Idempotency-Key": key } },
      body: { country: "SE", psu_type: "individual", authorization: { method: "redirect", app: "android" } },
    });
  const started: Consent = good(await start());
  expect(good(await start()).consent_id === started.consent_id, "the same key and body repeat the same answer");
  const { url } = started.authorization;
  expect(started.status === "awaiting_redirect" && url !== undefined, "an address to open");
  const link = await sign(url);
  expect(link.get("outcome") === "signed" && link.get("consent_id") === started.consent_id, "signed");
  // The app was killed before it could pass the handle on? Its back end sees that a signature waits.
  const path = { consent_id: started.consent_id };
  const standing = good(await client.GET("/v1/consents/{consent_id}/authorization", { params: { path } }));
  expect(standing.state === "signed", "a signature waits for its handle");
  const handle = link.get("handle");
  expect(handle !== null, "a handle");
  const active = good(await client.POST("/v1/consents/{consent_id}/activation", { params: { path }, body: { handle } }));
  expect(active.status === "active", "active");
  return started.consent_id;
}

async function withBankId(client: Client): Promise<string> {
  const authorization = { method: "decoupled", app: "android", same_device: false, personal_number: "190102039815" } as const;
  const started = good(
    await client.POST("/v1/consents", {
      params: { header: { ...psu, "Idempotency-Key": crypto.randomUUID() } },
      body: { country: "SE", psu_type: "individual", authorization },
    }),
  );
  expect(started.authorization.qr_data !== undefined, "a code to scan on another device");
  await fetch(`${BANK}/bankid`, { method: "POST", body: JSON.stringify({ action: "approve" }) });
  const path = { consent_id: started.consent_id };
  let wait = started.authorization.poll_after_ms;
  let status: Consent["status"] = started.status;
  // The attempt says when it is over; in a renewal the consent's own status is `active` all the while.
  let { state } = started.authorization;
  while (state === "awaiting_approval") {
    expect(wait !== undefined, "the pause is said");
    await sleep(wait);
    const polled = good(await client.POST("/v1/consents/{consent_id}/authorization/poll", { params: { path } }));
    ({ status, poll_after_ms: wait } = polled);
    ({ state } = polled.authorization);
  }
  expect(status === "active", `active, not ${status}`);
  return started.consent_id;
}

async function read(client: Client, consent_id: string): Promise<number> {
  const path = { consent_id };
  const list = good(await client.GET("/v1/consents/{consent_id}/accounts", { params: { path, header: psu } }));
  const account = list.accounts.find((one) => one.state === "ok");
  expect(account !== undefined, "an account that could be read");
  const to = list.consent.expires_at.slice(0, 10);
  expect(to > account.history_from, "history lies before the end");
  const { kept, cursor } = await rows(client, consent_id, account.account_id, "2026-01-01", "2026-01-15");
  const before = kept.size;
  // Another day: what comes again changes nothing.
  const followed = good(
    await client.GET("/v1/consents/{consent_id}/accounts/{account_id}/transactions", {
      params: { path: { ...path, account_id: account.account_id }, query: { cursor }, header: psu },
    }),
  );
  const unknown = followed.booked.filter((row) => !kept.has(row.transaction_id) && (row.booking_date ?? "") <= "2026-01-15");
  expect(before > 0 && unknown.length === 0, "rows keep their ids");
  good(await client.GET("/v1/consents/{consent_id}/card-accounts", { params: { path, header: psu } }));
  return before;
}

/** The user deletes their account. */
async function leave(client: Client): Promise<void> {
  const { response } = await client.DELETE("/v1/consents");
  expect(response.status === 204, "everything of the user is erased");
  expect(good(await client.GET("/v1/consents")).consents.length === 0, "nothing is left");
}

for (const [name, walk] of [["redirect", byRedirect], ["decoupled", withBankId]] as const) {
  const client = await clientOf(`client-${name}-${crypto.randomUUID()}`);
  const consent = await walk(client);
  console.log(`${name}: active, ${await read(client, consent)} rows read`);
  await leave(client);
  const { error } = await client.GET("/v1/consents/{consent_id}", { params: { path: { consent_id: consent } } });
  expect(error !== undefined && "code" in error && error.code === "consent_not_found", "gone");
  console.log(`${name}: erased`);
}
