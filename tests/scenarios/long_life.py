#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A long life in short: clients ask for more than the cache holds, so that it turns over again and again; nothing grows.

    long_life.py [--seconds N] [--seed N] [--clients N]

Half of the time is for warming up. From then on to the end: anonymous memory and descriptors stay where they are; the
data files of chunks and of small objects stay within 1.1 of the most that was ever live in them (they do not shrink);
LMDB's reader slots are those of the threads; and what the daemon counted, by its counters and by its ledger, is what the clients received, to the byte. Ends with 1 and
the seed otherwise.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from client import Connection, eventually
from content import Content, KiB, MiB
from damage import PAGE, DataFile
from larder import Larder
from origin import Origin

CACHE = 256 * MiB
OBJECTS = 600
SIZES = [200, 4 * KiB, 60 * KiB, 300 * KiB, MiB - 1, MiB, 2 * MiB + 5, 6 * MiB, 12 * MiB]
FILE_FACTOR = 1.1
# A file's heads and free list, and two chunks of broken runs.
FILE_BYTES = 3 * MiB
MEMORY_GROWTH = 12 * MiB
# Devices come and go; the ledger knows them all.
DEVICES = 2000


class Clients:
    def __init__(self, larder: Larder, contents: dict[str, Content], seed: int, count: int):
        self.larder = larder
        self.contents = contents
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.requests = self.bytes = 0
        self.problems: list[str] = []
        self.threads = [threading.Thread(target=self.run, args=(random.Random(f"{seed}-{n}"),), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, chance: random.Random):
        while not self.over.is_set():
            try:
                with Connection(self.larder.http, timeout=60) as connection:
                    for _ in range(chance.randrange(1, 20)):
                        self.ask(connection, chance)
                        if self.over.is_set():
                            break
            except Exception as error:
                self.problem(f"{type(error).__name__}: {error}")

    def ask(self, connection: Connection, chance: random.Random):
        path = f"/{min(OBJECTS - 1, int(chance.expovariate(1 / 150)))}.pkg"
        content = self.contents[path]
        fields = {}
        if content.size > MiB and chance.random() < 0.3:
            first = chance.randrange(content.size)
            fields["Range"] = f"bytes={first}-{min(content.size - 1, first + chance.randrange(2 * MiB))}"
        connection.request(f"/d/D{chance.randrange(DEVICES)}" + self.larder.cache_url("origin.test", path), fields=fields)
        head = connection.head()
        at = head.content_range[0] if head.content_range else 0
        received = 0
        for data in connection.body(head):
            if content.first_difference(at + received, data) is not None:
                self.problem(f"{path} {fields}: wrong bytes at {at + received}")
            received += len(data)
        with self.lock:
            self.requests += 1
            self.bytes += received
        if head.status not in (200, 206):
            self.problem(f"{path} {fields}: status {head.status}")

    def problem(self, text: str):
        with self.lock:
            if len(self.problems) < 20:
                self.problems.append(text)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(90)
            if thread.is_alive():
                self.problem("a client still waits for its answer")


class Body:
    """The daemon from outside."""

    def __init__(self, larder: Larder):
        self.larder = larder
        self.state = larder.directory / "state"

    def memory(self) -> int:
        total = 0
        for line in pathlib.Path(f"/proc/{self.larder.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1]) * KiB
        return total

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.larder.pid}/fd"))

    def file(self, name: str) -> int:
        return (self.state / name / "data.mdb").stat().st_size

    def live(self, name: str) -> int:
        """Bytes of the pages in use."""
        return DataFile(self.state / name).live_pages() * PAGE

    def readers(self, name: str) -> int:
        """Slots taken in LMDB's reader table; 0 without its tool."""
        if not shutil.which("mdb_stat"):
            return 0
        text = subprocess.run(["mdb_stat", "-r", self.state / name], capture_output=True, text=True, timeout=30).stdout
        return sum(1 for line in text.splitlines() if line.split() and line.split()[0] == str(self.larder.pid))


def run(larder: Larder, origin: Origin, options) -> list[str]:
    chance = random.Random(options.seed)
    contents = {f"/{n}.pkg": Content(f"{options.seed}-{n}", chance.choice(SIZES)) for n in range(OBJECTS)}
    for path, content in contents.items():
        origin.put(path, content)
    body = Body(larder)
    at_rest = body.descriptors()
    clients = Clients(larder, contents, options.seed, options.clients)
    memory: list[int] = []
    most = {"chunks": 0, "small": 0}
    began = told = time.monotonic()
    warm_readers = warm_descriptors = 0
    while time.monotonic() - began < options.seconds and len(clients.problems) < 10:
        time.sleep(1)
        memory.append(body.memory())
        for name in most:
            most[name] = max(most[name], body.live(name))
        if not warm_readers and time.monotonic() - began > options.seconds / 2:
            warm_readers, warm_descriptors = max(1, body.readers("index")), body.descriptors()
        if time.monotonic() - told >= 30:
            told = time.monotonic()
            print(f"{told - began:5.0f} s: {clients.requests} requests, {clients.bytes >> 20} MiB, memory {memory[-1] / MiB:.1f} MiB, "
                  f"{body.descriptors()} descriptors, chunks {body.file('chunks') >> 20} MiB, ledger {body.file('ledger') >> 20} MiB, "
                  f"{larder.number('evicted_objects')} evicted", flush=True)
    readers = body.readers("index")
    clients.end()
    problems = clients.problems
    half, quarter = len(memory) // 2, max(1, len(memory) // 4)
    early, late = statistics.median(memory[half:half + quarter]), statistics.median(memory[-quarter:])
    if late > early + MEMORY_GROWTH:
        problems.append(f"memory grew from {early / MiB:.1f} to {late / MiB:.1f} MiB in the second half")
    if readers > warm_readers:
        problems.append(f"LMDB had {warm_readers} readers half-way, {readers} at the end")
    larder.settle()
    for name, live in most.items():
        if body.file(name) > FILE_FACTOR * live + FILE_BYTES:
            problems.append(f"{name} has {body.file(name)} bytes for {live} live ones at most")
    eventually(lambda: body.descriptors() <= at_rest + 16, timeout=100, message="descriptors stay open")
    counted = larder.status()["counters"]
    if (counted["requests"], counted["bytes_sent"]) != (clients.requests, clients.bytes):
        problems.append(f"clients made {clients.requests} requests and received {clients.bytes} bytes, the daemon counted "
                        f"{counted['requests']} and {counted['bytes_sent']}")
    answered = sum(counted["requests_" + how] for how in ("hit", "joined", "miss", "stale", "pass", "refused", "failed"))
    if answered != counted["requests"]:
        problems.append(f"{counted['requests']} requests, {answered} by how they were answered")

    def recorded() -> bool:
        summary = larder.report("summary")
        return (summary["requests"], summary["bytes_sent"]) == (clients.requests, clients.bytes)

    eventually(recorded, timeout=30, message=f"clients: {clients.requests}, {clients.bytes}; the ledger: {larder.report('summary')}")
    print(f"{clients.requests} requests, {clients.bytes / (1 << 30):.1f} GiB sent, {counted['bytes_from_origin'] / CACHE:.1f} turnovers, "
          f"{larder.number('evicted_objects')} evicted; memory {early / MiB:.1f} -> {late / MiB:.1f} MiB; descriptors {at_rest} at rest, "
          f"{warm_descriptors} half-way, {body.descriptors()} after; "
          + "".join(f"{name} {body.file(name) / live:.3f} of the most live; " for name, live in most.items()) +
          f"readers {warm_readers} -> {readers}; ledger {body.file('ledger') / MiB:.1f} MiB for {clients.requests} fetches")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--clients", type=int, default=12)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    problems = []
    with tempfile.TemporaryDirectory() as directory, Origin() as origin:
        larder = Larder(pathlib.Path(directory), origins={"origin.test": origin}, storage={"cache_size": "256 MiB", "scrub": "60s"})
        larder.start()
        try:
            problems = run(larder, origin, options)
            larder.stop()
        except BaseException as error:
            problems.append(f"{type(error).__name__}: {error}")
            larder.discard()
    for problem in problems:
        print("PROBLEM:", problem)
    if problems:
        print(f"again with: long_life.py --seed {options.seed}\n" + larder.log[-4000:])
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
