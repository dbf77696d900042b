#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The power fails within each sync of a day's work in small, one after the other; what was durable must still be there.

    power_cuts.py [--seeds N] [--first N] [--last N]

For each sync and seed: a new store; clients fetch until the power fails within that sync, when every page that was not
synced is lost or not as the seed says (tests/faults); then the daemon must start, set nothing aside, have every object it
called complete and every fetch its reports had counted, and serve right bytes. With odd seeds the cache is so small that
it evicts meanwhile; what was complete is then owed right bytes only. Ends with 1, the sync and the seed when one of these
fails.
"""

import argparse
import pathlib
import sys
import tempfile
import threading

from client import Cut, all_of
from content import Content, KiB, MiB
from faulty import FaultyLarder
from origin import Origin

HOST = "origin.test"
# Small ones, one of many chunks, twins, and enough in all for the smallest cache to evict.
OBJECTS = {f"/{n}.pkg": Content(name, size) for n, (name, size) in enumerate(
    [("a", 100), ("b", 70 * KiB), ("c", 3 * MiB + 1), ("twin", 2 * MiB), ("twin", 2 * MiB), ("e", 300 * KiB), ("f", 30 * MiB),
     ("g", 35 * MiB), ("h", MiB)])}
# After them: an object replaced, and one asked for again.
NEWER = ("/1.pkg", Content("b-newer", 90 * KiB))


class Watch:
    """What the daemon said was done, by its API, while it ran."""

    def __init__(self, larder: FaultyLarder):
        self.larder = larder
        self.complete: dict[str, str] = {}
        self.requests = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.02):
            try:
                complete = {item["url"]: item["sha256"] for item in self.larder.objects() if item["complete"]}
                requests = self.larder.report("summary")["requests"]
            except (OSError, EOFError, Cut, AssertionError, ValueError):
                continue
            self.complete, self.requests = complete, requests

    def end(self):
        self.over.set()
        self.thread.join(10)


def day(larder: FaultyLarder, origin: Origin) -> list[str]:
    """The work. Every answer is right as far as it goes; the power may fail meanwhile."""
    problems = []
    paths = list(OBJECTS)
    for first in range(0, len(paths), 3):
        running = [larder.in_background(path, OBJECTS[path], timeout=20) for path in paths[first:first + 3]]
        problems += [f"byte {got.wrong_at} is wrong" for got in all_of(running) if got.wrong_at is not None]
        if larder.ended():
            return problems
    path, newer = NEWER
    origin.put(path, newer)
    for again in (path, paths[2]):
        larder.download(again, newer if again == path else OBJECTS[again], timeout=20)
    return problems


def evicts(seed: int) -> bool:
    return seed % 2 == 1


def cut_once(directory: pathlib.Path, sync: int, seed: int) -> tuple[bool, list[str]]:
    """Whether the power failed at all, and what was wrong afterwards."""
    with Origin() as origin:
        for path, content in OBJECTS.items():
            origin.put(path, content, fields={"Cache-Control": "max-age=0"} if path == NEWER[0] else None)
        larder = FaultyLarder(directory, origins={HOST: origin}, storage={"cache_size": "64 MiB" if evicts(seed) else "1 GiB"})
        larder.disk(f"cut {sync} {seed}")
        problems, watch = [], None
        try:
            larder.start()
            watch = Watch(larder)
            problems += day(larder, origin)
        except (AssertionError, OSError, EOFError):
            if not larder.ended() and larder._process is not None:
                raise
        if watch:
            watch.end()
        cut = larder._process is None or larder.ended()
        larder.discard()
        larder._process = None
        larder.disk()
        larder.start()
        problems += after(larder, origin, watch, evicts(seed))
        larder.stop()
        return cut, problems


def after(larder: FaultyLarder, origin: Origin, watch: Watch | None, evicted: bool) -> list[str]:
    problems = []
    status = larder.status()
    for part in ("store", "ledger"):
        # Of a store that was cut off while it was made, an empty file may be left; nothing was promised of it.
        if (watch and status[part]["set_aside"]) or status[part]["broken"]:
            problems.append(f"{part}: set aside {status[part]['set_aside']}, broken {status[part]['broken']}")
    now = {item["url"]: item for item in larder.objects() if item["complete"]}
    if watch:
        lost = [url for url in watch.complete if url not in now]
        if lost and not evicted:
            problems.append(f"was complete and is not: {lost}")
        requests = larder.report("summary")["requests"]
        if requests < watch.requests:
            problems.append(f"{watch.requests} requests were on record, now {requests}")
    contents = dict(OBJECTS)
    contents[NEWER[0]] = origin.pages[NEWER[0]].content
    for path, content in contents.items():
        url = f"http://{HOST}{path}"
        before = origin.bytes_sent(path)
        got = larder.download(path, content)
        if not got.good:
            problems.append(f"{path}: wrong at {got.wrong_at}, {got.cut or got.error}")
        elif url in now and path != NEWER[0] and origin.bytes_sent(path) != before:
            problems.append(f"{path} is complete, and was fetched again")
    if larder.number("corrupt_chunks"):
        problems.append(f"{larder.number('corrupt_chunks')} chunks fail their check")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=400)
    options = parser.parse_args()
    cuts, failed = 0, 0
    for seed in range(options.seeds):
        for sync in range(options.first, options.last + 1):
            with tempfile.TemporaryDirectory() as directory:
                cut, problems = cut_once(pathlib.Path(directory), sync, seed)
            for problem in problems:
                print(f"PROBLEM: power cut within sync {sync}, seed {seed}: {problem}", flush=True)
            failed += bool(problems)
            if not cut:
                print(f"seed {seed}: the work has {sync - 1} syncs", flush=True)
                break
            cuts += 1
            if cuts % 25 == 0:
                print(f"{cuts} power cuts, {failed} with problems", flush=True)
    print(f"{cuts} power cuts, {failed} with problems")
    return 1 if failed or not cuts else 0


if __name__ == "__main__":
    sys.exit(main())
