#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rooms of the house stay apart: no file climbs out of its room with "../", and a forbidden include does not compile.

    rooms.py BUILD       a configured build directory with compile_commands.json

What a room may include is tried with that room's own compile command: each of its rooms must compile, each other must not.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

from sources import ROOMS, ROOT, tracked

# The arrows of the house, transitively: what each room may include besides itself.
ALLOWED = {
    "base": set(),
    "config": {"base"},
    "cache": {"base", "config"},
    "updates": {"base"},
    "reports": {"base", "config", "updates"},
    "proxy": {"base", "config", "cache", "updates", "reports"},
    "admin": {"base", "config", "cache", "updates", "reports", "proxy"},
}


def climbing() -> list[str]:
    """Includes that reach around the include roots."""
    found = []
    for path in tracked(".cpp", ".h"):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if re.match(r'\s*#\s*include\s*[<"]([^>"]*/)?\.\./', line):
                    found.append(f"{path}:{number}: {line.strip()}")
    return found


def commands(build: str) -> dict[str, list[str]]:
    """For each room the compiler call of one of its files, without input and output."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found: dict[str, list[str]] = {}
    for entry in entries:
        room = os.path.relpath(entry["file"], ROOT).split(os.sep)[0]
        if room not in ROOMS or room in found:
            continue
        words = [word for word in shlex.split(entry["command"]) if os.path.basename(word) != "ccache"]
        keep, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MT", "-MQ"):
                skip = True
            elif word not in ("-c", "-MD", "-MMD", entry["file"]):
                keep.append(word)
        found[room] = [*keep, "-fsyntax-only"]
    return found


def a_header_of(room: str) -> str:
    headers = [path for path in tracked(".h") if path.startswith(room + "/")]
    # One that includes little compiles in a blink and fails for no other reason.
    return min(headers, key=lambda path: os.path.getsize(os.path.join(ROOT, path)), default="")


def compiles(command: list[str], header: str, build: str) -> tuple[bool, str]:
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
        file.write(f'#include "{header}"\n')
        file.flush()
        result = subprocess.run([*command, file.name], cwd=build, capture_output=True, text=True)
    return result.returncode == 0, result.stderr


def main(build: str) -> int:
    problems = climbing()
    room_commands = commands(build)
    trials = []
    for room in ROOMS:
        if room not in room_commands:
            problems.append(f"{room}: no compile command in {build}")
            continue
        for other in ROOMS:
            header = a_header_of(other)
            if not header:
                continue
            trials.append((room, header, other == room or other in ALLOWED[room]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = pool.map(lambda trial: compiles(room_commands[trial[0]], trial[1], build), trials)
    for (room, header, may), (did, message) in zip(trials, results):
        if may and not did:
            problems.append(f"{room} may include {header}, but that does not compile:\n{message}")
        if not may and did:
            problems.append(f"{room} must not include {header}, but it compiles")
        if not may and not did and "No such file" not in message:
            problems.append(f"{room} must not include {header}; it does not compile, but for another reason:\n{message}")
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{len(trials)} pairs of rooms, {len(tracked('.cpp', '.h'))} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
