# SPDX-License-Identifier: MIT
"""How the daemon ends, reloads, and tells systemd about it."""

import os
import signal
import socket
import subprocess
import time

from client import Connection, eventually, get
from content import Content, MiB
from larder import LARDERD, SLOW, STOP_SECONDS, Larder

SIZE = 24 * MiB
CONTENT = Content("a", SIZE)


def test_sigterm_lets_a_running_answer_finish(site):
    site.origin.put("/a.pkg", CONTENT, rate=12 * MiB)
    running = site.larder.in_background("/a.pkg", CONTENT)
    site.origin.wait_for(lambda origin: origin.bytes_sent("/a.pkg") > 2 * MiB)
    site.larder.signal(signal.SIGTERM)
    assert running.result().good
    assert site.larder.wait() == 0


def test_sigterm_ends_in_time_though_a_client_reads_nothing(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.download("/a.pkg", CONTENT).good
    with Connection(site.larder.http, receive_buffer=4096) as stuck, Connection(site.larder.http):
        stuck.request(site.larder.cache_url("origin.test", "/a.pkg"))
        stuck.head()
        began = time.monotonic()
        site.larder.stop()
        assert time.monotonic() - began <= STOP_SECONDS


def test_sigint_ends_like_sigterm(site):
    site.larder.signal(signal.SIGINT)
    assert site.larder.wait() == 0


def test_a_second_signal_does_not_lose_the_record(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.signal(signal.SIGTERM)
    site.larder.signal(signal.SIGHUP)
    assert site.larder.wait() == 0
    site.larder.start()
    assert site.larder.report("summary")["requests"] == 1


def test_sighup_applies_what_can_be_changed_while_running(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.get("/a.pkg", source="127.0.0.3").status == 200
    site.larder.write_config(access={"clients": ["127.0.0.1/32"]})
    site.larder.signal(signal.SIGHUP)

    def refused() -> bool:
        try:
            return site.larder.get("/a.pkg", source="127.0.0.3").status == 403
        except (OSError, EOFError):
            return True

    eventually(refused)
    assert site.larder.get("/a.pkg").body == CONTENT.read()


def test_sighup_with_a_bad_configuration_changes_nothing_and_says_so(site):
    site.origin.put("/a.pkg", CONTENT)
    site.larder.config.write_text(site.larder.config.read_text() + "\n[nonsense]\nx = 1\n")
    site.larder.signal(signal.SIGHUP)
    eventually(lambda: "nonsense" in site.larder.log)
    assert site.larder.get("/a.pkg").body == CONTENT.read()


def test_sighup_does_not_disturb_a_running_answer(site):
    site.origin.put("/a.pkg", CONTENT, rate=24 * MiB)
    running = site.larder.in_background("/a.pkg", CONTENT)
    site.origin.wait_for(lambda origin: origin.bytes_sent("/a.pkg") > MiB)
    for _ in range(3):
        site.larder.signal(signal.SIGHUP)
        assert site.larder.api_raw("/readyz").status == 200
    assert running.result().good


def test_a_port_in_use_is_named_and_the_daemon_does_not_start(site, tmp_path):
    second = Larder(tmp_path / "second", listen={"http": ["%s:%d" % site.larder.http]})
    result = subprocess.run([LARDERD, "--config", str(second.config)], capture_output=True, text=True, timeout=30 * SLOW)
    assert result.returncode not in (0, None)
    assert str(site.larder.http[1]) in result.stdout + result.stderr


def test_systemd_is_told_when_it_serves_and_when_it_stops(tmp_path, origin):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        larder = Larder(tmp_path, origins={"origin.test": origin}, environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
        larder.start()
        said = b""
        while b"READY=1" not in said:
            said += manager.recv(4096) + b"\n"
        while b"WATCHDOG=1" not in said:
            said += manager.recv(4096) + b"\n"
        larder.signal(signal.SIGTERM)
        while b"STOPPING=1" not in said:
            said += manager.recv(4096) + b"\n"
        assert larder.wait() == 0


def test_health_and_readiness_are_told_apart(larder):
    assert larder.api_raw("/healthz").status == 200
    assert larder.api_raw("/readyz").status == 200


def test_the_threads_carry_their_names(larder):
    directory = f"/proc/{larder.pid}/task"
    names = {open(f"{directory}/{task}/comm").read().strip() for task in os.listdir(directory)}
    assert {"origin", "store", "ledger"} <= names
    assert any(name.startswith("loop-") for name in names)


def test_no_descriptor_is_left_behind(site):
    site.origin.put("/a.pkg", CONTENT)
    for _ in range(3):
        get(site.larder.http, "/missing?source=origin.test")
        site.larder.download("/a.pkg", CONTENT)

    def count() -> int:
        return len(os.listdir(f"/proc/{site.larder.pid}/fd"))

    before = count()
    for _ in range(60):
        get(site.larder.http, "/missing?source=origin.test")
        site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"})
        connection = Connection(site.larder.http)
        connection.request("/a.pkg?source=origin.test")
        connection.reset()
    eventually(lambda: count() <= before + 8)


def test_what_is_logged_names_no_access_key(site):
    site.origin.put("/a.pkg", CONTENT)
    get(site.larder.http, "/a.pkg?source=origin.test&accessKey=verysecretvalue")
    assert "verysecretvalue" not in site.larder.log
