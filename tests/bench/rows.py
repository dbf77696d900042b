# SPDX-License-Identifier: MIT
"""What is measured: one function a row. Each is called for every server in turn, round after round, and gives figures by
name; a figure that is better when larger has its name in LARGER_IS_BETTER."""

import json
import pathlib
import re
import statistics
import subprocess
import threading
import time

from servers import GB, HOST, PASSED_HOST, MiB, Server, make_file

LARGER_IS_BETTER = {"MB/s", "requests/s", "least client's share", "rate x", "connections/s"}


class Bench:
    """The origin and its files, the load generator, and a number that makes every cold name new."""

    def __init__(self, origin, files: pathlib.Path, load: str, quick: bool):
        self.origin = origin
        self.files = files
        self.load = load
        self.quick = quick
        self._cold = 0

    def command(self, server: Server, *targets: str, **options) -> list[str]:
        command = [self.load, "--port", str(server.port)]
        for target in targets:
            command += ["--target", target]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        return command

    def begin(self, server: Server, *targets: str, **options) -> subprocess.Popen:
        """Clients that go on beside others; communicate() waits for them and gives what they saw."""
        return subprocess.Popen(self.command(server, *targets, **options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, server: Server, *targets: str, check: bool = True, **options) -> dict:
        result = subprocess.run(self.command(server, *targets, **options), capture_output=True, text=True, timeout=600)
        if check and result.returncode != 0:
            raise RuntimeError(f"{server.name}: {result.stderr.strip()} {result.stdout.strip()}")
        return json.loads(result.stdout)

    def cold(self, speed: str, name: str) -> str:
        self._cold += 1
        return f"/{speed}/{self._cold}/{name}"

    def another(self, number: int) -> str:
        """One of many files of 256 MiB that are not alike: a store that keeps equal bytes once has nothing to gain."""
        return make_file(self.files, f"256m-{number}", 256 * MiB)

    def warm(self, server: Server, target: str) -> str:
        """Brings an object into the server's store once; later calls find it there."""
        done = server.__dict__.setdefault("warmed", set())
        if target not in done:
            self.run(server, target, clients=1, requests=1)
            server.settle()
            self.run(server, target, clients=1, requests=1)
            done.add(target)
        return target

    def seconds(self, full: float) -> float:
        return max(1.0, full / 4) if self.quick else full

    def asked_of_origin(self, path: str, quiet: float = 0.5) -> list[tuple[int, int]]:
        """What the origin was asked for the path, once it has been quiet for a while: a request is logged at its end."""
        seen, since, began = [], time.monotonic(), time.monotonic()
        while time.monotonic() - since < quiet or (not seen and time.monotonic() - began < 30):
            now = self.origin.asked(path)
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(0.05)
        return seen


def hit4k(bench: Bench, server: Server) -> dict:
    """hits of 4 KiB, 64 keep-alive clients"""
    target = bench.warm(server, "/fast/0/4k")
    before = server.cpu_seconds()
    seen = bench.run(server, target, clients=64, requests=50_000 if bench.quick else 200_000)
    spent = server.cpu_seconds() - before
    return {"CPU us/request": spent / seen["requests"] * 1e6, "requests/s": seen["requests"] / seen["seconds"]}


def _hit256m(clients: int):
    def row(bench: Bench, server: Server) -> dict:
        target = bench.warm(server, "/fast/0/256m")
        before = server.cpu_seconds()
        seen = bench.run(server, target, clients=clients, seconds=bench.seconds(4))
        spent = server.cpu_seconds() - before
        return {"CPU s/GB": spent / (seen["bytes"] / GB), "MB/s": seen["bytes"] / seen["seconds"] / 1e6}
    row.__doc__ = f"hits of 256 MiB, {clients} client{'s' if clients > 1 else ''}"
    return row


def _peak_memory(server: Server, work) -> tuple[int, dict]:
    result: dict = {}
    thread = threading.Thread(target=lambda: result.update(work()))
    thread.start()
    peak = 0
    while thread.is_alive():
        peak = max(peak, server.memory_bytes())
        thread.join(0.2)
    return peak, result


def memory256(bench: Bench, server: Server) -> dict:
    """memory beyond page cache, 256 clients in the middle of 256 MiB"""
    target = bench.warm(server, "/fast/0/256m")
    peak, _ = _peak_memory(server, lambda: bench.run(server, target, clients=256, seconds=bench.seconds(6), rate=2_000_000))
    return {"MB": peak / 1e6}


def stampede(bench: Bench, server: Server) -> dict:
    """50 clients at once on a cold 256 MiB object, origin at 100 MB/s"""
    target = bench.cold("slow", "256m")
    seen = bench.run(server, target, clients=50, requests=50, check=False)
    asked = bench.asked_of_origin(target)
    size = 256 * MiB
    first = seen["first_byte_ms"] or {"max": float("inf")}
    return {"origin requests": len(asked), "origin bytes x": sum(sent for _, sent in asked) / size, "slowest first byte ms": first["max"],
            "unserved clients": 50 - seen["requests"]}


def deeprange(bench: Bench, server: Server) -> dict:
    """first byte of 64 KiB at 500 MB of a cold 1 GiB object, origin at 100 MB/s"""
    target = bench.cold("slow", "1g")
    seen = bench.run(server, target, clients=1, requests=1, range="500000000-500065535")
    asked = bench.asked_of_origin(target, 1.0)
    return {"first byte ms": seen["first_byte_ms"]["max"], "origin MiB": sum(sent for _, sent in asked) / MiB}


def random1m(bench: Bench, server: Server) -> dict:
    """random 1 MiB ranges of a held 1 GiB object, 16 clients"""
    target = bench.warm(server, "/fast/0/1g")
    before = server.cpu_seconds()
    seen = bench.run(server, target, clients=16, seconds=bench.seconds(4), random_range=MiB, object_bytes=1024 * MiB)
    spent = server.cpu_seconds() - before
    return {"CPU s/GB": spent / (seen["bytes"] / GB), "MB/s": seen["bytes"] / seen["seconds"] / 1e6}


def cold1g(bench: Bench, server: Server) -> dict:
    """a cold 1 GiB object through to the store"""
    target = bench.cold("fast", "1g")
    before, began = server.cpu_seconds(), time.monotonic()
    bench.run(server, target, clients=1, requests=1)
    server.settle()
    took, spent = time.monotonic() - began, server.cpu_seconds() - before
    size = 1024 * MiB
    return {"MB/s": size / took / 1e6, "CPU s/GB": spent / (size / GB)}


def slow1000(bench: Bench, server: Server) -> dict:
    """1,000 slow clients at different places of 20 held objects of 256 MiB"""
    targets = [bench.warm(server, f"/fast/0/{bench.another(n)}") for n in range(20)]
    seconds, rate = bench.seconds(10), 128 * 1024
    peak, seen = _peak_memory(server, lambda: bench.run(server, *targets, clients=1000, seconds=seconds, rate=rate, receive_buffer=65536,
                                                        random_range=128 * MiB, object_bytes=256 * MiB))
    return {"MB": peak / 1e6, "least client's share": seen["client_bytes_least"] / (rate * seconds),
            "slowest first byte ms": seen["first_byte_ms"]["max"]}


def crowd(bench: Bench, server: Server) -> dict:
    """64 fast clients beside 2,000 idle and 1,000 slow ones in the middle of 20 held objects of 256 MiB"""
    targets = [bench.warm(server, f"/fast/0/{bench.another(n)}") for n in range(20)]
    bench.warm(server, "/fast/0/4k")
    seconds = bench.seconds(6)
    fast = {"clients": 64, "seconds": seconds, "random_range": 256 * 1024, "object_bytes": 256 * MiB}
    alone = bench.run(server, *targets[:4], **fast)
    long = seconds + 12
    idle = bench.begin(server, "/fast/0/4k", clients=2000, requests=2000, hold=long)
    slow = bench.begin(server, *targets, clients=1000, seconds=long, rate=16 * 1024, receive_buffer=65536,
                       random_range=64 * MiB, object_bytes=256 * MiB)
    idle.stderr.readline()
    time.sleep(4)  # until every slow client's buffers are full: what is measured is the load, not its beginning
    kernel = server.socket_bytes()
    peak, beside = _peak_memory(server, lambda: bench.run(server, *targets[:4], **fast))
    slow_seen = json.loads(slow.communicate()[0])
    idle.communicate()
    return {"p99 first byte, alone, ms": alone["first_byte_ms"]["p99"], "p99 first byte, beside, ms": beside["first_byte_ms"]["p99"],
            "p99 x": beside["first_byte_ms"]["p99"] / alone["first_byte_ms"]["p99"],
            "rate x": beside["bytes"] / beside["seconds"] / (alone["bytes"] / alone["seconds"]),
            "MB": peak / 1e6, "sockets MB": kernel / 1e6, "slow clients lost": slow_seen["failed"]}


def flood(bench: Bench, server: Server) -> dict:
    """2,000 hits of 4 KiB a second by 64 clients, alone and beside 10,000 requests a second of the administration's API, of
    which a client's share is answered and the rest refused with 429"""
    target = bench.warm(server, "/fast/0/4k")
    seconds = bench.seconds(8)
    fast = {"clients": 64, "seconds": seconds, "pace": 2000}
    alone = bench.run(server, target, **fast)
    flooding = subprocess.Popen([bench.load, "--port", str(server.admin), "--target", "/api/v1/status", "--host", f"127.0.0.1:{server.admin}",
                                 "--clients", "64", "--seconds", str(seconds + 2), "--pace", "10000", "--any-status"], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    beside = bench.run(server, target, **fast)
    seen = json.loads(flooding.communicate()[0])
    return {"p99 first byte, alone, ms": alone["first_byte_ms"]["p99"], "p99 first byte, beside, ms": beside["first_byte_ms"]["p99"],
            "p99 x": beside["first_byte_ms"]["p99"] / alone["first_byte_ms"]["p99"], "API requests/s": seen["requests"] / seen["seconds"],
            "hits/s beside": beside["requests"] / beside["seconds"], "API clients lost": seen["failed"]}


def _curls(port: int, host: str, path: str, clients: int, each: int, seconds: float) -> int:
    """So many curls, `each` request on a connection, again and again for so long; the bytes they got. Certificates are not
    looked at: that is the client's work."""
    until = time.monotonic() + seconds
    got = [0] * clients

    def client(number: int):
        urls = [word for _ in range(each) for word in ("-o", "/dev/null", f"https://{host}{path}")]
        while time.monotonic() < until:
            done = subprocess.run(["curl", "-sSfk", "--http1.1", "-w", "%{size_download}\n", "--connect-to", f"{host}:443:127.0.0.1:{port}", *urls],
                                  capture_output=True, text=True, timeout=120)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
            got[number] += sum(map(int, done.stdout.split()))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(got)


def passed256m(bench: Bench, server: Server) -> dict:
    """256 MiB over TLS, passed through by server name, 4 clients"""
    before, began = server.cpu_seconds(), time.monotonic()
    got = _curls(server.passing_port, PASSED_HOST, "/fast/0/256m", 4, 2, bench.seconds(8))
    return {"CPU s/GB": (server.cpu_seconds() - before) / (got / GB), "MB/s": got / (time.monotonic() - began) / 1e6}


def tls256m(bench: Bench, server: Server) -> dict:
    """hits of 256 MiB over TLS, 4 clients"""
    bench.warm(server, "/fast/0/256m")
    before, began = server.cpu_seconds(), time.monotonic()
    got = _curls(server.tls_port, HOST, "/fast/0/256m", 4, 2, bench.seconds(8))
    return {"CPU s/GB": (server.cpu_seconds() - before) / (got / GB), "MB/s": got / (time.monotonic() - began) / 1e6}


def handshakes(bench: Bench, server: Server) -> dict:
    """new TLS connections with one hit of 4 KiB each, 2 clients"""
    bench.warm(server, "/fast/0/4k")
    seconds = round(bench.seconds(6))
    before = server.cpu_seconds()
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{server.tls_port}", "-new", "-time", str(seconds), "-www", f"/fast/0/4k?source={HOST}"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(2)]
    connections = 0
    for client in running:
        # "4123 connections in 6 real seconds, 4124 bytes read per connection"
        told = re.search(r"(\d+) connections in \d+ real seconds, (\d+) bytes", client.communicate(timeout=120)[0])
        if not told or int(told[2]) < 4096:
            raise RuntimeError(f"{server.name}: openssl s_time got {told and told[0]}")
        connections += int(told[1])
    spent = server.cpu_seconds() - before
    return {"CPU us/connection": spent / connections * 1e6, "connections/s": connections / seconds}


# Row: function, servers it is for.
EVERY = ("larder", "nginx", "varnish")
WITH_SLICE = ("larder", "nginx", "nginx-slice", "varnish")
ROWS = {
    "hit4k": (hit4k, EVERY),
    **{f"hit256m-{clients}": (_hit256m(clients), EVERY) for clients in (1, 8, 64, 256)},
    "memory256": (memory256, EVERY),
    "random1m": (random1m, EVERY),
    "slow1000": (slow1000, ("larder", "nginx")),
    "crowd": (crowd, ("larder", "nginx")),
    "flood": (flood, ("larder",)),
    "passed256m": (passed256m, ("larder", "nginx-stream", "haproxy")),
    "tls256m": (tls256m, ("larder", "nginx")),
    "handshakes": (handshakes, ("larder", "nginx")),
    "cold1g": (cold1g, EVERY),
    "stampede": (stampede, WITH_SLICE),
    "deeprange": (deeprange, WITH_SLICE),
}


def spread(values: list[float]) -> str:
    middle = statistics.median(values)
    if len(values) == 1:
        return f"{middle:.3g}"
    return f"{middle:.3g} [{min(values):.3g}..{max(values):.3g}]"


