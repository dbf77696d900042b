# SPDX-License-Identifier: MIT
"""Clients that see exactly what comes: raw bytes out, heads and bodies in, checked against the content while they come."""

import contextlib
import dataclasses
import socket
import struct
import threading
import time

from content import Content

TIMEOUT = 60


class Cut(Exception):
    """The answer ended before it was complete; `clean` when by an orderly close rather than a reset."""

    def __init__(self, received: int, clean: bool):
        super().__init__(f"cut after {received} bytes of the body, {'by a close' if clean else 'by a reset'}")
        self.received = received
        self.clean = clean


@dataclasses.dataclass
class Head:
    status: int
    fields: list[tuple[str, str]]

    def __getitem__(self, name: str) -> str:
        """All values of a field, joined; "" when it is missing."""
        return ", ".join(value for key, value in self.fields if key.lower() == name.lower())

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self.fields)

    @property
    def content_range(self) -> tuple[int, int, int] | None:
        """First, last, size."""
        value = self["Content-Range"]
        if not value.startswith("bytes ") or "*" in value:
            return None
        span, size = value[6:].split("/")
        first, last = span.split("-")
        return int(first), int(last), int(size)


@dataclasses.dataclass
class Response(Head):
    body: bytes = b""


class Connection:
    """One connection to Larder. `source` is the address it comes from: another address is another device."""

    def __init__(self, address: tuple[str, int], *, source: str | None = None, receive_buffer: int | None = None,
                 timeout: float = TIMEOUT):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self._pending = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def request(self, target: str, *, method: str = "GET", host: str | None = None, fields: dict[str, str] | None = None,
                body: bytes = b""):
        peer = self.socket.getpeername()
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'{peer[0]}:{peer[1]}'}"]
        lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)

    def read_some(self, most: int = 1 << 20) -> bytes:
        """Some bytes, b"" at a clean end; ConnectionResetError on a reset."""
        if self._pending:
            data = bytes(self._pending[:most])
            del self._pending[:most]
            return data
        return self.socket.recv(most)

    def _line(self) -> bytes:
        while b"\n" not in self._pending:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError(f"ended within a line: {bytes(self._pending)!r}")
            self._pending += data
        end = self._pending.index(b"\n") + 1
        line = bytes(self._pending[:end])
        del self._pending[:end]
        return line

    def head(self) -> Head:
        line = self._line().decode("latin-1")
        version, status, *_ = line.rstrip("\r\n").split(" ", 2)
        assert version.startswith("HTTP/1."), line
        fields = []
        while (line := self._line().decode("latin-1").rstrip("\r\n")):
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))
        head = Head(int(status), fields)
        return self.head() if head.status in (100, 103) else head

    def body(self, head: Head, method: str = "GET"):
        """The body in pieces as they come. Raises Cut when it ends before it is whole."""
        if method == "HEAD" or head.status in (204, 304) or head.status < 200:
            return
        received = 0
        try:
            if head["Transfer-Encoding"].lower() == "chunked":
                while length := int(self._line().split(b";")[0], 16):
                    while length:
                        data = self.read_some(min(length, 1 << 20))
                        if not data:
                            raise Cut(received, clean=True)
                        length -= len(data)
                        received += len(data)
                        yield data
                    self._line()
                while self._line().strip():
                    pass
            elif "Content-Length" in head:
                left = int(head["Content-Length"])
                while left:
                    data = self.read_some(min(left, 1 << 20))
                    if not data:
                        raise Cut(received, clean=True)
                    left -= len(data)
                    received += len(data)
                    yield data
            else:
                while data := self.read_some():
                    yield data
        except EOFError as error:
            raise Cut(received, clean=True) from error
        except ConnectionError as error:
            raise Cut(received, clean=False) from error

    def response(self, method: str = "GET") -> Response:
        head = self.head()
        return Response(head.status, head.fields, b"".join(self.body(head, method)))

    def closed_by_peer(self) -> bool:
        """Waits for the other side's end: true for a close or a reset, false when bytes come instead."""
        try:
            return self.read_some(1) == b""
        except ConnectionError:
            return True


def get(address: tuple[str, int], target: str, *, method: str = "GET", host: str | None = None,
        fields: dict[str, str] | None = None, body: bytes = b"", source: str | None = None, timeout: float = TIMEOUT) -> Response:
    """One request on a connection of its own, the whole answer in memory."""
    with Connection(address, source=source, timeout=timeout) as connection:
        connection.request(target, method=method, host=host, fields=fields, body=body)
        return connection.response(method)


@dataclasses.dataclass
class Download:
    """What became of a large answer; no byte of it is kept."""
    head: Head | None = None
    received: int = 0
    wrong_at: int | None = None      # first offset of the object that differs from the content
    cut: Cut | None = None
    error: BaseException | None = None
    first_byte_s: float = 0
    seconds: float = 0

    @property
    def good(self) -> bool:
        return self.error is None and self.cut is None and self.wrong_at is None and self.head is not None and self.head.status in (200, 206)


def download(address: tuple[str, int], target: str, content: Content, *, host: str | None = None, fields: dict[str, str] | None = None,
             source: str | None = None, on_bytes=None, timeout: float = TIMEOUT) -> Download:
    """Fetches and compares every byte with `content` as it comes. `on_bytes(received)` may pause or raise to stop."""
    result = Download()
    began = time.monotonic()
    try:
        with Connection(address, source=source, timeout=timeout) as connection:
            connection.request(target, host=host, fields=fields)
            result.head = connection.head()
            span = result.head.content_range
            offset = span[0] if span else 0
            for data in connection.body(result.head):
                if not result.received:
                    result.first_byte_s = time.monotonic() - began
                if result.wrong_at is None and result.head.status in (200, 206):
                    result.wrong_at = content.first_difference(offset + result.received, data)
                result.received += len(data)
                if on_bytes:
                    on_bytes(result.received)
    except Cut as cut:
        result.cut = cut
    except Exception as error:  # an exception of one thread must reach the test that waits for it
        result.error = error
    result.seconds = time.monotonic() - began
    return result


class InBackground:
    """Runs a function in a thread; `result()` waits and gives what it returned."""

    def __init__(self, function, *arguments, **keywords):
        self._value = None
        self._error: BaseException | None = None

        def run():
            try:
                self._value = function(*arguments, **keywords)
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self, timeout: float = 2 * TIMEOUT):
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"not finished after {timeout} s"
        if self._error:
            raise self._error
        return self._value


def all_of(downloads: list[InBackground]) -> list[Download]:
    return [download.result() for download in downloads]


@contextlib.contextmanager
def open_connections(address: tuple[str, int], count: int):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Connection(address)) for _ in range(count)]


def eventually(what, timeout: float = 30, message: str = ""):
    """Waits until `what()` gives something true, and gives that. What it last gave is in the failure."""
    deadline = time.monotonic() + timeout
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < deadline, message or f"still {value!r} after {timeout} s"
        time.sleep(0.02)
