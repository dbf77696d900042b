#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""clang-tidy 14 over our sources, two at a time or as many as there are cores.

    tidy.py BUILD [FILE...]

A file that was clean is not looked at again until it, something of ours it includes, its compile command or .clang-tidy
changes: the hash of all these is kept in BUILD/tidy/. What a file includes is known from the compiler's own dependency
record, so BUILD must be built.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

from sources import ROOMS, ROOT

TIDY = "clang-tidy-14"


def entries_of(build: str) -> list[dict]:
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    ours = []
    for entry in entries:
        path = os.path.relpath(entry["file"], ROOT)
        if path.split(os.sep)[0] in ROOMS or (os.sep not in path and path.endswith(".cpp")):
            ours.append({**entry, "path": path})
    return sorted(ours, key=lambda entry: entry["path"])


def dependencies(build: str) -> dict[str, set[str]]:
    """Our files that each source includes, by source path from the root."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True).stdout
    result: dict[str, set[str]] = {}
    for block in text.split("\n\n"):
        paths = set()
        for line in block.splitlines()[1:]:
            path = os.path.realpath(os.path.join(build, line.strip()))
            if path.startswith(ROOT + os.sep) and not path.startswith(os.path.realpath(build)):
                paths.add(os.path.relpath(path, ROOT))
        for path in paths:
            if path.endswith(".cpp"):
                result.setdefault(path, set()).update(paths)
    return result


def state_of(entry: dict, includes: set[str], tool: bytes) -> str:
    hash_ = hashlib.sha256(tool)
    hash_.update(entry["command"].encode())
    for path in sorted({entry["path"], ".clang-tidy", *includes}):
        hash_.update(path.encode())
        with open(os.path.join(ROOT, path), "rb") as file:
            hash_.update(hashlib.sha256(file.read()).digest())
    return hash_.hexdigest()


def tidy(build: str, entry: dict) -> tuple[int, str]:
    result = subprocess.run(
        [TIDY, "--quiet", "-p", build, "--extra-arg=-Wno-unknown-warning-option", entry["file"]],
        cwd=ROOT, capture_output=True, text=True)
    # "12345 warnings generated." counts what was suppressed in system headers.
    noise = re.sub(r"^\d+ warnings? .*generated\.$\n?", "", result.stderr, flags=re.M)
    return result.returncode, result.stdout + (noise if result.returncode else "")


def main(build: str, only: list[str]) -> int:
    entries = [entry for entry in entries_of(build) if not only or entry["path"] in only]
    if not entries:
        print("clang-tidy: nothing to look at")
        return 1
    record_dir = os.path.join(build, "tidy")
    os.makedirs(record_dir, exist_ok=True)
    tool = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    includes = dependencies(build)
    bad, fresh, pending = 0, 0, []
    for entry in entries:
        state = state_of(entry, includes.get(entry["path"], set()), tool)
        record = os.path.join(record_dir, entry["path"].replace(os.sep, "_"))
        if os.path.exists(record) and open(record, encoding="utf-8").read() == state:
            fresh += 1
        else:
            pending.append((entry, state, record))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        running = {pool.submit(tidy, build, entry): (entry, state, record) for entry, state, record in pending}
        for done in concurrent.futures.as_completed(running):
            entry, state, record = running[done]
            status, output = done.result()
            if status:
                bad += 1
                print(f"{entry['path']}:\n{output.strip()}", flush=True)
            else:
                with open(record, "w", encoding="utf-8") as file:
                    file.write(state)
    print(f"{len(entries)} files, {fresh} unchanged since they were clean, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2:]))
