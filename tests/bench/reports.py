#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Larder's ledger beside SQLite and PostgreSQL: the same fetches, the same questions, one run (bench_reports does it all).

    reports.py --bench PROGRAM [--fetches N] [--devices N] [--rounds N] [--asks N] [--directory DIRECTORY]

Starts a PostgreSQL of its own, of Debian's package, on a socket in the directory, and removes it afterwards.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Best for large reads on a machine of this kind, and as safe as by default.
SETTINGS = {"listen_addresses": "", "shared_buffers": "1GB", "effective_cache_size": "8GB", "work_mem": "128MB", "maintenance_work_mem": "512MB",
            "max_wal_size": "8GB", "wal_compression": "on", "random_page_cost": "1.1", "jit": "off", "max_connections": "10"}


def own_user(command: list[str]) -> list[str]:
    """PostgreSQL does not run as root: then it is the package's own user's."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


class Postgres:
    def __init__(self, directory: pathlib.Path):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not programs:
            sys.exit("reports.py: PostgreSQL is not installed: ./install-packages.sh --for bench")
        self.programs = programs[-1]
        self.home = directory / "postgres"
        # Sockets have short names, whatever the directory's.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="larder-pg-"))
        self.server = None

    def start(self) -> str:
        for folder in (self.home, self.sockets):
            folder.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(folder, "postgres", "postgres")
        user = "postgres"
        subprocess.run(own_user([str(self.programs / "initdb"), "-D", str(self.home / "data"), "-U", user, "-A", "trust", "--locale=C", "-E", "UTF8"]),
                       check=True, stdout=subprocess.DEVNULL, cwd=self.sockets)
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self.server = subprocess.Popen(own_user([str(self.programs / "postgres"), "-D", str(self.home / "data"), "-k", str(self.sockets), *settings]),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.sockets)
        ready = [str(self.programs / "pg_isready"), "-q", "-h", str(self.sockets), "-U", user]
        while subprocess.run(ready).returncode:
            if self.server.poll() is not None:
                sys.exit(f"reports.py: PostgreSQL has ended with {self.server.returncode}")
        return f"host={self.sockets} user={user} dbname=postgres"

    def stop(self):
        if self.server and self.server.poll() is None:
            subprocess.run(own_user([str(self.programs / "pg_ctl"), "-D", str(self.home / "data"), "-m", "fast", "-w", "stop"]),
                           stdout=subprocess.DEVNULL, cwd=self.sockets)
            self.server.wait(60)
        shutil.rmtree(self.sockets, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=str(ROOT / "build/release/tests/bench/bench_reports"))
    parser.add_argument("--fetches", type=int, default=200_000)
    parser.add_argument("--devices", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asks", type=int, default=100)
    parser.add_argument("--directory", default=None, help="where the databases are; a disk with 1 kB for each fetch, not a tmpfs")
    options = parser.parse_args()
    if not pathlib.Path(options.bench).exists():
        parser.error(f"there is no {options.bench}; it is built when ./install-packages.sh --for bench has been run")
    base = pathlib.Path(options.directory or ROOT / "build" / "bench")
    base.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="reports-", dir=base))
    directory.chmod(0o755)
    postgres = Postgres(directory)
    # Ended from outside, the server is stopped all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        connection = postgres.start()
        return subprocess.run([options.bench, "--directory", directory, "--postgres", connection, "--fetches", str(options.fetches),
                               "--devices", str(options.devices), "--rounds", str(options.rounds), "--asks", str(options.asks)]).returncode
    finally:
        postgres.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
