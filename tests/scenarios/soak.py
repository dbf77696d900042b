#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients, faults, changes and crashes of chance against one Larder for a long time; every byte is checked.

    soak.py [--seconds N] [--seed N] [--clients N]

Ends with 1 and the seed when a byte is wrong, an answer is cut that should not be, the daemon dies of itself, memory
grows past its bound or the store past its size.
"""

import argparse
import dataclasses
import pathlib
import random
import sys
import tempfile
import threading
import time

from client import Connection, Cut
from content import Content, KiB, MiB
from larder import Larder
from origin import Answer, Origin, Reset, Truncate

CACHE = 512 * MiB
# Anonymous memory; the bound is for a few hundred clients and full queues.
MEMORY_BYTES = 400 * MiB


@dataclasses.dataclass
class Tally:
    answers: int = 0
    bytes: int = 0
    cut: int = 0
    left: int = 0
    crashes: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


class Soak:
    def __init__(self, larder: Larder, origin: Origin, seed: int):
        self.larder = larder
        self.origin = origin
        self.random = random.Random(seed)
        self.tally = Tally()
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.crash_count = 0
        # Every version an object has had: an answer must be one of them from end to end.
        self.versions: dict[str, list[Content]] = {}
        for number in range(60):
            size = self.random.choice([0, 1, 4 * KiB, 300 * KiB, MiB - 1, MiB, MiB + 1, 5 * MiB, 20 * MiB, 60 * MiB])
            self.publish(f"/{number}.pkg", Content(f"{number}-0", size))

    def publish(self, path: str, content: Content):
        self.versions.setdefault(path, []).append(content)
        self.origin.put(path, content, fields={"Cache-Control": f"max-age={self.random.choice([0, 5, 3600])}"})

    def fault(self, size: int):
        """Faults in rows short enough for the fill to get over them."""
        chance = self.random.random()
        if chance < 0.5 or size < 2:
            return None
        if chance < 0.75:
            return [Reset(self.random.randrange(size)) for _ in range(self.random.randrange(1, 3))]
        if chance < 0.9:
            return [Truncate(self.random.randrange(size))]
        return [Answer(503)]

    def client(self, number: int):
        chance = random.Random(f"{number}")
        while not self.over.is_set():
            path = f"/{int(chance.triangular(0, 60, 5))}.pkg"
            crashes = self.crash_count
            try:
                self.one_answer(path, chance, number)
            except Cut as cut:
                with self.lock:
                    self.tally.cut += 1
                # The kernel ends a killed daemon's connections cleanly; the daemon itself never may.
                if cut.clean and crashes == self.crash_count and not self.over.is_set():
                    self.problem(f"{path}: a clean end after {cut.received} bytes, though not complete")
            except (OSError, EOFError):
                # The daemon was killed, or is not up again.
                if crashes == self.crash_count and not self.over.is_set():
                    time.sleep(0.05)

    def one_answer(self, path: str, chance: random.Random, number: int):
        versions = self.versions[path]
        size = versions[-1].size
        fields = {}
        if size > 2 and chance.random() < 0.4:
            start = chance.randrange(size)
            fields["Range"] = f"bytes={start}-" + (str(start + chance.randrange(size - start)) if chance.random() < 0.7 else "")
        leave_after = chance.randrange(1, size + 2) if chance.random() < 0.15 else None
        with Connection(self.larder.http, source=f"127.0.{number % 8}.{1 + number % 250}", timeout=120) as connection:
            connection.request(self.larder.cache_url("origin.test", path), fields=fields)
            head = connection.head()
            if head.status not in (200, 206):
                if head.status not in (416, 502, 503, 504):
                    self.problem(f"{path} {fields}: status {head.status}")
                for _ in connection.body(head):
                    pass
                return
            offset = head.content_range[0] if head.content_range else 0
            candidates = [content for content in self.versions[path]]
            received = 0
            for data in connection.body(head):
                candidates = [content for content in candidates if content.first_difference(offset + received, data) is None]
                received += len(data)
                if not candidates:
                    self.problem(f"{path} {fields}: bytes {offset}..{offset + received} are of no one version")
                    return
                if leave_after is not None and received >= leave_after:
                    connection.reset()
                    with self.lock:
                        self.tally.left += 1
                    return
            with self.lock:
                self.tally.answers += 1
                self.tally.bytes += received

    def problem(self, text: str):
        with self.lock:
            self.tally.problems.append(text)
        print("PROBLEM:", text, flush=True)

    def trouble(self):
        """What goes wrong around Larder: faults, new versions, crashes, an origin that goes away."""
        chance = self.random.random()
        path = self.random.choice(list(self.versions))
        page = self.origin.pages[path]
        if chance < 0.80:
            page.fault = self.fault(page.content.size)
        elif chance < 0.90:
            self.publish(path, Content(f"{path}-{len(self.versions[path])}", page.content.size + self.random.randrange(2) * 1000))
        elif chance < 0.93:
            self.crash_count += 1
            self.tally.crashes += 1
            self.larder.kill()
            self.larder.start()
        elif chance < 0.96:
            self.origin.stop()
            time.sleep(self.random.random())
            self.origin.start()

    def memory(self) -> int:
        total = 0
        for line in pathlib.Path(f"/proc/{self.larder.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1]) * 1024
        return total

    def run(self, seconds: float, clients: int):
        threads = [threading.Thread(target=self.client, args=(number,), daemon=True) for number in range(clients)]
        for thread in threads:
            thread.start()
        began = told = time.monotonic()
        while time.monotonic() - began < seconds and len(self.tally.problems) < 10:
            self.trouble()
            time.sleep(self.random.random() * 0.3)
            memory, held = self.memory(), self.larder.number("bytes_held")
            if memory > MEMORY_BYTES:
                self.problem(f"{memory >> 20} MiB of memory")
            if held > CACHE:
                self.problem(f"{held} bytes held, though {CACHE} are the limit")
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(f"{told - began:6.0f} s: {self.tally.answers} answers, {self.tally.bytes >> 20} MiB, {self.tally.cut} cut, "
                      f"{self.tally.left} left, {self.tally.crashes} crashes, memory {memory >> 20} MiB", flush=True)
        self.over.set()
        for thread in threads:
            thread.join(130)
            if thread.is_alive():
                self.problem("a client is still waiting for its answer")
                break


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--clients", type=int, default=24)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as directory, Origin() as origin:
        larder = Larder(pathlib.Path(directory), origins={"origin.test": origin}, storage={"cache_size": "512 MiB"}, fills={"stall": "2s"})
        larder.start()
        soak = Soak(larder, origin, options.seed)
        try:
            soak.run(options.seconds, options.clients)
            larder.stop()
        except BaseException as error:
            soak.over.set()
            soak.problem(f"{type(error).__name__}: {error}")
            larder.discard()
    tally = soak.tally
    print(f"{tally.answers} answers, {tally.bytes >> 20} MiB, {tally.cut} cut, {tally.left} left, {tally.crashes} crashes, "
          f"{len(tally.problems)} problems")
    if tally.problems:
        print(f"again with: soak.py --seed {options.seed}\n" + larder.log[-4000:])
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
