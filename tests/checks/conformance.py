#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/conformance.md is true as far as names go: every test it names exists, and whatever it calls kept has one."""

import os
import re
import sys

from sources import ROOT

PAGE = "docs/conformance.md"
SECTIONS = ("RFC 9110", "RFC 9111", "RFC 9112")
LEVELS = {"MUST", "SHOULD", "MAY", "-"}
STATUSES = ("kept", "not kept: ", "not ours")


def read(path: str) -> str:
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def rows():
    """Yields (RFC, cells) of each row of the three tables."""
    rfc = ""
    for line in read(PAGE).splitlines():
        if line.startswith("## "):
            rfc = line[3:].strip()
        elif line.startswith("|") and not line.startswith(("|---", "| section")):
            yield rfc, [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def missing(test: str) -> str:
    """Why the test cannot be found; "" when it is there."""
    scenario = re.fullmatch(r"(test_\w+\.py)::(test_\w+)", test)
    unit = re.fullmatch(r"(\w+/\w+_test\.cpp): (.+)", test)
    if not scenario and not unit:
        return f"`{test}` names no test; write test_x.py::test_y or folder/x_test.cpp: sentence"
    path = f"tests/scenarios/{scenario[1]}" if scenario else f"tests/{unit[1]}"
    if not os.path.exists(os.path.join(ROOT, path)):
        return f"there is no {path}"
    text = read(path)
    if scenario:
        return "" if re.search(rf"^def {scenario[2]}\(", text, re.MULTILINE) else f"{path} has no {scenario[2]}"
    return "" if f'TEST_CASE("{unit[2]}"' in text else f'{path} has no test case "{unit[2]}"'


def main() -> int:
    problems = []
    seen = set()
    for rfc, cells in rows():
        if len(cells) != 5:
            problems.append(f"{rfc}: a row has {len(cells)} cells instead of 5: {' | '.join(cells)[:80]}")
            continue
        section, requirement, level, tests, status = cells
        where = f"{rfc}, {section} ({requirement[:50]})"
        seen.add(rfc)
        if level not in LEVELS:
            problems.append(f"{where}: the level is {level}, none of {sorted(LEVELS)}")
        if not status.startswith(STATUSES):
            problems.append(f"{where}: the status is {status}, none of kept, not kept: why, not ours")
        named = re.findall(r"`([^`]+)`", tests)
        problems += [f"{where}: {why}" for why in map(missing, named) if why]
        if status.startswith("kept") and not named:
            problems.append(f"{where}: it is called kept and no test shows it")
    problems += [f"there are no rows for {rfc}" for rfc in SECTIONS if rfc not in seen]
    for problem in problems:
        print(f"{PAGE}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
