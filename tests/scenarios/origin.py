# SPDX-License-Identifier: MIT
"""A scriptable HTTP/1.1 origin: says what it is told to, fails as it is told to, and remembers what it was asked.

    with Origin() as origin:
        page = origin.put("/a.pkg", Content("a", 10 * MiB))
        page.fault = Reset(at=5 * MiB)          # or give the page a list: one fault a request, then none
        ...
        assert [asked.range for asked in origin.asked("/a.pkg")] == [None, (5 * MiB, None)]
"""

import contextlib
import dataclasses
import fcntl
import re
import socket
import ssl
import struct
import termios
import threading
import time
from email.utils import formatdate

from content import Bytes, Content
from origin_faults import (Answer, Become, HoldHead, IgnoreRange, Instead, NoLength, RawAnswer, Reset, Stall, Truncate,
                           WrongLength)

STATUS = {200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
          400: "Bad Request", 403: "Forbidden", 404: "Not Found", 416: "Range Not Satisfiable",
          500: "Internal Server Error", 503: "Service Unavailable"}


# ---- what is served and what was asked -------------------------------------------------------------------------------

@dataclasses.dataclass
class Page:
    content: Content
    etag: str | None
    last_modified: str | None
    fields: dict[str, str]
    fault: object = None          # one fault for every request, or a list: one a request, then none
    rate: int | None = None       # bytes a second of each connection
    chunked: bool = False         # Transfer-Encoding: chunked, no length
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def take_fault(self):
        with self.lock:
            if isinstance(self.fault, list):
                return self.fault.pop(0) if self.fault else None
            return self.fault


@dataclasses.dataclass
class Asked:
    """One request, as it came; `sent` grows while its body goes out."""
    method: str
    target: str
    fields: dict[str, str]        # names in lower case
    body: bytes
    host: str
    range: tuple[int | None, int | None] | None
    status: int = 0
    sent: int = 0
    done: bool = False


def etag_of(content: Content) -> str:
    return f'"{content.name or content.sha256()[:16]}-{content.size}"'


def parse_range(value: str | None):
    """A single byte range as (first, last), either may be missing; nothing for none and for several."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", value or "")
    if not match or not (match[1] or match[2]):
        return None
    return (int(match[1]) if match[1] else None, int(match[2]) if match[2] else None)


class Origin:
    def __init__(self, tls: "tuple[str, str] | None" = None):
        """`tls`: certificate chain and key file."""
        self.pages: dict[str, Page] = {}
        self._log: list[Asked] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        self.address = ("127.0.0.1", 0)
        self._listener: socket.socket | None = None
        self.connections = 0

    # ---- life

    def __enter__(self) -> "Origin":
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Listens; after stop() again on the same port."""
        self._stopping.clear()
        self._listener = socket.create_server(self.address, backlog=1024)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Refuses connections from now on and resets those that are open."""
        self._stopping.set()
        if self._listener:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            sockets = list(self._open)
        for connection in sockets:
            _reset(connection)

    @property
    def endpoint(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    # ---- script

    def put(self, path: str, content: Content | bytes, *, etag: str | None = "", last_modified: str | None = "",
            fields: dict[str, str] | None = None, fault=None, rate: int | None = None, chunked: bool = False) -> Page:
        """Serves `content` at `path`. ETag and Last-Modified are made where not given; None leaves them out."""
        content = Bytes(content) if isinstance(content, bytes) else content
        page = Page(content, etag_of(content) if etag == "" else etag,
                    formatdate(1_750_000_000, usegmt=True) if last_modified == "" else last_modified,
                    {"Content-Type": "application/octet-stream", "Cache-Control": "max-age=3600"} if fields is None else fields,
                    fault, rate, chunked)
        self.pages[path] = page
        return page

    # ---- record

    def asked(self, path: str | None = None, method: str | None = "GET") -> list[Asked]:
        """Requests so far, oldest first."""
        with self._lock:
            return [a for a in self._log if (path is None or a.target.split("?")[0] == path) and (method is None or a.method == method)]

    def bytes_sent(self, path: str | None = None) -> int:
        """Body bytes sent so far."""
        return sum(asked.sent for asked in self.asked(path, None))

    def wait_for(self, what, timeout: float = 60):
        """Waits until `what(self)` holds; asked again whenever a request comes, ends or has sent some more."""
        deadline = time.monotonic() + timeout
        while not what(self):
            left = deadline - time.monotonic()
            assert left > 0, f"the origin waited {timeout} s in vain; it was asked {self.asked(None, None)}"
            with self._changed:
                self._changed.wait(min(left, 0.05))

    def _note(self):
        with self._changed:
            self._changed.notify_all()

    # ---- serving

    def _accept(self, listener: socket.socket):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            reader = connection.makefile("rb", buffering=65536)
            while not self._stopping.is_set():
                asked = _read_request(reader)
                if asked is None:
                    break
                with self._changed:
                    self._log.append(asked)
                    self._changed.notify_all()
                keep = self._answer(connection, asked)
                asked.done = True
                self._note()
                if not keep:
                    break
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def _answer(self, connection: socket.socket, asked: Asked) -> bool:
        """Sends one answer. False when the connection is over with it."""
        page = self.pages.get(asked.target) or self.pages.get(asked.target.split("?")[0])
        if page is None:
            return self._plain(connection, asked, Answer(404, {}, b"no such page\n"))
        fault = page.take_fault()
        while isinstance(fault, Instead):
            self.pages[asked.target.split("?")[0]] = page = fault.page
            fault = page.take_fault()
        if isinstance(fault, Become):
            page.content, page.etag = fault.content, etag_of(fault.content)
        if isinstance(fault, Answer):
            return self._plain(connection, asked, fault)
        if isinstance(fault, RawAnswer):
            connection.sendall(fault.data)
            if fault.rest:
                self._until(fault.go)
                connection.sendall(fault.rest)
            return fault.keep
        if isinstance(fault, HoldHead):
            fault.reached.set()
            self._until(fault.go)
            if fault.then:
                return self._plain(connection, asked, fault.then)
        if asked.method not in ("GET", "HEAD"):
            return self._plain(connection, asked, Answer(200, {}, b"received %d\n" % len(asked.body)))
        if self._not_modified(page, asked):
            return self._plain(connection, asked, Answer(304, self._validators(page)))

        size = page.content.size
        status, start, end = 200, 0, size
        wants = None if isinstance(fault, (IgnoreRange, NoLength)) else self._wanted(page, asked)
        if wants is not None:
            first, last = wants
            if first is None:
                start, end = max(0, size - last), size
            else:
                start, end = first, size if last is None else min(last + 1, size)
            if start >= size or start >= end:
                return self._plain(connection, asked, Answer(416, {"Content-Range": f"bytes */{size}"}))
            status = 206
        fields = {"Date": formatdate(usegmt=True), "Accept-Ranges": "bytes", **page.fields, **self._validators(page)}
        if status == 206:
            fields["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        if page.chunked:
            fields["Transfer-Encoding"] = "chunked"
        elif not isinstance(fault, NoLength):
            fields["Content-Length"] = str(end - start + (fault.by if isinstance(fault, WrongLength) else 0))
        asked.status = status
        connection.sendall(_head(status, fields))
        if asked.method == "HEAD":
            return not isinstance(fault, NoLength)
        return self._body(connection, asked, page, fault, start, end)

    def _body(self, connection, asked: Asked, page: Page, fault, start: int, end: int) -> bool:
        at = start
        due = time.monotonic()
        for part in self._pieces(page, start, end, getattr(fault, "at", None)):
            if isinstance(fault, Stall) and at == fault.at:
                fault.reached.set()
                self._until(fault.go)
            if isinstance(fault, (Reset, Truncate)) and at == fault.at:
                break
            if page.rate:
                now = time.monotonic()
                due = max(due, now) + len(part) / page.rate  # time lost is not made up for
                if self._stopping.wait(due - now):
                    return False
            if page.chunked:
                connection.sendall(b"%x\r\n" % len(part))
            connection.sendall(part)
            if page.chunked:
                connection.sendall(b"\r\n")
            at += len(part)
            asked.sent += len(part)
        if isinstance(fault, Reset) and at == fault.at:
            # What the kernel has not sent yet goes lost with a reset: wait for the other side to have it.
            _drain(connection)
            _reset(connection)
            return False
        if isinstance(fault, Truncate) and at == fault.at:
            return False
        if page.chunked:
            connection.sendall(b"0\r\n\r\n")
        return not isinstance(fault, (WrongLength, NoLength))

    @staticmethod
    def _pieces(page: Page, start: int, end: int, cut: int | None):
        """Pieces of the body, none of which crosses `cut`; of 5 ms each when the rate is limited."""
        if cut is not None and start <= cut < end:
            spans = [(start, cut), (cut, end)]
        else:
            spans = [(start, end)]
        step = max(1024, page.rate // 200) if page.rate else None
        for first, last in spans:
            if step is None:
                yield from page.content.parts(first, last)
            else:
                for at in range(first, last, step):
                    yield from page.content.parts(at, min(at + step, last))

    def _until(self, event: threading.Event):
        while not event.wait(0.02):
            if self._stopping.is_set():
                raise OSError("the origin stops")

    @staticmethod
    def _validators(page: Page) -> dict[str, str]:
        fields = {}
        if page.etag is not None:
            fields["ETag"] = page.etag
        if page.last_modified is not None:
            fields["Last-Modified"] = page.last_modified
        return fields

    @staticmethod
    def _not_modified(page: Page, asked: Asked) -> bool:
        tags = asked.fields.get("if-none-match")
        if tags is not None:
            wanted = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return "*" in wanted or (page.etag or "").removeprefix("W/") in wanted
        since = asked.fields.get("if-modified-since")
        return since is not None and page.last_modified is not None and since == page.last_modified

    @staticmethod
    def _wanted(page: Page, asked: Asked):
        """The range to answer, nothing when the whole is to be sent: no range, or If-Range names another version."""
        condition = asked.fields.get("if-range")
        if condition is not None:
            strong = condition == page.etag and not condition.startswith("W/")
            if not strong and condition != page.last_modified:
                return None
        return asked.range

    def _plain(self, connection, asked: Asked, answer: Answer) -> bool:
        asked.status = answer.status
        fields = {"Date": formatdate(usegmt=True), **answer.fields}
        if answer.status not in (204, 304):
            fields["Content-Length"] = str(len(answer.body))
        body = b"" if asked.method == "HEAD" or answer.status in (204, 304) else answer.body
        connection.sendall(_head(answer.status, fields) + body)
        asked.sent += len(body)
        return True


def _head(status: int, fields: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {STATUS.get(status, 'Status')}", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _read_request(reader) -> Asked | None:
    line = reader.readline(65536)
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    fields: dict[str, str] = {}
    while (line := reader.readline(65536)).strip():
        name, _, value = line.decode("latin-1").partition(":")
        fields[name.strip().lower()] = value.strip()
    body = b""
    if "content-length" in fields:
        body = reader.read(int(fields["content-length"]))
    elif fields.get("transfer-encoding", "").lower() == "chunked":
        while length := int(reader.readline().split(b";")[0], 16):
            body += reader.read(length)
            reader.readline()
        while reader.readline().strip():
            pass
    return Asked(method, target, fields, body, fields.get("host", ""), parse_range(fields.get("range")))


def _drain(connection: socket.socket, timeout: float = 10):
    """Waits until the other side's kernel has everything (SIOCOUTQ is 0)."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            queued = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        except (OSError, ValueError):
            return
        if queued == 0:
            return
        time.sleep(0.001)


def _reset(connection: socket.socket):
    with contextlib.suppress(OSError, ValueError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError, ValueError):  # its own thread may have closed it meanwhile
        # The reader's file object keeps the descriptor open; taking the descriptor away closes it at once.
        socket.socket(fileno=connection.detach()).close()
