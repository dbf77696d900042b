# SPDX-License-Identifier: MIT
"""One storm: a Larder, an origin, clients and everything that can go wrong with them, all drawn from one seed.

    problems = Storm("7", directory).run()

What is drawn (objects, validators, faults, kills, what each client asks) follows from the seed; how the threads meet does not,
so a seed that failed is run some times over to see it again.
"""

import contextlib
import dataclasses
import json
import pathlib
import random
import threading
import time

from client import Cut, eventually, get
from content import Content, KiB, MiB
from larder import Larder, SLOW
from origin import Answer, IgnoreRange, Instead, NoLength, Origin, Page, RawAnswer, Reset, Stall, Truncate, WrongLength
from storm_clients import Ask, Visitor
from storm_oracle import Oracle

SIZES = [0, 1, 15, 17, 4 * KiB, 64 * KiB, 300 * KiB, MiB - 1, MiB, MiB + 1, 2 * MiB, 3 * MiB + 17, 8 * MiB, 8 * MiB + 1, 20 * MiB]
SIZE_WEIGHTS = [1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 5, 4, 3, 2]
FULL = "1000 TiB"  # a reserve no disk has: nothing can be stored

# Where the three classes of names are found.
PLACES = {
    "ordinary": ("origin.test", "/files/{}.pkg"),
    "immutable": ("swcdn.apple.com", "/content/downloads/26/09/042-58988/abcdefghijklmnopqrstuvwxyz01234567/{}.pkg"),
    "mutable": ("swscan.apple.com", "/content/catalogs/others/index-{}.sucatalog"),
}


@dataclasses.dataclass
class Version:
    """What the origin had at one time: from `since` to `until` on the clock of this process."""
    content: Content
    etag: str | None
    last_modified: str | None
    since: float
    until: float = float("inf")


class Thing:
    """One object: where it is, how it is validated, what it has been, and whether anything at all goes wrong with it."""

    def __init__(self, number: int, chance: random.Random):
        self.number = number
        self.kind = chance.choices(list(PLACES), [6, 3, 2])[0]
        self.host, path = PLACES[self.kind]
        self.path = path.format(f"{number}")
        self.size = chance.choices(SIZES, SIZE_WEIGHTS)[0]
        self.style = chance.choices(["strong", "weak", "weak that stays", "date", "etag and date", "none"], [5, 2, 1, 2, 3, 2])[0]
        self.max_age = chance.choices([0, 1, 3600, None, "no-store", "no-cache"], [3, 2, 6, 1, 1, 1])[0]
        self.chunked = chance.random() < 0.08
        self.rate = chance.choices([None, 20 * MiB, 3 * MiB], [6, 2, 1])[0]
        self.calm = chance.random() < 0.4
        self.versions: list[Version] = []
        self.faults: set[str] = set()
        self.lies: set[int] = set()  # by how much the origin says it is longer

    def fields(self) -> dict[str, str]:
        fields = {"Content-Type": "application/octet-stream"}
        if isinstance(self.max_age, str):
            fields["Cache-Control"] = self.max_age
        elif self.max_age is not None:
            fields["Cache-Control"] = f"max-age={self.max_age}"
        return fields

    def next_version(self, chance: random.Random, scope: str) -> Version:
        """A successor. An immutable name keeps its bytes: only what the nodes of a CDN call them changes."""
        count = len(self.versions)
        size = self.size
        if self.kind == "immutable":
            content = self.versions[0].content if count else Content(f"{scope}-{self.number}", size)
        else:
            if count and chance.random() < 0.4:
                size = max(0, size + chance.choice([-1, 1, 1000, MiB]))
            content = Content(f"{scope}-{self.number}-{count}", size)
        etag = {"strong": f'"{count}-{size}"', "etag and date": f'"{count}-{size}"', "weak": f'W/"{count}"',
                "weak that stays": 'W/"same"'}.get(self.style)
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(1_750_000_000 + 100 * count))
        return Version(content, etag, date if "date" in self.style else None, time.monotonic())

    @property
    def lifetime(self) -> float:
        """Seconds for which a version may be served though the origin has another."""
        if self.kind == "immutable" or self.style == "weak that stays":
            return float("inf")
        if self.kind == "mutable" or isinstance(self.max_age, str):
            return 0
        return float("inf") if self.max_age is None else self.max_age


class Storm:
    def __init__(self, seed: str, directory: pathlib.Path):
        self.seed = seed
        self.random = random.Random(seed)
        self.problems: list[str] = []
        self.lock = threading.Lock()
        self.disturbed: list[tuple[float, float]] = []  # when the daemon was down, or going down
        self.origin_down: list[tuple[float, float]] = []
        self.killed = False
        self.asks: list[Ask] = []
        self.counts = {"kill": 0, "stop": 0, "reload": 0, "turn": 0, "fault": 0, "origin down": 0, "order": 0}
        draw = self.random
        self.things = [Thing(number, draw) for number in range(draw.randrange(1, 6))]
        self.tight = draw.random() < 0.3
        self.full = draw.random() < 0.06
        storage = {"cache_size": "64 MiB" if self.tight else "3 GiB", "reserve": FULL if self.full else "64 MiB"}
        fills = {"stall": "3s", "finish": draw.choice(["listed", "always", "never"]), "attempts": draw.choice([2, 5])}
        self.origin = Origin()
        self.origin.start()
        hosts = {host: self.origin for host, _ in PLACES.values()}
        self.larder = Larder(directory, origins=hosts, vendors=("apple",), storage=storage, fills=fills)
        self.oracle = Oracle(self)

    # ---- what is said of it

    def problem(self, text: str):
        with self.lock:
            self.problems.append(text)

    def describe(self) -> str:
        done = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        good = sum(1 for ask in self.asks if ask.complete)
        return f"{len(self.things)} objects, {len(self.asks)} answers, {good} whole; {done or 'calm'}" + (
            "; tight" if self.tight else "") + ("; full" if self.full else "")

    def was_disturbed(self, start: float, end: float) -> bool:
        return any(start <= until and end >= since for since, until in self.disturbed)

    # ---- the origin's part

    def publish(self, thing: Thing, version: Version, fault=None) -> Page:
        page = Page(version.content, version.etag, version.last_modified, thing.fields(), fault, thing.rate, thing.chunked)
        thing.versions.append(version)
        return page

    def turn(self, thing: Thing):
        """Another version, at once."""
        version = thing.next_version(self.random, self.seed)
        before = thing.versions[-1]
        page = self.publish(thing, version, self.draw_fault(thing))
        self.origin.pages[thing.path] = page
        if before.until == float("inf") and "instead" not in thing.faults:
            before.until = time.monotonic()
        self.counts["turn"] += 1

    def draw_fault(self, thing: Thing):
        """Nothing, or what goes wrong with the next requests."""
        draw = self.random
        if thing.calm or draw.random() < 0.3:
            return None
        faults = [self.one_fault(thing) for _ in range(draw.choice([1, 1, 2, 3, 8]))]
        self.counts["fault"] += 1
        return faults

    def one_fault(self, thing: Thing):
        draw = self.random
        size = thing.size
        at = draw.choice([0, draw.randrange(size + 1), min(size, draw.randrange(0, 21) * MiB)])
        kinds = {"reset": 5, "truncate": 3, "stall": 1, "wrong length": 1, "ignore range": 2, "no length": 1, "status": 3, "rubbish": 1,
                 "instead": 1.5, "none": 2}
        kind = draw.choices(list(kinds), list(kinds.values()))[0]
        thing.faults.add(kind)
        lie = draw.choice([1, 100, MiB])
        if kind == "wrong length":
            thing.lies.add(lie)
        if kind == "instead":
            # Which request meets it is not known: the version may be current from now on, and the one before it stays so.
            return Instead(self.publish(thing, thing.next_version(draw, self.seed)))
        answered = Answer(draw.choice([400, 403, 404, 408, 429, 500, 502, 503, 504]), draw.choice([{}, {"Retry-After": "1"}]), b"no\n")
        if kind == "status" and answered.status == 429 and answered.fields:
            thing.faults.add("rest")
        return {"reset": Reset(at), "truncate": Truncate(at), "stall": Stall(at), "wrong length": WrongLength(lie),
                "ignore range": IgnoreRange(), "no length": NoLength(),
                "status": answered,
                "rubbish": RawAnswer(draw.choice([b"", b"\0\0\0", b"ICY 200 OK\r\n\r\nx", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                                  b"HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nab",
                                                  b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])),
                "none": None}[kind]

    # ---- what happens meanwhile

    def weather(self):
        """One thing that goes wrong, or is done, around the clients."""
        draw = self.random
        thing = draw.choice(self.things)
        what = draw.choices(["turn", "fault", "origin down", "kill", "stop", "reload", "order"], [4, 5, 1, self.kills, self.kills, 1, 2])[0]
        if what in ("turn", "fault") and thing.calm:
            return
        if what == "turn":
            self.turn(thing)
        elif what == "fault":
            self.origin.pages[thing.path].fault = self.draw_fault(thing)
        elif what == "origin down":
            self.take_origin_down()
        elif what in ("kill", "stop"):
            self.take_larder_down(what)
        elif what == "reload":
            self.counts[what] += 1
            self.larder.signal(1)
        else:
            self.give_order(thing)

    def take_origin_down(self):
        since = time.monotonic()
        self.origin_down.append((since, float("inf")))
        self.counts["origin down"] += 1
        self.origin.stop()
        time.sleep(self.random.random())
        self.origin.start()
        self.origin_down[-1] = (since, time.monotonic() + 10 * SLOW)  # a circuit may stay open for some more

    def take_larder_down(self, how: str):
        since = time.monotonic()
        self.disturbed.append((since, float("inf")))
        self.counts[how] += 1
        if how == "kill":
            self.killed = True
            self.larder.kill()
        else:
            self.larder.stop()
        self.larder.start()
        self.disturbed[-1] = (since, time.monotonic())

    def give_order(self, thing: Thing):
        draw = self.random
        order, body = draw.choice([("evict", True), ("pin", True), ("unpin", True), ("verify", False)])
        self.counts["order"] += 1
        data = json.dumps({"url": f"http://{thing.host}{thing.path}"}).encode() if body else b""
        with contextlib.suppress(OSError, EOFError, Cut):
            answer = self.larder.api_raw(f"/api/v1/cache/{order}", method="POST", body=data, fields={"Content-Type": "application/json"})
            if answer.status >= 500:
                self.problem(f"{order} {thing.path}: {answer.status} {answer.body!r}")

    # ---- the whole of it

    def run(self) -> list[str]:
        """Runs and gives the problems, none when all is well."""
        try:
            for thing in self.things:
                version = thing.next_version(self.random, self.seed)
                self.origin.pages[thing.path] = self.publish(thing, version, self.draw_fault(thing))
            self.kills = self.random.choice([0, 0, 1])
            self.larder.start()
            self.blow()
            self.calm_down()
            self.oracle.judge()
            self.larder.stop()
        except Exception as error:  # whatever it is, the seed must be told with it
            where = error.__traceback__
            while where.tb_next:
                where = where.tb_next
            self.problem(f"{type(error).__name__} in line {where.tb_lineno} of {where.tb_frame.f_code.co_filename}: {error}")
        finally:
            self.larder.discard()
            self.origin.stop()
        return self.problems

    def blow(self):
        draw = self.random
        visitors = [Visitor(self, number) for number in range(draw.randrange(1, 9))]
        for visitor in visitors:
            visitor.start()
        for _ in range(draw.randrange(0, 9)):
            time.sleep(draw.random() * 0.4)
            self.weather()
        for visitor in visitors:
            visitor.join(120 * SLOW)
            if visitor.is_alive():
                self.problem(f"a client still waits: {visitor.doing}")

    def calm_down(self):
        """Nothing goes wrong any more: each object is to be had, whole, in the version the origin has now."""
        for thing in self.things:
            page = self.origin.pages[thing.path]
            if isinstance(page.fault, Stall):
                page.fault.go.set()
            page.fault = None
        for thing in self.things:
            eventually(lambda thing=thing: self.had_whole(thing), timeout=60 * SLOW, message=f"{thing.path} is not to be had in good weather")

    def had_whole(self, thing: Thing) -> bool:
        try:
            answer = get(self.larder.http, self.larder.cache_url(thing.host, thing.path), timeout=60 * SLOW)
        except (ConnectionError, Cut):  # it had begun in bad weather
            return False
        if answer.status != 200:
            return False
        now = self.origin.pages[thing.path].content
        may_be_old = thing.lifetime > 0
        right = [version for version in thing.versions if answer.body == version.content.read()]
        if not right:
            self.problem(f"{thing.path}: in good weather {len(answer.body)} bytes of no version")
            return True
        return may_be_old or any(version.content is now for version in right)
