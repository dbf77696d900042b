#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/day-of-a-request.md is true: every function, counter and test its table names exists, and every counter is named."""

import os
import re
import sys

from sources import ROOT

PAGE = "docs/day-of-a-request.md"
# Sums that belong to the process, not to a step of a request.
NOT_A_STEP = {"connections_open"}


def read(path: str) -> str:
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def rows() -> list[list[str]]:
    lines = [line for line in read(PAGE).splitlines() if line.startswith("|") and line.count("|") == 7]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def main() -> int:
    problems = []
    counters = set(re.findall(r"^\s*Count (\w+)\{0\};", read("proxy/counters.h"), re.MULTILINE))
    named = set()
    table = rows()
    if len(table) < 15:
        problems.append(f"{PAGE}: the table of steps has only {len(table)} rows")
    for step, where, _, _, counted, test in table:
        path, function = re.findall(r"`([^`]+)`", where)
        if not os.path.exists(os.path.join(ROOT, path)):
            problems.append(f"{step}: there is no {path}")
        elif not re.search(re.escape(function) + r"\(", read(path)):
            problems.append(f"{step}: {path} has no {function}")
        for counter in re.findall(r"`([^`]+)`", counted):
            named.add(counter)
            if counter not in counters:
                problems.append(f"{step}: there is no counter {counter}")
        for file in re.findall(r"`([^`]+)`", test):
            if not os.path.exists(os.path.join(ROOT, "tests/scenarios", file)):
                problems.append(f"{step}: there is no scenario {file}")
    for counter in sorted(counters - named - NOT_A_STEP):
        problems.append(f"no step moves the counter {counter}")
    for problem in problems:
        print(f"{PAGE}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
