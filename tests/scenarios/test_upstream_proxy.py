# SPDX-License-Identifier: MIT
"""Sites whose line is behind a proxy of their own (origins.proxy): origins are reached through it, and resumed through it."""

import base64
import select
import socket
import socketserver
import threading

import pytest

from client import get
from content import Content, MiB
from larder import Larder
from origin import Origin
from origin_faults import Reset

HOST = "up.example"


class Upstream(socketserver.ThreadingTCPServer):
    """A forward proxy: whatever host is asked for, `origin` answers. Keeps the request lines, and what each brought as
    Proxy-Authorization."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, origin: Origin):
        super().__init__(("127.0.0.1", 0), Upstream.Handler)
        self.origin = origin
        self.lines: list[str] = []
        self.credentials: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return "127.0.0.1:%d" % self.server_address[1]

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = self.rfile.read(1)
                if not byte:
                    return
                head += byte
            line, *fields = head.decode("latin-1").split("\r\n")
            self.server.lines.append(line)
            self.server.credentials += [field.split(": ", 1)[1] for field in fields if field.lower().startswith("proxy-authorization")]
            method, target, _ = line.split(" ")
            with socket.create_connection(self.server.origin.address) as origin:
                if method == "CONNECT":
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    kept = [field for field in fields if field and not field.lower().startswith(("proxy-", "connection"))]
                    path = "/" + target.split("/", 3)[3]
                    origin.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1"))
                self.relay(origin)

        def relay(self, origin):
            while True:
                for ready in select.select([origin, self.connection], [], [])[0]:
                    try:
                        data = ready.recv(65536)
                        (self.connection if ready is origin else origin).sendall(data)
                    except OSError:
                        return
                    if not data:
                        return


@pytest.fixture
def upstream(tmp_path):
    with Origin() as origin, Upstream(origin) as proxy:
        larder = Larder(tmp_path, origins={HOST: origin}, host_keys={HOST: {"connect_to": "", "scheme": ""}})
        larder.write_config(origins={"proxy": f"http://user:pass@{proxy.url}"})
        with larder:
            yield larder, origin, proxy
        proxy.shutdown()


def test_origins_are_reached_through_the_proxy_once_and_with_its_credentials(upstream):
    larder, origin, proxy = upstream
    content = Content("up", 3 * MiB)
    origin.put("/a.pkg", content)
    for _ in range(2):
        assert get(larder.http, f"/a.pkg?source={HOST}").body == content.read()
    assert proxy.lines == [f"GET http://{HOST}/a.pkg HTTP/1.1"]
    assert proxy.credentials == ["Basic " + base64.b64encode(b"user:pass").decode()]
    assert all("proxy-authorization" not in asked.fields for asked in origin.asked())
    assert "user:pass" not in larder.command("config", "explain", "--config", str(larder.config)).stdout


def test_a_download_that_breaks_off_goes_on_through_the_proxy(upstream):
    larder, origin, proxy = upstream
    content = Content("broken", 4 * MiB)
    origin.put("/b.pkg", content, fault=[Reset(2 * MiB)])
    assert get(larder.http, f"/b.pkg?source={HOST}").body == content.read()
    assert len(proxy.lines) >= 2


def test_the_doctor_finds_the_proxy_well(upstream):
    larder, _, proxy = upstream
    findings = larder.api("doctor")["checks"]
    found = [finding for finding in findings if finding["check"] == "upstream proxy"]
    assert [finding["verdict"] for finding in found] == ["good"] and "pass" not in found[0]["found"]
