# SPDX-License-Identifier: MIT
"""Tunnels: CONNECT, and TLS passed through by its server name. Bytes go through unread and are counted."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import threading
import time

import client
import larder as larder_
import pytest
from nameserver import Nameserver
from test_tls import context_for, self_signed

MiB = 1 << 20
HOST = "far.example"


class Far:
    """A TCP server that does with each connection what it is told."""

    def __init__(self, serve, tls: dict | None = None):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._serve = serve
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls["certificate"], tls["key"])
        self.connections = 0
        self.errors: list[BaseException] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return "127.0.0.1:%d" % self._listener.getsockname()[1]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket):
        try:
            with connection:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._serve(connection)
        except Exception as error:
            self.errors.append(error)

    def close(self):
        self._listener.close()


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def digest_then_answer(connection):
    """Reads to the end, then says what it has read: needs the half-closed side."""
    digest = hashlib.sha256()
    while data := connection.recv(1 << 16):
        digest.update(data)
    connection.sendall(digest.hexdigest().encode())


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("keys") / "far", HOST)


@pytest.fixture(scope="module")
def fars(keys):
    servers = {"echo": Far(echo), "half": Far(digest_then_answer), "secure": Far(echo, tls=keys)}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture(scope="module")
def larder(tmp_path_factory, fars):
    origins = {"echo.example": fars["echo"].endpoint, "half.example": fars["half"].endpoint, HOST: fars["secure"].endpoint, "dead.example": "127.0.0.1:1",
               "only.example:8443": fars["echo"].endpoint}
    with larder_.Larder(tmp_path_factory.mktemp("tunnel"), origins=origins, vendors=("apple",), sni=True,
                        host_keys={name: {"scheme": "https"} for name in origins}) as larder:
        yield larder


def connect(larder, target: str, fields: dict | None = None) -> tuple[client.Connection, client.Head]:
    connection = client.Connection(larder.http)
    connection.request(target, method="CONNECT", host=target, fields=fields)
    return connection, connection.head()


def basic(user: str) -> dict:
    return {"Proxy-Authorization": "Basic " + base64.b64encode(f"{user}:x".encode()).decode()}


def exchange(connection, data: bytes) -> bytes:
    writer = threading.Thread(target=connection.sendall, args=(data,))
    writer.start()
    received = bytearray()
    while len(received) < len(data):
        piece = connection.recv(1 << 16)
        assert piece
        received += piece
    writer.join()
    return bytes(received)


def exchange_in_turn(secure, data: bytes) -> bytes:
    """Under TLS, which one thread at a time may use."""
    return b"".join(_echoed(secure, data[at:at + 16384]) for at in range(0, len(data), 16384))


def _echoed(secure, part: bytes) -> bytes:
    secure.sendall(part)
    received = bytearray()
    while len(received) < len(part):
        piece = secure.recv(1 << 16)
        assert piece
        received += piece
    return bytes(received)


def test_bytes_go_through_both_ways_at_once(larder):
    connection, head = connect(larder, "echo.example:443")
    assert head.status == 200
    data = os.urandom(16 * MiB)
    assert exchange(connection.socket, data) == data
    connection.close()


def test_what_is_sent_with_the_request_is_not_lost(larder):
    with client.Connection(larder.http) as connection:
        connection.send(b"CONNECT echo.example:443 HTTP/1.1\r\nHost: echo.example:443\r\n\r\nearly bird")
        assert connection.head().status == 200
        received = b""
        while len(received) < 10:
            received += connection.read_some()
        assert received == b"early bird"


def test_one_side_may_end_before_the_other(larder):
    connection, _ = connect(larder, "half.example:443")
    data = os.urandom(3 * MiB)
    connection.socket.sendall(data)
    connection.socket.shutdown(socket.SHUT_WR)
    answer = b""
    while piece := connection.read_some():
        answer += piece
    assert answer.decode() == hashlib.sha256(data).hexdigest()


def test_tls_is_the_clients_and_the_origins_own(larder, keys):
    """CONNECT and pass-through by name: the certificate the client sees is the origin's."""
    context = context_for(keys["certificate"])
    plain, head = connect(larder, HOST + ":443")
    assert head.status == 200
    for raw in (plain.socket, socket.create_connection(larder.sni)):
        with context.wrap_socket(raw, server_hostname=HOST) as secure:
            data = os.urandom(2 * MiB)
            assert exchange_in_turn(secure, data) == data


def test_they_are_counted_per_device_and_host(larder):
    connection, _ = connect(larder, "echo.example:443", basic("TUNNEL-MAC"))
    assert exchange(connection.socket, b"x" * 12345) == b"x" * 12345
    connection.close()
    detail = client.eventually(lambda: any(row["id"] == "TUNNEL-MAC" for row in larder.report("devices")) and larder.api("reports/devices/TUNNEL-MAC"))
    fetch, = detail["recent"]
    assert (fetch["url"], fetch["entrance"], fetch["answered"], fetch["bytes_sent"]) == ("https://echo.example:443", "tunnel", "pass", 12345)
    context = ssl._create_unverified_context()
    with context.wrap_socket(socket.create_connection(larder.sni, source_address=("127.0.0.9", 0)), server_hostname=HOST) as secure:
        assert exchange_in_turn(secure, b"y" * 1000) == b"y" * 1000
    detail = client.eventually(lambda: any(row["id"] == "127.0.0.9" for row in larder.report("devices")) and larder.api("reports/devices/127.0.0.9"))
    fetch, = detail["recent"]
    assert (fetch["url"], fetch["entrance"]) == (f"https://{HOST}:443", "sni") and fetch["bytes_sent"] > 1000
    client.eventually(lambda: larder.number("tunnels_open") == 0)


@pytest.mark.parametrize("target, status", [
    ("www.example.org:443", 403), ("echo.example:22", 403), ("echo.example:8443", 403), ("only.example:443", 403), ("only.example:8443", 200), ("127.0.0.1:443", 403),
    ("169.254.169.254:80", 403), ("[::1]:443", 403), ("localhost:8081", 403), ("echo.example", 400), ("echo.example:0", 400), ("echo.example:99999", 400),
    ("user@echo.example:443", 400), ("http://echo.example:443", 400), ("/", 400), ("*", 400), (":443", 400), ("echo.example:443/x", 400), ("dead.example:443", 502)])
def test_odd_targets_are_answered(larder, target, status):
    with client.Connection(larder.http) as connection:
        connection.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert connection.head().status == status, target


def test_a_name_that_leads_inside_is_not_connected_to(tmp_path, fars):
    """A built-in host whose name resolves to a private address: like every origin's."""
    port = int(fars["echo"].endpoint.split(":")[1])
    with Nameserver() as names:
        names.put("inside.example", "127.0.0.1", "10.0.0.1")
        larder = larder_.Larder(tmp_path, sni=True, origins={})
        larder.write_config(origins={"nameservers": [names.endpoint]})
        with larder.config.open("a") as config:
            config.write(f'\n[[origins.host]]\nname = "inside.example:{port}"\n[[origins.host]]\nname = "inside.example"\n')
        with larder:
            before = fars["echo"].connections
            with client.Connection(larder.http) as connection:
                connection.send(f"CONNECT inside.example:{port} HTTP/1.1\r\nHost: inside.example:{port}\r\n\r\n".encode())
                answer = connection.response()
                assert answer.status == 502 and b"no public address" in answer.body
            assert alert_of(larder, hello("inside.example")) == 112
            assert fars["echo"].connections == before


def hello(name: str) -> bytes:
    """A ClientHello as OpenSSL makes it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl._create_unverified_context()
    secure = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        secure.do_handshake()
    return outgoing.read()


def alert_of(larder, data: bytes) -> int | None:
    """The fatal alert that comes back; None for a close without one."""
    with client.Connection(larder.sni) as connection:
        connection.send(data)
        received = b""
        try:
            while piece := connection.read_some():
                received += piece
        except ConnectionError:
            pass
    return received[6] if received[:5] == b"\x15\x03\x03\x00\x02" and received[5] == 2 else None


def test_a_server_name_in_many_packets_is_read(larder, fars):
    data = hello(HOST)
    with client.Connection(larder.sni) as connection:
        for at in range(0, len(data), 5):
            connection.send(data[at:at + 5])
            time.sleep(0.001)
        assert connection.read_some(1) == b"\x16"
    # In several records, too.
    body = data[5:]
    with client.Connection(larder.sni) as connection:
        for at in range(0, len(body), 40):
            part = body[at:at + 40]
            connection.send(b"\x16\x03\x01" + struct.pack(">H", len(part)) + part)
        assert connection.read_some(1) == b"\x16"


def test_server_names_that_are_no_origins_are_refused(larder):
    for data in (hello("www.example.org"), hello("localhost"), hello("only.example"), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x02\x01\x00" + b"x" * 50, hello("dead.example")):
        assert alert_of(larder, data) == 112, data[:60]


def test_a_reset_on_one_side_reaches_the_other(larder, fars):
    connection, _ = connect(larder, "echo.example:443")
    connection.send(b"x")
    assert connection.read_some(1) == b"x"
    before = len(fars["echo"].errors)
    connection.reset()
    client.eventually(lambda: len(fars["echo"].errors) > before or larder.number("tunnels_open") == 0)


def test_idle_and_old_tunnels_are_cut(tmp_path, fars):
    with larder_.Larder(tmp_path, origins={"echo.example": fars["echo"].endpoint}, sni=True, limits={"tunnel_idle": "1s", "tunnel_life": "3s", "head_timeout": "1s"}) as larder:
        idle, _ = connect(larder, "echo.example:443")
        greeting = client.Connection(larder.sni)
        greeting.send(b"\x16\x03")
        assert idle.closed_by_peer() and greeting.closed_by_peer()
        busy, _ = connect(larder, "echo.example:443")
        began = time.monotonic()
        with pytest.raises((ConnectionError, AssertionError)):
            while time.monotonic() - began < 10:
                busy.send(b"x")
                assert busy.read_some(1) == b"x"
                time.sleep(0.1)
        assert 2 < time.monotonic() - began < 8


def test_who_is_refused_while_a_host_is_left_alone_is_told_for_how_long(tmp_path):
    with larder_.Larder(tmp_path, origins={"dead.example": "127.0.0.1:1"}) as larder:
        heads = [connect(larder, "dead.example:443")[1] for _ in range(8)]
        assert (heads[0].status, "Retry-After" in heads[0]) == (502, False)
        assert heads[-1].status == 503 and 1 <= int(heads[-1]["Retry-After"]) <= 3


def test_their_number_is_limited(tmp_path, fars):
    with larder_.Larder(tmp_path, origins={"echo.example": fars["echo"].endpoint}, sni=True, limits={"tunnels": 2}) as larder:
        open_ = [connect(larder, "echo.example:443")[0] for _ in range(2)]
        refused, head = connect(larder, "echo.example:443")
        assert head.status == 503 and head["Retry-After"]
        assert alert_of(larder, hello("echo.example")) == 112
        for connection in open_:
            connection.close()
        client.eventually(lambda: larder.number("tunnels_open") == 0)
        assert connect(larder, "echo.example:443")[1].status == 200


def test_hundreds_at_once(larder, fars):
    before = larder.number("tunnels_opened")
    tunnels = [connect(larder, "echo.example:443")[0] for _ in range(150)]
    for number, tunnel in enumerate(tunnels):
        tunnel.send(b"%06d" % number)
    for number, tunnel in enumerate(tunnels):
        received = b""
        while len(received) < 6:
            received += tunnel.read_some()
        assert received == b"%06d" % number
        tunnel.close()
    client.eventually(lambda: larder.number("tunnels_open") == 0)
    assert larder.number("tunnels_opened") == before + 150


def test_not_over_tls(tmp_path, fars, keys):
    from test_tls import Tls
    with larder_.Larder(tmp_path, origins={"echo.example": fars["echo"].endpoint}, tls=True, tls_keys=keys) as larder:
        with Tls(larder.tls, keys["certificate"], name=HOST) as connection:
            connection.request("echo.example:443", method="CONNECT", host="echo.example:443")
            assert connection.response().status == 501
