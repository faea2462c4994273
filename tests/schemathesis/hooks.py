"""What a schema cannot say: which consents and accounts there are, whose number can sign, which days have rows.

Most calls get real ids, so that answers with data are met too; the rest keep what chance made. SCENE is a JSON object that
tests/journeys/openapi/chance.rs writes: a list of values for each route and path parameter, and for fields.
"""

import ipaddress
import json
import os
import zlib

import schemathesis
from schemathesis import GenerationMode

SCENE = json.loads(os.environ["SCENE"])


class Choice:
    """Three times in four one of the values, else what was made; always the same for the same. Of examples always a value."""

    def __init__(self, case):
        phase = case.meta.phase.name
        self.always = str(getattr(phase, "value", phase)) == "examples"

    def __call__(self, values, made):
        number = zlib.crc32(repr(made).encode("utf-8", "replace"))
        return values[number // 4 % len(values)] if values and (self.always or number % 4) else made


def is_address(text):
    try:
        return bool(ipaddress.ip_address(str(text)))
    except ValueError:
        return False


def is_positive(case, location):
    """Whether chance made this part of the call as the document says."""
    parts = {getattr(part, "value", str(part)): info for part, info in case.meta.components.items()}
    info = parts.get(location)
    return info is None or info.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None:
        return
    chosen = Choice(case)
    ids = SCENE["ids"].get(case.operation.label, SCENE["ids"]["*"])
    if is_positive(case, "path"):
        for name, made in (case.path_parameters or {}).items():
            kind = "card_id" if name == "account_id" and "card-accounts" in case.operation.path else name
            case.path_parameters[name] = chosen(ids[kind], made)
    headers = case.headers if case.headers is not None else {}
    if is_address(headers.get("PSU-IP-Address")):
        headers["PSU-IP-Address"] = SCENE["address"]
    query = case.query
    if is_positive(case, "query") and query and case.operation.path.endswith("/transactions"):
        if isinstance(query.get("cursor"), str):
            query["cursor"] = chosen(SCENE["cursors"], query["cursor"])
            if query["cursor"] in SCENE["cursors"]:
                query.pop("date_from", None), query.pop("date_to", None)
        for name in ("date_from", "date_to"):
            if name in query:
                query[name] = chosen(SCENE[name], query[name])
    if is_positive(case, "query") and query and case.operation.path == "/v1/callback" and "state" in query:
        query["state"] = chosen(SCENE["states"], query["state"])
        if query["state"] in SCENE["states"]:
            # A code would be spent, and no bank has given one; an error ends nothing.
            query.pop("code", None)
            query["error"] = "access_denied"
    if is_positive(case, "body") and isinstance(case.body, dict):
        if "handle" in case.body:
            case.body["handle"] = chosen([SCENE["handle"]], case.body["handle"])
        wish = case.body.get("authorization", case.body)
        if isinstance(wish, dict):
            if "app" in wish:
                wish["app"] = chosen(["android", "web", "ios"], wish["app"])
            if wish.get("method") == "decoupled":
                wish["personal_number"] = chosen([SCENE["number"]], wish.get("personal_number"))
                if wish["personal_number"] is None:
                    del wish["personal_number"]
            elif wish.get("method") == "redirect":
                wish.pop("personal_number", None), wish.pop("same_device", None)
        if case.body.get("psu_type") == "individual":
            case.body.pop("psu_corporate_id", None)
        elif case.body.get("psu_type") == "corporate":
            number = SCENE["companies"].get(case.body.get("country"))
            case.body["psu_corporate_id"] = chosen([number], case.body.get("psu_corporate_id"))
            if case.body["psu_corporate_id"] is None:
                del case.body["psu_corporate_id"]
