#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures Larder side by side with nginx, Varnish and HAProxy: one run, one machine, the servers in turn, round after round.

    run.py --larderd PROGRAM --load PROGRAM [--rounds N] [--quick] [--only SERVER,...] [--list] [ROW...]

For every figure: each server's median over the rounds with the least and the most, and Larder's ratio to each peer, taken
round by round so that a machine that is slower for a while is slower for all. All figures go to build/bench/results.json.
"""

import argparse
import json
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile

from rows import LARGER_IS_BETTER, ROWS, Bench, spread
from servers import Origin, all_servers, make_files

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--larderd", default=str(ROOT / "build/release/larderd"))
    parser.add_argument("--load", default=str(ROOT / "build/release/tests/bench/bench_load"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="less of everything, for trying the benchmark itself")
    parser.add_argument("--only", default="", help="servers to measure, such as larder,nginx")
    parser.add_argument("--directory", default=None, help="where the stores are; a disk with 60 GB, not a tmpfs")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    options = parser.parse_args()
    for row in options.rows:
        if row not in ROWS:
            parser.error(f"no row is called {row}; --list names them")
    return options


def measure(bench: Bench, running: dict, names: list[str], row, rounds: int) -> dict:
    """Figures by server and name, one value a round."""
    figures: dict = {name: {} for name in names}
    for number in range(rounds):
        # Another one begins each round, so that nobody always comes after the same neighbour.
        for name in names[number % len(names):] + names[:number % len(names)]:
            for figure, value in row(bench, running[name]).items():
                figures[name].setdefault(figure, []).append(value)
    return figures


def report(title: str, figures: dict):
    print(f"\n{title}")
    for figure in next(iter(figures.values())):
        better = "more is better" if figure in LARGER_IS_BETTER else "less is better"
        print(f"  {figure} ({better})")
        for name, values in figures.items():
            line = f"    {name:12} {spread(values[figure]):32}"
            if name != "larder" and "larder" in figures:
                ratios = [ours / theirs for ours, theirs in zip(figures["larder"][figure], values[figure]) if theirs]
                if ratios:
                    line += f" larder = {spread(ratios)} x"
            print(line)
    sys.stdout.flush()


def main() -> int:
    options = arguments()
    if options.list:
        for name, (row, servers) in ROWS.items():
            print(f"{name:14} {row.__doc__} ({', '.join(servers)})")
        return 0
    kinds = all_servers(str(pathlib.Path(options.larderd).resolve()))
    chosen = options.rows or list(ROWS)
    only = set(filter(None, options.only.split(",")))
    needed = [name for name in kinds if any(name in ROWS[row][1] for row in chosen) and (not only or name in only)]

    base = pathlib.Path(options.directory or ROOT / "build" / "bench")
    base.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=base))
    started, results = [], {}
    # Ended from outside, the servers are stopped all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        directory.chmod(0o755)
        files = make_files(directory)
        origin = Origin(directory, files)
        started.append(origin.start())
        running = {}
        for name in needed:
            running[name] = kinds[name](directory, origin.port)
            started.append(running[name].start())
        print(f"servers: {', '.join(needed)}; {options.rounds} rounds; peers write no access log, Larder keeps its ledger", flush=True)
        bench = Bench(origin, files, str(pathlib.Path(options.load).resolve()), options.quick)
        for row_name in chosen:
            row, servers = ROWS[row_name]
            names = [name for name in servers if name in running]
            if not names:
                continue
            results[row_name] = measure(bench, running, names, row, options.rounds)
            report(f"{row_name}: {row.__doc__}", results[row_name])
    finally:
        for server in reversed(started):
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)
    (base / "results.json").write_text(json.dumps({name: {server: {figure: statistics.median(values) for figure, values in figures.items()}
                                                          for server, figures in by_server.items()} for name, by_server in results.items()}, indent=1))
    (base / "rounds.json").write_text(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
