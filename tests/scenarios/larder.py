# SPDX-License-Identifier: MIT
"""The daemon under test: its configuration, its life, its API.

    with Larder(tmp_path, origins={"origin.test": origin}) as larder:
        get(larder.http, "/a.pkg?source=origin.test")
        larder.kill(); larder.start()

Leaving the block asks it to end (SIGTERM) and asserts that it does, in time, with 0, without a sanitizer's report or a refused kernel call.
"""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

import client

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LARDERD = os.environ.get("LARDERD") or str(ROOT / "build" / "dev" / "larderd")
LARDER = os.environ.get("LARDER") or str(pathlib.Path(LARDERD).parent / "admin" / "larder")

# larderd over the tests' own file layer (tests/faults/rules.h).
LARDERD_FAULTS = os.environ.get("LARDERD_FAULTS") or str(pathlib.Path(LARDERD).parent / "tests" / "faults" / "larderd_faults")

# Sanitizers make everything several times slower; what is timed for promptness is given more.
SLOW = 4 if os.environ.get("LARDER_SLOW") else 1
STOP_SECONDS = 15 * SLOW
# What no daemon may say: a sanitizer's finding, a call beyond its own filter of kernel calls.
ALARM = re.compile(r"(AddressSanitizer|ThreadSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|refused the kernel call)")

_given: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, and that is not given twice. Below the range of outgoing connections, so that none of
    these takes it between now and the daemon's own bind."""
    while True:
        port = random.randrange(20000, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def toml(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(str(value))


class Larder:
    def __init__(self, directory: pathlib.Path, *, origins: dict[str, object] | None = None, vendors: tuple[str, ...] = (),
                 host_keys: dict[str, dict] | None = None, tls: bool = False, sni: bool = False, environment: dict[str, str] | None = None,
                 program: str = LARDERD, tls_keys: dict | None = None, hooks: tuple[dict, ...] = (), **sections: dict):
        """`origins`: host name to Origin (or "address:port"). `hooks`: the tables [[webhooks.hook]]. `tls_keys`: of the section [tls]. `sections`: keys by section, over the test's own defaults."""
        self.program = program
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.origins = dict(origins or {})
        self.host_keys = host_keys or {}
        self.environment = environment or {}
        self.hooks = list(hooks)
        self.http = ("127.0.0.1", free_port())
        self.admin = ("127.0.0.1", free_port())
        self.tls = ("127.0.0.1", free_port()) if tls else None
        self.sni = ("127.0.0.1", free_port()) if sni else None
        self.sections = {
            "listen": {"http": ["%s:%d" % self.http], "admin": ["%s:%d" % self.admin],
                       **({"tls": ["%s:%d" % self.tls]} if self.tls else {}), **({"sni": ["%s:%d" % self.sni]} if self.sni else {})},
            "storage": {"path": self.directory / "state", "cache_size": "3 GiB", "reserve": "64 MiB"},
            "origins": {"vendors": list(vendors)},
            **({"tls": dict(tls_keys)} if tls_keys else {}),
        }
        for name, keys in sections.items():
            self.sections.setdefault(name, {}).update(keys)
        self.config = self.directory / "larder.toml"
        self.log = ""
        self._process: subprocess.Popen | None = None
        self._reader: threading.Thread | None = None
        self.write_config()

    # ---- configuration

    def write_config(self, **sections: dict):
        for name, keys in sections.items():
            self.sections.setdefault(name, {}).update(keys)
        lines = []
        for name, keys in self.sections.items():
            lines += [f"[{name}]", *(f"{key} = {toml(value)}" for key, value in keys.items()), ""]
        for host, origin in self.origins.items():
            endpoint = origin if isinstance(origin, str) else origin.endpoint
            keys = {"name": host, "connect_to": endpoint, "scheme": "http", **self.host_keys.get(host, {})}
            lines += ["[[origins.host]]", *(f"{key} = {toml(value)}" for key, value in keys.items()), ""]
        for hook in self.hooks:
            lines += ["[[webhooks.hook]]", *(f"{key} = {toml(value)}" for key, value in hook.items()), ""]
        self.config.write_text("\n".join(lines))

    # ---- life

    def __enter__(self) -> "Larder":
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            # What failed is the test; how the daemon ends is told only when it tells more.
            print("---- larderd said:\n" + self.log[-8000:])
            self.discard()

    def start(self, timeout: float = 30 * SLOW) -> "Larder":
        """Starts and waits until it serves."""
        assert self._process is None, "already running"
        self._process = subprocess.Popen([self.program, "--config", str(self.config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + timeout
        while True:
            if self._process.poll() is not None:
                self._reader.join(5)
                raise AssertionError(f"larderd ended with {self._process.returncode} instead of serving:\n{self.log}")
            if self._ready():
                return self
            assert time.monotonic() < deadline, f"not ready after {timeout} s:\n{self.log}"
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            return self.api_raw("/readyz", timeout=2).status == 200
        except (OSError, EOFError, client.Cut):
            return False

    def _read_log(self, pipe):
        for line in pipe:
            self.log += line.decode(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int):
        self._process.send_signal(number)

    def stop(self, timeout: float = STOP_SECONDS):
        """SIGTERM; asserts a good end."""
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        status = self.wait(timeout)
        assert status == 0, f"larderd ended with {status}:\n{self.log[-8000:]}"

    def wait(self, timeout: float = STOP_SECONDS) -> int:
        """Waits for the end and gives the exit status."""
        process, self._process = self._process, None
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"larderd did not end within {timeout} s:\n{self.log[-8000:]}") from None
        self._reader.join(10)
        report = ALARM.search(self.log)
        assert not report, self.log[max(0, report.start() - 500):report.start() + 8000]
        return status

    def kill(self):
        """As a power cut would, but for the page cache."""
        process, self._process = self._process, None
        process.kill()
        process.wait()
        self._reader.join(10)

    def discard(self):
        if self._process is not None:
            self.kill()

    def restart(self):
        self.stop()
        self.start()

    # ---- API

    def api_raw(self, path: str, *, method: str = "GET", body: bytes = b"", fields: dict[str, str] | None = None, timeout: float = 60) -> client.Response:
        return client.get(self.admin, path, method=method, body=body, fields=fields, timeout=timeout)

    def api(self, path: str, **keywords):
        response = self.api_raw("/api/v1/" + path, **keywords)
        assert response.status == 200, f"{path}: {response.status} {response.body[:500]!r}"
        return json.loads(response.body)

    def status(self) -> dict:
        return self.api("status")

    def number(self, name: str):
        """A number of the status by its name, wherever in it it stands."""
        found = _find(self.status(), name)
        assert found is not None, f"no {name} in {json.dumps(self.status())}"
        return found

    def metric(self, series: str) -> float | None:
        """What /metrics says of one series, "name" or 'name{label="value"}'; None when it has no such series."""
        found = re.search("^" + re.escape(series) + r" (\S+)$", self.api_raw("/metrics").body.decode(), re.MULTILINE)
        return float(found[1]) if found else None

    def report(self, name: str, **query):
        """The rows of a list, the object of a summary. What was fetched before is in it: the ledger commits each half
        second, so wait for a row with client.eventually."""
        text = "&".join(f"{key}={value}" for key, value in query.items())
        answer = self.api(f"reports/{name}" + (f"?{text}" if text else ""))
        return answer["items"] if isinstance(answer, dict) and "items" in answer else answer

    def objects(self) -> list[dict]:
        return self.api("cache/objects")["items"]

    def fills(self) -> list[dict]:
        return self.api("fills")["items"]

    def settle(self):
        """Waits until no fill runs: what was fetched is then in the store and complete. A client that comes right behind
        the first may still join its fill."""
        client.eventually(lambda: not self.fills() and self.number("chunks_queued") == 0)

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([LARDER, "--admin", "http://%s:%d" % self.admin, *arguments], capture_output=True, text=True, timeout=60 * SLOW)

    # ---- entrances

    def cache_url(self, host: str, path: str, scheme: str = "http") -> str:
        """The content-cache form of a URL."""
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}source={host}" + ("" if scheme == "http" else f"&sourceScheme={scheme}")

    def get(self, path: str, host: str = "origin.test", **keywords) -> client.Response:
        return client.get(self.http, self.cache_url(host, path), **keywords)

    def download(self, path: str, content, host: str = "origin.test", **keywords) -> client.Download:
        return client.download(self.http, self.cache_url(host, path), content, **keywords)

    def in_background(self, path: str, content, **keywords) -> client.InBackground:
        return client.InBackground(self.download, path, content, **keywords)


def _find(value, name: str):
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = value.values()
    elif not isinstance(value, list):
        return None
    for item in value:
        found = _find(item, name)
        if found is not None:
            return found
    return None


def cache_status(response: client.Head) -> str:
    """What Cache-Status says of Larder: "hit", "fwd=miss", ..."""
    return response["Cache-Status"].removeprefix("larder;").strip()
