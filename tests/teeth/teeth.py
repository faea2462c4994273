#!/usr/bin/env python3
"""Seeded bugs: each is put into a copy of the checkout, and the test that is named beside it must fail.

    make teeth              all of them
    make teeth BUG=fence    those whose name contains the word

A suite that stays green with one of them in it has lost a tooth. First the tests are run without any bug: one that fails
by itself catches nothing. The copy and its build stay under target/teeth.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPY = ROOT / "target" / "teeth" / "checkout"
BUILD = ROOT / "target" / "teeth" / "target"


def refresh():
    """The tracked and the new files of the checkout, as they are now; unchanged ones keep their time."""
    COPY.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    names = {name for name in listed if name and (ROOT / name).is_file()}
    for old in [path for path in COPY.rglob("*") if path.is_file()]:
        if str(old.relative_to(COPY)) not in names:
            old.unlink()
    for name in names:
        source, copy = ROOT / name, COPY / name
        content = source.read_bytes()
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(source.stat().st_mode)


def run(kind, names):
    """Runs these tests; `lib: …` in the crates, `journeys: …` in the whole system, `processes: …` with functions that are built first."""
    target = ["--lib"] if kind == "lib" else ["--test", "journeys"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD), "RUST_BACKTRACE": "0",
                   "CARGO_LAMBDA": str(ROOT / ".tools" / "bin" / "cargo-lambda")}
    if kind == "processes":
        # A test builds no other package's programs, and without them it would fail whatever the bug.
        build = ["cargo", "build", "--workspace", "--locked", "--quiet"]
        built = subprocess.run(build, cwd=COPY, env=environment, capture_output=True, text=True)
        if built.returncode:
            return "does not compile", built.stderr, []
    command = ["cargo", "test", "--workspace", "--locked", "--quiet", *target, "--", *names]
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    output = done.stdout + done.stderr
    if "could not compile" in output:
        return "does not compile", output, []
    ran = sum(int(line.split()[1]) for line in output.splitlines() if line.startswith("running "))
    if ran == 0:
        return "no such test", output, []
    # "test a::b ... FAILED", and where it was quiet "a::b --- FAILED".
    failed = sorted(set(re.findall(r"^(?:test )?(\S+) (?:\.\.\.|---) FAILED$", output, re.MULTILINE)))
    return ("caught" if done.returncode and failed else "SURVIVED"), output, failed


def control(bugs):
    """The tests without a bug, those of a kind at once; whether all passed."""
    sound = True
    for kind in ("lib", "journeys", "processes"):
        names = sorted({name for of, _, name in (bug["test"].partition(": ") for bug in bugs) if of == kind})
        if names:
            verdict, output, failed = run(kind, names)
            if verdict != "SURVIVED" or failed or "test result: FAILED" in output:
                print(f"without a bug: {kind}: {verdict} {failed}\n{output[-2000:]}", flush=True)
                sound = False
    return sound


def put(path, bug):
    """Puts a bug into the copy; what stood there, or None if it is written for another code."""
    sound = text = path.read_text()
    for change in [bug, *bug.get("also", [])]:
        if text.count(change["old"]) != 1:
            return None
        text = text.replace(change["old"], change["new"])
    path.write_text(text)
    return sound


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    bugs = [bug for bug in json.loads((HERE / "bugs.json").read_text()) if wanted in bug["name"]]
    refresh()
    failed = 0 if control(bugs) else 1
    print("without a bug all of them pass" if not failed else "without a bug some fail", flush=True)
    for bug in bugs:
        path = COPY / bug["file"]
        sound = put(path, bug)
        if sound is None:
            verdict, output, by = "is written for another code", "", []
        else:
            kind, _, name = bug["test"].partition(": ")
            verdict, output, by = run(kind, [name])
            path.write_text(sound)
        more = f" and {len(by) - 1} more" if len(by) > 1 else ""
        print(f"{verdict:10} {bug['name']}  by {by[0] if by else 'nobody: ' + bug['test']}{more}", flush=True)
        if verdict != "caught":
            failed += 1
            print(output[-2000:], flush=True)
    print(f"{len(bugs)} bugs, {len(bugs) - failed} caught")
    if not wanted:
        print(f"measure | seeded bugs, caught | {len(bugs) - failed} of {len(bugs)} | ≥ 20, all | -")
    sys.exit(1 if failed or not bugs else 0)


main()
