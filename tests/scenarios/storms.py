#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Storms: origins that fail, disks that are full, daemons that are killed and clients of every kind, drawn from a seed.

    storms.py [--count N] [--seed N] [--only NUMBER] [--jobs N] [--times N]

Each storm is a Larder of its own (storm.py draws it, storm_oracle.py says what is right). Ends with 1 and the numbers of the
storms in which a byte was wrong, an answer hung, ended cleanly though not whole, or was not on the record.
"""

import argparse
import concurrent.futures
import pathlib
import random
import sys
import tempfile
import time

from storm import Storm


def one(seed: int, number: int) -> tuple[int, list[str], str, str]:
    with tempfile.TemporaryDirectory(prefix="storm") as directory:
        storm = Storm(f"{seed}/{number}", pathlib.Path(directory))
        problems = storm.run()
        return number, problems, storm.describe(), storm.larder.log[-6000:] if problems else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--only", type=int, help="this one storm")
    parser.add_argument("--jobs", type=int, default=2, help="storms at once")
    parser.add_argument("--times", type=int, default=1, help="each of them so often")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    numbers = ([options.only] if options.only is not None else list(range(options.count))) * options.times
    failed: list[int] = []
    answers = done = 0
    began = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for running in concurrent.futures.as_completed([pool.submit(one, options.seed, number) for number in numbers]):
            number, problems, what, log = running.result()
            done += 1
            answers += int(what.split(" objects, ")[1].split(" answers")[0])
            if problems:
                failed.append(number)
                print(f"STORM {number}: {what}")
                print("".join(f"  {problem}\n" for problem in problems[:8]) + f"---- larderd said:\n{log}", flush=True)
            if done % 25 == 0:
                print(f"{done} storms, {answers} answers, {len(failed)} with problems, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{done} storms, {answers} answers, {len(failed)} with problems")
    if failed:
        print(f"again with: storms.py --seed {options.seed} --only {failed[0]} --times 10")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
