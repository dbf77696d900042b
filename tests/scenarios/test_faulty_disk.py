# SPDX-License-Identifier: MIT
"""Disks that are full, slow, fail or turn read-only under a running daemon: clients get their bytes, the rest comes back by
itself."""

import os

import pytest

from client import Cut, all_of, eventually
from content import Content, MiB
from faulty import FaultyLarder
from larder import SLOW

LARGE = [Content(f"large{n}", size) for n, size in enumerate([300_000, MiB, 2 * MiB + 1, 3 * MiB, 5 * MiB])]


@pytest.fixture
def faulty(tmp_path, origin, request):
    instance = FaultyLarder(tmp_path, origins={"origin.test": origin})
    instance.start()
    yield instance
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed:
        print("---- larderd said:\n" + instance.log[-8000:])
        instance.discard()
    else:
        instance.disk()
        instance.stop()


def put(origin, paths: dict[str, Content], **keywords):
    for path, content in paths.items():
        origin.put(path, content, **keywords)


def ready(larder) -> bool:
    try:
        return larder.api_raw("/readyz", timeout=2).status == 200
    except (OSError, EOFError, Cut):
        return False


def problems(larder) -> list[str] | None:
    """Nothing while larderd begins anew."""
    try:
        return larder.status()["problems"]
    except (OSError, EOFError, Cut):
        return None


def is_kept(larder, origin, path: str, content: Content) -> bool:
    """Asked for twice, the second time costs the origin nothing."""
    try:
        if not larder.download(path, content).good:
            return False
        larder.settle()
        before = origin.bytes_sent(path)
        return larder.download(path, content).good and origin.bytes_sent(path) == before
    except (OSError, EOFError, Cut):
        return False  # it begins anew


FAULTS = ["fail write ENOSPC", "fail sync EIO", "fail write EROFS index"]
if os.environ.get("LARDER_FAULTS_ALL"):  # ./test.sh faults
    FAULTS += ["short write ENOSPC", "fail write EIO chunks", "fail sync EIO index", "fail write ENOSPC ledger"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_during_fifty_fills_costs_no_client_anything(faulty, origin, fault):
    contents = {f"/{n}.pkg": LARGE[n % len(LARGE)] for n in range(50)}
    put(origin, contents, rate=8 * MiB)
    running = [faulty.in_background(path, content) for path, content in contents.items()]
    origin.wait_for(lambda o: o.bytes_sent() >= 20 * MiB)
    faulty.disk(fault)
    for got in all_of(running):
        assert got.good, (got.head, got.received, got.wrong_at, got.cut, got.error)
    eventually(lambda: problems(faulty))
    # Whoever comes now is served as well.
    another = Content("another", 5 * MiB)
    origin.put("/another.pkg", another)
    assert faulty.download("/another.pkg", another).good
    faulty.disk()
    origin.put("/later.pkg", another)
    eventually(lambda: is_kept(faulty, origin, "/later.pkg", another), timeout=60 * SLOW)
    eventually(lambda: problems(faulty) == [], timeout=30 * SLOW)
    for path, content in contents.items():
        assert faulty.download(path, content).good


def test_records_made_while_the_disk_was_full_are_kept(faulty, origin):
    content = Content("r", 50_000)
    origin.put("/r.pkg", content)
    assert faulty.download("/r.pkg", content).good
    eventually(lambda: faulty.report("summary")["requests"] == 1)
    faulty.disk("fail write ENOSPC")
    for n in range(20):
        assert faulty.download("/r.pkg", content, source=f"127.0.0.{n + 2}").good
    eventually(lambda: faulty.status()["ledger"]["broken"])
    faulty.disk()
    eventually(lambda: faulty.report("summary")["requests"] == 21, timeout=30 * SLOW)
    assert faulty.number("dropped") == 0
    eventually(lambda: not faulty.status()["ledger"]["broken"])


def test_a_disk_that_syncs_in_three_seconds_delays_no_client(faulty, origin):
    contents = {f"/{n}.pkg": Content(f"n{n}", 4 * MiB) for n in range(4)}
    put(origin, contents)
    faulty.disk("slow sync 3000")
    for got in all_of([faulty.in_background(path, content) for path, content in contents.items()]):
        assert got.good
        assert got.first_byte_s < 2 * SLOW
    faulty.disk()
    for path, content in contents.items():
        assert is_kept(faulty, origin, path, content)


def test_a_head_that_could_not_be_written_is_no_end(faulty, origin):
    """The one write after which LMDB refuses everything: the page that makes a commit count."""
    content = Content("kept", 3 * MiB)
    origin.put("/kept.pkg", content)
    assert is_kept(faulty, origin, "/kept.pkg", content)
    faulty.disk("fail head EIO")
    other = Content("other", 2 * MiB)
    origin.put("/other.pkg", other)
    assert faulty.download("/other.pkg", other).good
    eventually(lambda: faulty.status()["store"]["broken"])
    assert faulty.download("/kept.pkg", content).good
    faulty.disk()
    eventually(lambda: "larderd begins anew" in faulty.log and ready(faulty), timeout=30 * SLOW)
    eventually(lambda: is_kept(faulty, origin, "/other.pkg", other), timeout=60 * SLOW)
    before = origin.bytes_sent("/kept.pkg")
    assert faulty.download("/kept.pkg", content).good
    assert origin.bytes_sent("/kept.pkg") == before
    assert faulty.status()["problems"] == []


def test_a_disk_that_can_only_be_read_is_served_from_and_comes_back(faulty, origin):
    content = Content("kept", 3 * MiB)
    small = Content("small", 5000)
    put(origin, {"/kept.pkg": content, "/small.pkg": small})
    for path, kept in {"/kept.pkg": content, "/small.pkg": small}.items():
        assert is_kept(faulty, origin, path, kept)
    eventually(lambda: faulty.report("summary")["requests"] == 4)
    faulty.stop()
    faulty.disk("fail open EROFS", "fail write EROFS")
    faulty.start()
    before = origin.bytes_sent()
    assert faulty.download("/kept.pkg", content).good
    assert faulty.download("/small.pkg", small).good
    assert origin.bytes_sent() == before
    other = Content("other", 2 * MiB)
    origin.put("/other.pkg", other)
    assert faulty.download("/other.pkg", other).good
    assert any("read-only" in problem for problem in faulty.status()["problems"])
    assert faulty.report("summary")["requests"] == 4
    faulty.disk()
    eventually(lambda: "larderd begins anew" in faulty.log and ready(faulty), timeout=30 * SLOW)
    eventually(lambda: is_kept(faulty, origin, "/other.pkg", other), timeout=60 * SLOW)
    eventually(lambda: faulty.status()["problems"] == [], timeout=30 * SLOW)
    # What was fetched meanwhile was remembered, and recorded when that was possible again.
    eventually(lambda: faulty.report("summary")["requests"] >= 7, timeout=30 * SLOW)
