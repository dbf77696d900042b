#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs one Catch2 program, shows its output and writes "passed failed" in test cases.

    catch.py TALLY PROGRAM          run
    catch.py --list BUILD           the programs of a build directory, one a line

Reads the summary of the console reporter, which Catch2 2 and 3 write alike. A program that ends without one, or with a
status its summary does not explain (a sanitizer's report, a crash), counts as one failure.
"""

import os
import re
import subprocess
import sys

ALL_PASSED = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", re.M)
SOME_FAILED = re.compile(r"^test cases:\s*(\d+) \|(.*)$", re.M)


def count(output: str, status: int) -> tuple[int, int]:
    every = ALL_PASSED.search(output)
    some = SOME_FAILED.search(output)
    if every:
        passed, failed = int(every.group(1)), 0
    elif some:
        numbers = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", some.group(2))}
        passed, failed = numbers.get("passed", 0), numbers.get("failed", 0)
    else:
        passed, failed = 0, 1
    if status != 0 and failed == 0:
        failed = 1
    return passed, failed


def run(tally: str, program: str) -> int:
    process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = []
    for line in process.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        output.append(line.decode(errors="replace"))
    status = process.wait()
    passed, failed = count("".join(output), status)
    if status < 0 or (failed and status and not SOME_FAILED.search("".join(output))):
        print(f"{program} ended with status {status}")
    with open(tally, "w") as file:
        print(passed, failed, file=file)
    return 1 if failed else 0


def programs(build: str) -> list[str]:
    tests = os.path.join(build, "tests")
    found = []
    for room in sorted(os.listdir(tests)):
        path = os.path.join(tests, room, f"{room}_tests")
        if os.access(path, os.X_OK):
            found.append(path)
    return found


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(programs(sys.argv[2])))
    else:
        sys.exit(run(sys.argv[1], sys.argv[2]))
