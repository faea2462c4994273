#!/usr/bin/env python3
"""The invoke endpoint of `cargo lambda watch` with functions of its own, for the tests of `local`."""
import http.server, json, os, ssl, subprocess, sys, urllib.parse, urllib.request, uuid

port = int(sys.argv[sys.argv.index("--invoke-port") + 1])
env_file = sys.argv[sys.argv.index("--env-file") + 1]
state = os.path.dirname(env_file)
variables = dict(line.rstrip("\n").split("=", 1) for line in open(env_file))
variables = {name: value.strip("'") for name, value in variables.items()}
signed, approved = os.path.join(state, "signed"), os.path.join(state, "approved")
child = subprocess.Popen(["sleep", "600"])
print("child", child.pid, flush=True)


def certificate_set():
    vault = json.load(open(os.path.join(state, "secrets.json")))
    versions = vault["secrets"][variables["SECRET_ID"]]["versions"].values()
    current = next(version for version in versions if "AWSCURRENT" in version["stages"])
    return json.loads(current["value"])["sets"]["main"]


def at_the_bank(url, certificates, headers, body):
    pem = os.path.join(state, "client.pem")
    with open(pem, "w") as file:
        file.write(certificates["key_pem"] + certificates["chain_pem"])
    context = ssl.create_default_context(cadata=certificates["trust_pem"])
    context.load_cert_chain(pem)
    headers = {**headers, "Accept": "application/json", "TPP-Request-ID": str(uuid.uuid4()),
               "TPP-Transaction-ID": str(uuid.uuid4())}
    return json.load(urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), context=context))


def sign_page():
    own = certificate_set()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "AIS", "client_id": own["client_id"]})
    token = at_the_bank(variables["BANK_TOKEN_URL"], own, {"Content-Type": "application/x-www-form-urlencoded"}, form)
    headers = {"Authorization": "Bearer " + token["access_token"], "X-IBM-Client-Id": own["client_id"],
               "Country": "SE", "Content-Type": "application/json"}
    consents = variables["BANK_API_URL"] + "/psd2/v1/consents"
    consent = at_the_bank(consents, own, headers, json.dumps({"access": "ALL_ACCOUNTS"}))
    redirect = next(method for method in consent["scaMethods"] if method["scaMethodType"] == "REDIRECT")
    authorize = redirect["_links"]["authorization"][0]["href"]
    assert any(authorize.startswith(prefix) for prefix in variables["BANK_LINKS"].split(",")), authorize
    return authorize + "?" + urllib.parse.urlencode({
        "response_type": "code", "scope": "AIS:" + consent["consentId"], "client_id": own["client_id"],
        "state": "s-1", "redirect_uri": own["redirect_uri"]})


ACCOUNTS = {"accounts": [{"account_id": "acc-1", "name": "Allkonto", "iban": "SE00TEST", "balances": [
    {"kind": "available", "amount": "12.50", "currency": "SEK"}]}]}


def answer(event):
    route, query = event["routeKey"], event.get("queryStringParameters", {})
    key = event.get("headers", {}).get("idempotency-key")
    if route == "POST /v1/consents" and key == "demo-decoupled":
        if os.path.exists(approved):
            return 201, {}, {"consent_id": "c-2", "status": "active"}
        return 201, {}, {"consent_id": "c-2", "status": "awaiting_approval", "authorization": {"poll_after_ms": 10}}
    if route == "POST /v1/consents" and key == "demo-registered":
        if os.path.exists(approved):
            return 409, {}, {"code": "attempt_expired"}
        return 201, {}, {"consent_id": "c-3", "status": "created"}
    if route.endswith("/poll") and event["pathParameters"]["consent_id"] == "c-2":
        open(approved, "w").close()
        return 200, {}, {"consent_id": "c-2", "status": "active"}
    if route == "POST /v1/consents" and "body" in event:
        if os.path.exists(signed):
            return 201, {}, {"consent_id": "c-1", "status": "active"}
        return 201, {}, {"consent_id": "c-1", "status": "awaiting_redirect", "authorization": {"url": sign_page()}}
    if route == "GET /v1/callback" and query.get("code") and query.get("state") == "s-1":
        return 303, {"location": "https://app.example/bank#consent_id=c-1&outcome=signed&handle=h-1"}, {}
    if route.endswith("/activation") and json.loads(event.get("body", "{}")) == {"handle": "h-1"}:
        open(signed, "w").close()
        return 200, {}, {"consent_id": "c-1", "status": "active"}
    if route.endswith("/{consent_id}/accounts") and os.path.exists(signed):
        return 200, {}, ACCOUNTS
    return 404, {}, {}


class Functions(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        status, headers, body = answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        body = json.dumps({"statusCode": status, "headers": headers, "body": json.dumps(body)}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


try:
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Functions).serve_forever()
except KeyboardInterrupt:
    print("interrupted", flush=True)
