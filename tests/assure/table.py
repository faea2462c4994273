#!/usr/bin/env python3
"""The measures that the suite is held to, as one table, from what the tests have said.

    table.py LOG...                 prints it
    table.py --page FILE LOG...     writes the page that stands in docs/

A test says `measure | what | reached | asked | seed`. A measure of `MEASURES` that nobody has said is missing, and fails;
one that no row of `MEASURES` has fails too, so that the page knows them all.
"""

import pathlib
import sys

# What, and the command that reaches it. Those of `make test` come first.
MEASURES = [
    ("single faults of the bank at every call", "make test"),
    ("a bank that cannot be reached, from every call on", "make test"),
    ("single faults of the table at every exchange", "make test"),
    ("single faults of the secret before every path", "make test"),
    ("signals of the bank, each with its problem", "make test"),
    ("crashes: each exchange cut before it arrives and after it was executed", "make test"),
    ("crashes: the handler dropped after its n-th poll", "make test"),
    ("functions killed while the bank was asked", "make test"),
    ("pairs of faults", "make assure"),
    ("freezes, idle connections closed, reset or silent", "make assure"),
    ("clocks that jump, in every state", "make test"),
    ("days of five people", "make test"),
    ("unattended reads, never a fifth in 24 hours", "make budget"),
    ("ledgers read in any windows, each row once", "make ledger"),
    ("reads at once on an expired token, one refresh", "make test"),
    ("reads at once in processes of their own, one refresh", "make test"),
    ("identical callbacks at once, errors before and between them, one exchange", "make test"),
    ("OAuth and decoupled negatives", "make test"),
    ("owner × resource, answered alike", "make test"),
    ("no token, a bad one, another issuer's: outside", "make test"),
    ("a token without the route's scope: outside", "make test"),
    ("a machine's token, a token of nobody: refused", "make test"),
    ("malformed input, named cases", "make test"),
    ("malformed input, generated", "make test"),
    ("calls by chance from openapi.yaml", "make test"),
    ("hostile bank: accounts.list, each field wrong in each way", "make test"),
    ("hostile bank: accounts.transactions, each field wrong in each way", "make test"),
    ("hostile bank: cards.list, each field wrong in each way", "make test"),
    ("hostile bank: cards.transactions, each field wrong in each way", "make test"),
    ("hostile bank: bodies that are none", "make test"),
    ("hostile bank: a function's memory grew at most by", "make test"),
    ("kinds of secret × forms, each leak found", "make test"),
    ("secrets in all that the suite printed, answered, stored, counted", "make test"),
    ("a secret printed, serialised, compared or cloned does not compile", "make test"),
    ("fuzz targets, corpora replayed", "make test"),
    ("fuzz targets, each searched without a finding", "make fuzz"),
    ("the state machine against a model, walks", "make test"),
    ("seeded bugs, caught", "make teeth"),
    ("journeys on a second implementation of table and secret store", "make ministack"),
    ("load, bank at 0 ms: answers without a 5xx", "make load"),
    ("load, bank at 300 ms: answers without a 5xx", "make load"),
    ("seconds of `make test`", "make test"),
]

# Said by `make test` too, in a shorter run.
SHORT = {"make test", "make assure", "make budget", "make ledger"}


def said(logs):
    found = {}
    for log in logs:
        for line in pathlib.Path(log).read_text(errors="replace").splitlines():
            if line.startswith("measure | "):
                _, what, reached, asked, seed = (part.strip() for part in line.split(" | "))
                found[what] = (reached, asked, seed)
    return found


def rows(found, commands):
    for what, command in MEASURES:
        if command in commands:
            yield what, *found.get(what, ("missing", "", "")), command


def main():
    arguments = sys.argv[1:]
    page = arguments[1] if arguments[:1] == ["--page"] else None
    found = said(arguments[2:] if page else arguments)
    commands = SHORT if not page else {command for _, command in MEASURES}
    table = ["| measure | reached | asked | seed | command |", "|---|---|---|---|---|"]
    table += ["| " + " | ".join(row[:4] + (f"`{row[4]}`",)) + " |" for row in rows(found, commands)]
    print("\n".join(table))
    if page:
        path = pathlib.Path(page)
        head = path.read_text().split("<!-- measured -->")[0]
        path.write_text(head + "<!-- measured -->\n\n" + "\n".join(table) + "\n")
    missing = [row[0] for row in rows(found, commands) if row[1] == "missing"]
    unknown = sorted(set(found) - {what for what, _ in MEASURES})
    for complaint in [f"nobody has said: {what}" for what in missing] + [f"of no row: {what}" for what in unknown]:
        print(complaint)
    sys.exit(1 if missing or unknown else 0)


main()
