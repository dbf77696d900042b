# SPDX-License-Identifier: MIT
"""The clients of a storm: each asks for one thing after another, in every way clients ask, and remembers what it was given."""

import dataclasses
import random
import threading
import time

from client import Connection, Cut, Head
from content import KiB, MiB
from larder import SLOW

# An answer that makes no progress for this long hangs. Five attempts with their pauses and stalls of a second take 15.
PATIENCE = 60 * SLOW


@dataclasses.dataclass
class Ask:
    """One request and what came of it."""
    thing: object
    method: str
    fields: dict[str, str]
    token: str
    start: float
    end: float = 0
    connected: float = 0
    head: Head | None = None
    received: int = 0                # body bytes
    of_object: int = 0               # those of them that are the object's
    matches: list = dataclasses.field(default_factory=list)  # the versions all bytes are of
    cut: Cut | None = None
    left: bool = False
    error: str = ""
    complete: bool = False
    wrong: str = ""

    def __str__(self):
        status = self.head.status if self.head else "no answer"
        outcome = self.wrong or self.error or (str(self.cut) if self.cut else "left" if self.left else f"{self.received} bytes")
        said = self.head["Cache-Status"] if self.head else ""
        return f"{self.token} {self.method} {self.thing.path} ({self.thing.kind}, {self.thing.style}, {self.thing.max_age}) {self.fields}: {status} [{said}] {outcome}"


class Visitor(threading.Thread):
    def __init__(self, storm, number: int):
        super().__init__(daemon=True)
        self.storm = storm
        self.number = number
        self.random = random.Random(f"{storm.seed}/{number}")
        self.doing = ""
        self.etags: dict[int, list[str]] = {}
        self.count = 0

    def run(self):
        for _ in range(self.random.randrange(2, 8)):
            try:
                self.visit()
            except OSError as error:
                self.doing = f"{error}"
                time.sleep(0.05)  # the daemon is down
            except Exception as error:
                self.storm.problem(f"{self.doing}: {type(error).__name__}: {error}")
                return

    # ---- asking

    def new_ask(self) -> Ask:
        draw = self.random
        thing = draw.choice(self.storm.things)
        self.count += 1
        fields: dict[str, str] = {}
        method = "HEAD" if draw.random() < 0.08 else "GET"
        known = self.etags.get(thing.number, [])
        if draw.random() < 0.45:
            fields["Range"] = self.draw_range(thing.size)
            if draw.random() < 0.3:
                fields["If-Range"] = draw.choice(known + ['"of-nothing"'])
        elif known and draw.random() < 0.25:
            fields[draw.choice(["If-None-Match", "If-Match"])] = draw.choice(known + ['"of-nothing"', "*"])
        if draw.random() < 0.05:
            fields["Cache-Control"] = draw.choice(["no-cache", "max-age=0", "no-store"])
        return Ask(thing, method, fields, f"S{self.number}N{self.count}", time.monotonic())

    def draw_range(self, size: int) -> str:
        draw = self.random

        def one() -> str:
            first = draw.randrange(size + 2)
            return draw.choice([f"{first}-", f"{first}-{first + draw.choice([0, 100, 64 * KiB, MiB, 3 * MiB])}", f"-{draw.choice([1, 1000, MiB, size + 1])}"])

        return "bytes=" + ",".join(one() for _ in range(draw.choice([1, 1, 1, 1, 2, 3])))

    def send(self, connection: Connection, ask: Ask):
        """By one of the entrances, with a token, so that each request has a record of its own."""
        thing, larder = ask.thing, self.storm.larder
        path = f"/d/{ask.token}{thing.path}"
        entrance = self.random.choice(["content cache", "proxy", "steered", "delivery optimization"])
        host = None
        if entrance == "content cache":
            path = larder.cache_url(thing.host, path)
        elif entrance == "proxy":
            path, host = f"http://{thing.host}{path}", thing.host
        elif entrance == "steered":
            host = thing.host
        else:
            path = f"{path}?cacheHostOrigin={thing.host}"
        connection.request(path, method=ask.method, host=host, fields=ask.fields)

    def visit(self):
        """One connection: one request, several after each other, or several at once."""
        draw = self.random
        count = draw.choice([1, 1, 1, 2, 3])
        ahead = count > 1 and draw.random() < 0.5
        slow = draw.random() < 0.12
        self.doing = "connecting"
        with Connection(self.storm.larder.http, receive_buffer=16 * KiB if slow else None, timeout=PATIENCE) as connection:
            connected = time.monotonic()
            asks = [self.new_ask() for _ in range(count)]
            if ahead:
                for ask in asks:
                    self.send(connection, ask)
            for ask in asks:
                ask.connected = connected
                ask.start = ask.start if ahead else time.monotonic()
                self.doing = str(ask)
                if not ahead:
                    self.send(connection, ask)
                keep = self.receive(connection, ask, slow)
                ask.end = time.monotonic()
                with self.storm.lock:
                    self.storm.asks.append(ask)
                if not keep:
                    return

    # ---- receiving

    def receive(self, connection: Connection, ask: Ask, slow: bool) -> bool:
        """Reads one answer. False when nothing can follow it on this connection."""
        draw = self.random
        leave_after = draw.randrange(1, ask.thing.size + 2) if draw.random() < 0.1 else None
        try:
            ask.head = connection.head()
            reader = _Body(ask)
            for data in connection.body(ask.head, ask.method):
                ask.received += len(data)
                reader.take(data)
                if leave_after is not None and ask.received >= leave_after:
                    ask.left = True
                    connection.reset()
                    return False
                if slow and draw.random() < 0.2:
                    time.sleep(draw.random() * 0.02)
            reader.finish()
            ask.complete = True
        except Cut as cut:
            ask.cut = cut
        except TimeoutError:
            ask.error = f"no progress for {PATIENCE} s"
        except (OSError, EOFError) as error:
            ask.error = f"{type(error).__name__}: {error}"
        if not ask.complete:
            return False
        if ask.head.status in (200, 206) and ask.head["ETag"]:
            self.etags.setdefault(ask.thing.number, []).append(ask.head["ETag"])
        return ask.head["Connection"].lower() != "close"


class _Body:
    """Holds what comes against every version there is. Several ranges are gathered and taken apart at the end."""

    def __init__(self, ask: Ask):
        self.ask = ask
        self.serves = ask.head.status in (200, 206)
        span = ask.head.content_range
        self.offset = span[0] if span else 0
        self.multipart = ask.head["Content-Type"].startswith("multipart/byteranges") and ask.head.status == 206
        self.whole = bytearray()
        ask.matches = list(ask.thing.versions) if self.serves else []

    def take(self, data: bytes):
        if self.multipart:
            self.whole += data
        elif self.serves:
            self.compare(self.offset + self.ask.of_object, data)

    def compare(self, offset: int, data: bytes):
        ask = self.ask
        # A version may have come after the head and before these bytes only if the answer is a blend: none is added.
        ask.matches = [version for version in ask.matches if version.content.first_difference(offset, data) is None]
        ask.of_object += len(data)
        if not ask.matches and not ask.wrong:
            ask.wrong = f"bytes {offset}-{offset + len(data) - 1} are of no version that those before them are of"

    def finish(self):
        if not self.multipart:
            return
        boundary = b"--" + self.ask.head["Content-Type"].split("boundary=")[1].strip('"').encode()
        _, *parts, end = bytes(self.whole).split(boundary)
        if len(parts) < 2 or end.rstrip() != b"--":
            self.ask.wrong = f"not the several parts it says it is, but {len(parts)} and {end[:20]!r}"
            return
        for raw in parts:
            text, _, data = raw.partition(b"\r\n\r\n")
            span = Head(206, [tuple(line.split(": ", 1)) for line in text.decode("latin-1").strip().split("\r\n")]).content_range
            data = data[:-2]  # the line end belongs to the boundary
            if not span or span[1] - span[0] + 1 != len(data):
                self.ask.wrong = f"a part of {len(data)} bytes says {text!r}"
                return
            self.ask.matches = [version for version in self.ask.matches if span[2] - version.content.size in self.ask.thing.lies | {0}]
            self.compare(span[0], data)
