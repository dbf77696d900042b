# SPDX-License-Identifier: MIT
"""Clients that behave as badly as TCP lets them. Nobody else waits for it, and nothing of them stays behind: neither
descriptors nor requests under way."""

import os
import pathlib
import socket
import threading
import time

import pytest

from client import Connection, InBackground, eventually
from content import Content, KiB, MiB
from larder import SLOW

CONTENT = Content("hostile", 16 * MiB)
SMALL = Content("small", 4 * KiB)
ASK = b"GET /a.pkg?source=origin.test HTTP/1.1\r\nHost: cache\r\n\r\n"


@pytest.fixture
def warm(site):
    """A Larder that holds a package and a small object."""
    site.origin.put("/a.pkg", CONTENT)
    site.origin.put("/small", SMALL)
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.larder.download("/small", SMALL).good
    site.larder.settle()
    return site.larder


def descriptors(larder) -> int:
    return len(os.listdir(f"/proc/{larder.pid}/fd"))


def anonymous_bytes(larder) -> int:
    """0 under a sanitizer, whose memory is its own."""
    if SLOW > 1:
        return 0
    for line in pathlib.Path(f"/proc/{larder.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


class Bystander:
    """A client that behaves, and notes how long it ever waited."""

    def __init__(self, larder):
        self.larder = larder
        self.longest = 0.0
        self.answers = 0
        self._stop = threading.Event()
        self._work = InBackground(self._run)

    def _run(self):
        with Connection(self.larder.http) as connection:
            while not self._stop.is_set():
                began = time.monotonic()
                connection.request("/small?source=origin.test")
                assert connection.response().body == SMALL.read()
                self.longest = max(self.longest, time.monotonic() - began)
                self.answers += 1

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._work.result()
        if kind is None:
            assert self.answers > 0 and self.longest < 5, f"a well-behaved client waited {self.longest:.1f} s"


def nothing_stays(larder, before: int):
    """All that the clients held is given back."""
    eventually(lambda: larder.number("requests_running") == 0)
    eventually(lambda: descriptors(larder) <= before + 4, message=f"{descriptors(larder)} descriptors, {before} before")


def test_clients_that_ask_and_read_nothing_and_go(warm):
    before = descriptors(warm)
    with Bystander(warm):
        for _ in range(5):
            clients = [Connection(warm.http, receive_buffer=4096) for _ in range(60)]
            for client in clients:
                client.send(ASK)
            eventually(lambda: warm.number("requests_running") >= 60)
            for client in clients:
                client.close()
            eventually(lambda: warm.number("requests_running") < 10)
    nothing_stays(warm, before)


def test_resets_in_the_middle_of_bodies(warm):
    before = descriptors(warm)
    with Bystander(warm):
        for number in range(200):
            client = Connection(warm.http, receive_buffer=16384)
            client.send(ASK)
            if number % 2:
                client.read_some(1000)
            client.reset()
    nothing_stays(warm, before)
    assert warm.download("/a.pkg", CONTENT).good


def test_resets_in_the_middle_of_a_fill_leave_it_to_the_others(site):
    content = Content("filled", 32 * MiB)
    site.origin.put("/f.pkg", content, rate=16 * MiB)
    stays = site.larder.in_background("/f.pkg", content)
    eventually(lambda: site.larder.number("bytes_from_origin") > MiB)
    for _ in range(100):
        client = Connection(site.larder.http)
        client.send(ASK.replace(b"/a.pkg", b"/f.pkg"))
        client.reset()
    assert stays.result().good
    assert site.origin.bytes_sent("/f.pkg") == content.size


def test_a_client_that_shuts_its_side_gets_what_it_asked_for(warm):
    with Connection(warm.http) as client:
        client.send(ASK)
        client.socket.shutdown(socket.SHUT_WR)
        answer = client.response()
        assert answer.status == 200 and answer.body == CONTENT.read()
        assert client.closed_by_peer()


def test_half_a_request_and_a_shut_side_is_the_end(warm):
    before = descriptors(warm)
    for _ in range(50):
        with Connection(warm.http) as client:
            client.send(ASK[:20])
            client.socket.shutdown(socket.SHUT_WR)
            assert client.closed_by_peer()
    nothing_stays(warm, before)


def test_ten_thousand_pipelined_requests_are_answered_in_order(warm):
    count = 10_000
    ranges = [(number * 7) % (SMALL.size - 8) for number in range(count)]
    with Bystander(warm), Connection(warm.http) as client:
        def ask():
            for at in range(0, count, 100):
                client.send(b"".join(b"GET /small?source=origin.test HTTP/1.1\r\nHost: cache\r\nRange: bytes=%d-%d\r\n\r\n" % (first, first + 7)
                                     for first in ranges[at:at + 100]))
        asking = InBackground(ask)
        for first in ranges:
            assert client.response().body == SMALL.read(first, first + 8)
        asking.result()


def test_a_pipelining_client_that_never_reads_costs_a_bounded_buffer(warm):
    before = descriptors(warm)
    memory = anonymous_bytes(warm)
    with Bystander(warm):
        clients = [Connection(warm.http, receive_buffer=4096) for _ in range(20)]
        for client in clients:
            client.socket.settimeout(1)
            with pytest.raises(OSError):
                while True:  # until Larder no longer reads and both kernels' buffers are full
                    client.send(ASK * 200)
        assert anonymous_bytes(warm) - memory < 24 * MiB
        for client in clients:
            client.reset()
    nothing_stays(warm, before)


def test_thousands_of_connections_opened_and_closed(warm):
    before = descriptors(warm)
    memory = anonymous_bytes(warm)
    with Bystander(warm):
        for number in range(3000):
            client = Connection(warm.http)
            if number % 3 == 0:
                client.send(ASK[:30])
            if number % 3 == 1:
                client.reset()
            else:
                client.close()
    nothing_stays(warm, before)
    assert anonymous_bytes(warm) - memory < 24 * MiB


def test_a_thousand_quiet_connections_cost_little(warm):
    before = descriptors(warm)
    memory = anonymous_bytes(warm)
    clients = [Connection(warm.http) for _ in range(1000)]
    with Bystander(warm):
        for client in clients:
            client.request("/small?source=origin.test")
        for client in clients:
            assert client.response().status == 200
        eventually(lambda: warm.number("clients_connected") >= 1000)
        assert anonymous_bytes(warm) - memory < 24 * MiB
    for client in clients:
        client.close()
    nothing_stays(warm, before)


@pytest.mark.parametrize("ranges, allowed", [
    (",".join(f"{at}-{at}" for at in range(0, 20000, 2)), (200, 206, 416, 431)),      # thousands of small ones
    (",".join(["0-"] * 1000), (200, 206, 416, 431)),                                   # the whole, a thousand times
    (",".join(f"{at}-" for at in range(1000)), (200, 206, 416, 431)),                   # overlapping
    ("0-0,-1,5-,0-,1-1", (200, 206)),
])
def test_range_abuse_costs_no_more_than_the_object(warm, ranges, allowed):
    with Bystander(warm), Connection(warm.http) as client:
        client.request("/a.pkg?source=origin.test", fields={"Range": f"bytes={ranges}"})
        answer = client.response()
        assert answer.status in allowed
        assert len(answer.body) <= CONTENT.size + 64 * KiB


def test_urgent_bytes_and_empty_packets_change_nothing(warm):
    with Connection(warm.http) as client:
        client.send(ASK[:10])
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in ASK[10:]:
            client.send(bytes([byte]))
        assert client.response().body == CONTENT.read()


def loops_of(larder) -> list[int]:
    """How many client sockets each event base of the process watches, most first."""
    ours = set()
    fds = pathlib.Path(f"/proc/{larder.pid}/fd")
    port = "%04X" % larder.http[1]
    inodes = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
              if line.split()[1].endswith(":" + port) and line.split()[3] == "01"}
    for fd in fds.iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith("socket:[") and target[8:-1] in inodes:
            ours.add(int(fd.name))
    counts = []
    for fd in fds.iterdir():
        try:
            if os.readlink(fd) != "anon_inode:[eventpoll]":
                continue
            text = pathlib.Path(f"/proc/{larder.pid}/fdinfo/{fd.name}").read_text()
        except OSError:
            continue
        watched = {int(line.split()[1]) for line in text.splitlines() if line.startswith("tfd:")}
        counts.append(len(watched & ours))
    return sorted(counts, reverse=True)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core, one loop")
def test_downloads_are_spread_evenly_over_the_loops(warm):
    clients = []
    for _ in range(40):
        client = Connection(warm.http, receive_buffer=16384)
        client.send(ASK)
        assert client.head().status == 200
        clients.append(client)
    cores = os.cpu_count() or 1
    counts = loops_of(warm)[:cores]
    assert sum(counts) >= 40 - cores
    assert max(counts) - min(counts) <= 4, counts
    for client in clients:
        client.close()
