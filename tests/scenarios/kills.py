#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daemon killed (-9) again and again at moments of chance while clients fetch; what it owed them is then counted.

    kills.py [--kills N] [--seed N] [--clients N]

After each kill: it starts and serves; no byte any client got is wrong, no answer it did not finish ended cleanly before
the kill; every object that was complete is complete and served without the origin; every fetch that ended more than a
second before the kill is on the record, with its bytes. Ends with 1 and the seed when one of these fails.
"""

import argparse
import dataclasses
import itertools
import pathlib
import random
import sys
import tempfile
import threading
import time

from client import Cut, download
from content import Content, KiB, MiB
from larder import Larder, cache_status
from origin import Origin

HOST = "origin.test"
URL = f"http://{HOST}"
SIZES = [100, 4 * KiB, 300 * KiB, MiB - 1, MiB, 3 * MiB + 1, 8 * MiB, 17 * MiB]
# What a fetch may be older than to be owed a record (half a second is the ledger's own period).
OWED_SECONDS = 1.0


@dataclasses.dataclass
class Fetched:
    device: str
    bytes: int
    ended: float
    what: str


class Round:
    """The clients between a start and the kill. Each fetch is a device of its own, so that each has a record of its own."""

    def __init__(self, run: "Run", number: int):
        self.run = run
        self.over = threading.Event()
        self.fetched: list[Fetched] = []
        self.complete: set[str] = set()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.client, args=(number, n), daemon=True) for n in range(run.clients)]
        self.threads.append(threading.Thread(target=self.watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def client(self, number: int, n: int):
        chance = random.Random(f"{self.run.seed}-{number}-{n}")
        for count in itertools.count():
            if self.over.is_set():
                return
            path = f"/{max(0, self.run.published - 1 - int(chance.expovariate(0.15)))}.pkg"
            content = self.run.contents[path]
            fields = {}
            if content.size > MiB and chance.random() < 0.3:
                first = chance.randrange(content.size)
                fields["Range"] = f"bytes={first}-{min(content.size - 1, first + chance.randrange(4 * MiB))}"
            device = f"R{number}C{n}F{count}"
            got = download(self.run.larder.http, f"/d/{device}" + self.run.larder.cache_url(HOST, path), content, fields=fields, timeout=30)
            ended = time.monotonic()
            if got.wrong_at is not None:
                self.run.problem(f"round {number}: {path} {fields}: byte {got.wrong_at} is wrong")
            elif got.good:
                with self.lock:
                    self.fetched.append(Fetched(device, got.received, ended, f"{path} {fields} {cache_status(got.head)}"))
            elif self.over.wait(0.2):  # the kill may be seen before it is announced
                return
            else:
                self.run.problem(f"round {number}: {path} {fields}: {got.cut or got.error or got.head.status} from a daemon that is up")

    def watch(self):
        """Remembers which objects the daemon has called complete."""
        while not self.over.wait(0.1):
            try:
                complete = {item["url"] for item in self.run.listed() if item["complete"]}
            except (OSError, EOFError, Cut):
                continue
            with self.lock:
                self.complete |= complete

    def end(self, killed: float) -> list[Fetched]:
        """The fetches that are owed a record."""
        self.over.set()
        for thread in self.threads:
            thread.join(60)
            if thread.is_alive():
                self.run.problem("a client still waits for a daemon that is gone")
        return [fetched for fetched in self.fetched if fetched.ended < killed - OWED_SECONDS]


class Run:
    def __init__(self, larder: Larder, origin: Origin, seed: int, clients: int):
        self.larder = larder
        self.origin = origin
        self.seed = seed
        self.clients = clients
        self.random = random.Random(seed)
        self.contents: dict[str, Content] = {}
        self.published = 0
        self.complete: set[str] = set()
        self.problems: list[str] = []
        self.owed = self.served_again = 0
        self.slowest_start = 0.0
        self.lock = threading.Lock()
        self.publish(20)

    def publish(self, count: int):
        for _ in range(count):
            path = f"/{self.published}.pkg"
            self.contents[path] = Content(f"{self.seed}-{self.published}", self.random.choice(SIZES))
            self.origin.put(path, self.contents[path], rate=60 * MiB)
            self.published += 1

    def problem(self, text: str):
        with self.lock:
            self.problems.append(text)
        print("PROBLEM:", text, flush=True)

    def listed(self) -> list[dict]:
        items, cursor = [], ""
        while cursor is not None:
            answer = self.larder.api(f"cache/objects?limit=1000&cursor={cursor}" if cursor else "cache/objects?limit=1000")
            items += answer["items"]
            cursor = answer["next_cursor"]
        return items

    def kill_once(self, number: int):
        self.publish(3)
        running = Round(self, number)
        time.sleep(self.random.uniform(0.05, 3.5))
        killed = time.monotonic()
        running.over.set()
        self.larder.kill()
        owed = running.end(killed)
        began = time.monotonic()
        self.larder.start()
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)
        self.complete |= running.complete
        self.check_record(number, killed, owed)
        self.check_objects(number, running.complete)

    def check_record(self, number: int, killed: float, owed: list[Fetched]):
        for fetched in owed:
            answer = self.larder.api_raw(f"/api/v1/reports/devices/{fetched.device}")
            if answer.status != 200:
                self.problem(f"round {number}: the record does not know {fetched.device} ({fetched.what}), "
                             f"which ended {killed - fetched.ended:.2f} s before the kill: {answer.status}")
                continue
            row = self.larder.api(f"reports/devices/{fetched.device}")
            if (row["requests"], row["bytes_sent"]) != (1, fetched.bytes):
                self.problem(f"round {number}: {fetched.device} fetched {fetched.bytes} bytes once, the record says {row['bytes_sent']} "
                             f"in {row['requests']}")
        self.owed += len(owed)

    def check_objects(self, number: int, lately: set[str]):
        now = {item["url"] for item in self.listed() if item["complete"]}
        for url in self.complete - now:
            self.problem(f"round {number}: {url} was complete and is not any more")
        again = self.random.sample(sorted(self.complete & now), min(4, len(self.complete & now)))
        again += self.random.sample(sorted(lately & now), min(4, len(lately & now)))
        for url in again:
            path = url.removeprefix(URL)
            before = self.origin.bytes_sent(path)
            got = self.larder.download(path, self.contents[path])
            if not got.good or cache_status(got.head) != "hit" or self.origin.bytes_sent(path) != before:
                self.problem(f"round {number}: {path} was complete, and is answered {got.head and cache_status(got.head)}, "
                             f"wrong at {got.wrong_at}, {got.cut or got.error}")
            self.served_again += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--clients", type=int, default=12)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    killed = 0
    with tempfile.TemporaryDirectory() as directory, Origin() as origin:
        larder = Larder(pathlib.Path(directory), origins={HOST: origin}, storage={"cache_size": "20 GiB"})
        larder.start()
        run = Run(larder, origin, options.seed, options.clients)
        try:
            while killed < options.kills and len(run.problems) < 10:
                run.kill_once(killed)
                killed += 1
                if killed % 10 == 0:
                    print(f"{killed} kills: {len(run.complete)} objects complete, {run.owed} fetches owed a record, {run.served_again} "
                          f"objects served again, slowest start {run.slowest_start:.2f} s, {len(run.problems)} problems", flush=True)
            larder.stop()
        except BaseException as error:
            run.problem(f"{type(error).__name__}: {error}")
            larder.discard()
    print(f"{killed} kills, {run.owed} fetches owed a record, {run.served_again} objects served again, {len(run.problems)} problems")
    if run.problems:
        print(f"again with --seed {options.seed}")
    return 1 if run.problems else 0


if __name__ == "__main__":
    sys.exit(main())
