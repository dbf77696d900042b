# SPDX-License-Identifier: MIT
"""A scriptable nameserver on loopback: says what it is told to, and remembers what it was asked.

    with Nameserver() as dns:
        dns.put("vendor.test", "127.0.0.2", "fd00::1", ttl=5)
        dns.call("127.0.0.2", "mac.test")       # the address's name; bytes are a label of it as they stand
        dns.fault = "silent"                    # or "servfail", "truncated"; None: answers
        assert dns.asked("vendor.test") == 1    # questions for A records
"""

import ipaddress
import socket
import struct
import threading

A, AAAA, PTR, IN = 1, 28, 12, 1
RCODES = {"servfail": 2, "refused": 5}


class Nameserver:
    def __init__(self):
        self.names: dict[str, tuple[list, int]] = {}
        self.called: dict[str, bytes] = {}
        self.fault: str | None = None
        self.silent_types: set[int] = set()
        self._log: list[tuple[str, int]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.endpoint = "%s:%d" % self._socket.getsockname()
        self._stopping = False

    def __enter__(self) -> "Nameserver":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._stopping = True
        # Wakes recvfrom.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())

    def put(self, name: str, *addresses: str, ttl: int = 60):
        """The name's addresses from now on; none: it exists but has no address."""
        self.names[name] = ([ipaddress.ip_address(a) for a in addresses], ttl)

    def call(self, address: str, *labels: str | bytes):
        """What the address is called from now on; nothing: its name is gone."""
        parts = [part for label in labels for part in ([label] if isinstance(label, bytes) else label.encode().split(b"."))]
        self.called[ipaddress.ip_address(address).reverse_pointer] = b"".join(bytes([len(part)]) + part for part in parts) + b"\0" if parts else b""

    def asked_back(self, address: str) -> int:
        return self.asked(ipaddress.ip_address(address).reverse_pointer, PTR)

    def asked(self, name: str, kind: int = A) -> int:
        return sum(1 for asked in list(self._log) if asked == (name, kind))

    def _serve(self):
        while True:
            data, client = self._socket.recvfrom(2048)
            if self._stopping:
                self._socket.close()
                return
            if len(data) >= 12:
                answer = self._answer(data)
                if answer is not None:
                    self._socket.sendto(answer, client)

    def _answer(self, data: bytes) -> bytes | None:
        number, = struct.unpack("!H", data[:2])
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind, _ = struct.unpack("!HH", data[at + 1:at + 5])
        question = data[12:at + 5]                     # the letters' case as they came
        name = ".".join(labels).lower()
        self._log.append((name, kind))
        if self.fault == "silent" or kind in self.silent_types:
            return None

        def header(flags: int, answers: int) -> bytes:
            return struct.pack("!HHHHHH", number, 0x8180 | flags, 1, answers, 0, 0) + question

        if self.fault == "truncated":
            return header(0x0200, 0)
        if self.fault in RCODES:
            return header(RCODES[self.fault], 0)
        if kind == PTR and self.called.get(name):
            called = self.called[name]
            return header(0, 1) + struct.pack("!HHHIH", 0xC00C, PTR, IN, 60, len(called)) + called
        if name not in self.names:
            return header(3, 0)                        # no such name
        addresses, ttl = self.names[name]
        records = [a for a in addresses if (kind, a.version) in ((A, 4), (AAAA, 6))]
        body = b"".join(struct.pack("!HHHIH", 0xC00C, kind, IN, ttl, len(a.packed)) + a.packed for a in records)
        return header(0, len(records)) + body
