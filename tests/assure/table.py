#!/usr/bin/env python3
"""The measures that the suite is held to, as one table, from what the tests have said.

    table.py LOG...                 prints it
    table.py --page FILE LOG...     writes the page that stands in docs/

A test says `measure | what | reached | asked | seed`. A measure of `MEASURES` that nobody has said, or that is
not reached, fails; one that no row of `MEASURES` has fails too, so that the page knows them all.
"""

import pathlib
import re
import sys

# What, the command that reaches it, and between what its first number must lie: at least, at most. Where there are two
# pairs the second is that of the long tier. Those of `make test` come first.
MEASURES = [
    ("single faults of the bank at every call", "make test", (900, None)),
    ("a bank that cannot be reached, from every call on", "make test", (120, None)),
    ("single faults of the table at every exchange", "make test", (300, None)),
    ("a table that stays away, from every exchange on", "make test", (100, None)),
    ("single faults of the secret before every path", "make test", (300, None)),
    ("signals of the bank, each with its problem", "make test", (60, None)),
    ("the process dies, after every poll of every handler", "make test", (100, None)),
    ("crashes: each exchange cut before it arrives and after it was executed", "make test", (100, None)),
    ("crashes: the handler dropped after its n-th poll", "make test", (50, None)),
    ("functions killed while the bank was asked", "make test", (12, None)),
    ("pairs of faults", "make assure", (64, None), (2000, None)),
    ("freezes, idle connections closed, reset or silent", "make assure", (30, None), (1000, None)),
    ("clocks that jump, in every state", "make test", (49, None)),
    ("limits in time, a second before, at and after", "make test", (40, None)),
    ("days of five people", "make test", (200, None)),
    ("unattended reads, never a fifth in 24 hours", "make budget", (20, None), (1000, None)),
    ("ledgers read in any windows, each row once", "make ledger", (1, None), (10000, None)),
    ("reads at once on an expired token, one refresh", "make test", (2, None)),
    ("reads at once in processes of their own, one refresh", "make test", (2, None)),
    ("identical callbacks at once, errors before and between them, one exchange", "make test", (50, None)),
    ("OAuth and decoupled negatives", "make test", (100, None)),
    ("owner × resource, answered alike", "make test", (60, None)),
    ("no token, a bad one, another issuer's: outside", "make test", (300, None)),
    ("a token without the route's scope: outside", "make test", (90, None)),
    ("a machine's token, a token of nobody: refused", "make test", (60, None)),
    ("malformed input, named cases", "make test", (300, None)),
    ("malformed input, generated", "make test", (500, None)),
    ("calls by chance from openapi.yaml", "make test", (1000, None)),
    ("hostile bank: accounts.list, each field wrong in each way", "make test", (100, None)),
    ("hostile bank: accounts.transactions, each field wrong in each way", "make test", (100, None)),
    ("hostile bank: cards.list, each field wrong in each way", "make test", (100, None)),
    ("hostile bank: cards.transactions, each field wrong in each way", "make test", (100, None)),
    ("hostile bank: bodies that are none", "make test", (60, None)),
    ("hostile bank: a function's memory grew at most by", "make test", (0, 32768)),
    ("kinds of secret × forms, each leak found", "make test", (72, None)),
    ("secrets in all that the suite printed, answered, stored, counted", "make test", (0, 0)),
    ("a secret printed, serialised, compared or cloned does not compile", "make test", (8, 8)),
    ("fuzz targets, corpora replayed", "make test", (12, None)),
    ("fuzz targets, each searched without a finding", "make fuzz", (12, None)),
    ("the state machine against a model, walks", "make test", (1000, None)),
    ("seeded bugs, caught", "make teeth", (90, None)),
    ("journeys on a second implementation of table and secret store", "make ministack", (300, None)),
    ("load, bank at 0 ms: answers without a 5xx", "make load", (1000, None)),
    ("load, bank at 0 ms: milliseconds in the middle, ours of all", "make load", (0, None)),
    ("load, bank at 300 ms: answers without a 5xx", "make load", (300, None)),
    ("load, bank at 300 ms: milliseconds in the middle, ours of all", "make load", (0, None)),
    ("seconds of `make test`, less those of lints and building", "make test", (1, None)),
]

# Said by `make test` too, in a shorter run.
SHORT = {"make test", "make assure", "make budget", "make ledger"}


def said(logs):
    found = {}
    for log in logs:
        for line in pathlib.Path(log).read_text(errors="replace").splitlines():
            # Dots of a quiet run may stand before it, or the name of another test; the head of a table printed before is none.
            if measure := re.search(r"(?<!\| )measure \| (.*)", line):
                what, reached, asked, seed = (part.strip() for part in measure[1].split(" | "))
                found[what] = (reached, asked, seed)
    return found


def is_reached(reached, bounds):
    number = re.match(r"\d+", reached)
    least, most = bounds
    return bool(number) and int(number[0]) >= least and (most is None or int(number[0]) <= most)


def main():
    arguments = sys.argv[1:]
    page = arguments[1] if arguments[:1] == ["--page"] else None
    found = said(arguments[2:] if page else arguments)
    table = ["| measure | reached | asked | seed | command |", "|---|---|---|---|---|"]
    complaints = [f"of no row: {what}" for what in sorted(set(found) - {row[0] for row in MEASURES})]
    for what, command, *bounds in MEASURES:
        if page or command in SHORT:
            reached, asked, seed = found.get(what, ("missing", "", ""))
            if not is_reached(reached, bounds[-1 if page else 0]):
                complaints.append(f"not reached: {what}: {reached}, asked {bounds[-1 if page else 0]}")
            table.append(f"| {what} | {reached} | {asked} | {seed} | `{command}` |")
    print("\n".join(table + complaints))
    if page:
        path = pathlib.Path(page)
        head = path.read_text().split("<!-- measured -->")[0]
        path.write_text(head + "<!-- measured -->\n\n" + "\n".join(table) + "\n")
    sys.exit(1 if complaints else 0)


main()
