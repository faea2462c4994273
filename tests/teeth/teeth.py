#!/usr/bin/env python3
"""Seeded bugs: each is put into a copy of the checkout, and the test that is named beside it must fail.

    make teeth              all of them
    make teeth BUG=fence    those whose name contains the word

A suite that stays green with one of them in it has lost a tooth. The copy and its build stay under target/teeth.
"""

import json
import os
import pathlib
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


def run(test):
    """Runs one test; `lib: …` in the crates, `journeys: …` in the whole system, `processes: …` with functions that are built first."""
    kind, _, name = test.partition(": ")
    target = ["--lib"] if kind == "lib" else ["--test", "journeys"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD), "RUST_BACKTRACE": "0",
                   "CARGO_LAMBDA": str(ROOT / ".tools" / "bin" / "cargo-lambda")}
    if kind == "processes":
        # A test builds no other package's programs, and without them it would fail whatever the bug.
        build = ["cargo", "build", "--workspace", "--locked", "--quiet"]
        built = subprocess.run(build, cwd=COPY, env=environment, capture_output=True, text=True)
        if built.returncode:
            return "does not compile", built.stderr
    command = ["cargo", "test", "--workspace", "--locked", "--quiet", *target, "--", name]
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    output = done.stdout + done.stderr
    if "could not compile" in output:
        return "does not compile", output
    ran = sum(int(line.split()[1]) for line in output.splitlines() if line.startswith("running "))
    if ran == 0:
        return "no such test", output
    return ("caught" if done.returncode else "SURVIVED"), output


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    bugs = [bug for bug in json.loads((HERE / "bugs.json").read_text()) if wanted in bug["name"]]
    refresh()
    failed = 0
    for bug in bugs:
        path = COPY / bug["file"]
        sound = path.read_text()
        if sound.count(bug["old"]) != 1:
            verdict, output = f"is written for another code ({sound.count(bug['old'])} places)", ""
        else:
            path.write_text(sound.replace(bug["old"], bug["new"]))
            verdict, output = run(bug["test"])
            path.write_text(sound)
        print(f"{verdict:10} {bug['name']}  [{bug['test']}]", flush=True)
        if verdict != "caught":
            failed += 1
            print(output[-2000:], flush=True)
    print(f"{len(bugs)} bugs, {len(bugs) - failed} caught")
    if not wanted:
        print(f"measure | seeded bugs, caught | {len(bugs) - failed} of {len(bugs)} | ≥ 20, all | -")
    sys.exit(1 if failed or not bugs else 0)


main()
