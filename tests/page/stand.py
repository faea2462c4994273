"""The whole local stack on ports of its own, and a browser in front of it: what the tests of the page stand on."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "page"
SCREENSHOTS = ROOT / "target" / "screenshots"
PORTS = ["FRONT_DOOR", "ISSUER", "BANK_API", "BANK_PAGE", "BANK_CONTROL", "PAGE", "INVOKE"]
START_S = 120


def browser_path():
    """A Chromium, or None: BROWSER names one, else the usual names are looked for. The headless shell has no windows to
    draw and takes a third less of the processor."""
    names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = [os.environ.get("BROWSER")] + [shutil.which(name) for name in names]
    return next((path for path in found if path), None)


def free_ports():
    """Free ones below those that the system gives to whoever asks for any: somebody could take one before it is used."""
    for port in range(20_000 + os.getpid() % 300 * 40, 32_000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port


class Stand:
    """`local` with the prebuilt functions, started anew; `stop` ends it and all that it started."""

    def __init__(self):
        ports = {f"{name}_PORT": str(port) for name, port in zip(PORTS, free_ports())}
        self.page = f"http://localhost:{ports['PAGE_PORT']}"
        self.control = f"http://127.0.0.1:{ports['BANK_CONTROL_PORT']}"
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.log = FOLDER / "local.log"
        environment = {**os.environ, **ports, "LOCAL_STATE": str(FOLDER / "state"), "FRESH": "1",
                       "PREBUILT": str(ROOT / "target/debug"), "DEMO": "0"}
        environment.pop("ONCE", None)
        with self.log.open("w") as log:
            self.process = subprocess.Popen([ROOT / "target/debug/local"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._wait()

    def _wait(self):
        until = time.monotonic() + START_S
        while "Serving." not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                sys.exit(f"the local stack does not start:\n{self.log.read_text()}")
            time.sleep(0.1)
        if "walk stopped" in self.log.read_text():
            self.stop()
            sys.exit(self.log.read_text())

    def bank(self, verb, body=None, method=None):
        """A verb of the simulated bank's control surface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.control}/{verb}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
