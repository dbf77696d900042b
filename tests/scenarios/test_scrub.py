# SPDX-License-Identifier: MIT
"""Bytes that rotted on the disk are found, by verify and in the background, and only they are fetched again."""

import contextlib
import random
import time

import pytest

from client import Cut, eventually
from content import Content, MiB
from damage import DataFile
from faulty import FaultyLarder
from larder import SLOW

CONTENT = Content("rotting", 12 * MiB)


def with_three_rotten_chunks(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    site.larder.stop()
    file = DataFile(site.larder.directory / "state" / "chunks")
    assert file.spoil("value", random.Random(1))
    site.larder.start()


def only_they_are_fetched_again(site):
    before = site.origin.bytes_sent("/a.pkg")
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") - before == 3 * MiB
    eventually(lambda: site.larder.number("objects_complete") == 1)
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") - before == 3 * MiB


@pytest.mark.larder(storage={"scrub": "0s"})
def test_verify_drops_what_rotted_and_the_next_request_fetches_just_that(site):
    with_three_rotten_chunks(site)
    first = site.larder.command("cache", "verify")
    assert first.returncode == 1, first
    assert "chunks damaged  3\n" in first.stdout
    assert any("3 chunks failed their check" in problem for problem in site.larder.status()["problems"])
    only_they_are_fetched_again(site)
    again = site.larder.command("cache", "verify")
    assert again.returncode == 0, again
    assert "chunks damaged  0\n" in again.stdout


@pytest.mark.larder(storage={"scrub": "1s"})
def test_what_rots_is_found_in_the_background(site):
    with_three_rotten_chunks(site)
    eventually(lambda: site.larder.number("corrupt_chunks") == 3, timeout=30 * SLOW)
    assert "fails its check" in site.larder.log or "failed its check" in site.larder.log
    only_they_are_fetched_again(site)
    ended = eventually(lambda: site.larder.status()["store"]["scrub_ended"], timeout=30 * SLOW)
    metrics = site.larder.api_raw("/metrics").body.decode()
    assert "larder_store_corrupt_chunks_total 3" in metrics
    site.larder.write_config(storage={"scrub": "30d"})
    site.larder.restart()
    assert site.larder.status()["store"]["scrub_ended"] >= ended
    assert site.larder.number("corrupt_chunks") == 0


@pytest.mark.larder(storage={"scrub": "0s"})
def test_a_rotten_chunk_is_never_sent_though_it_is_in_memory(site):
    with_three_rotten_chunks(site)
    only_they_are_fetched_again(site)
    assert site.larder.number("corrupt_chunks") == 3


@pytest.mark.parametrize("within", [0, 100])
def test_a_chunk_the_disk_cannot_read_is_fetched_again(tmp_path, origin, within):
    """A bad sector under a map is a signal to whoever touches it. `within`: in the first of the chunk's pages or later."""
    origin.put("/a.pkg", CONTENT)
    with FaultyLarder(tmp_path, origins={"origin.test": origin}, storage={"scrub": "0s"}) as larder:
        assert larder.download("/a.pkg", CONTENT).good
        larder.settle()
        larder.restart()
        bad = sorted(DataFile(larder.state / "chunks").in_use()[1])[5]
        larder.disk(f"unreadable {larder.state / 'chunks'} {bad + within} 2")
        time.sleep(0.3)  # the layer looks every 20 ms
        before = origin.bytes_sent("/a.pkg")
        assert larder.download("/a.pkg", CONTENT).good
        # When its first page is bad its place cannot be given back, and the object begins anew elsewhere: the client does not wait for all of it.
        larder.settle()
        assert origin.bytes_sent("/a.pkg") - before == (MiB if within else 7 * MiB)
        assert larder.number("corrupt_chunks") == 1
        assert larder.download("/a.pkg", CONTENT).good
        assert "begins anew" not in larder.log


@pytest.mark.parametrize("environment", ["index", "chunks", "ledger"])
def test_a_page_of_a_tree_the_disk_cannot_read_has_larderd_begin_anew(tmp_path, origin, environment):
    origin.put("/a.pkg", CONTENT)
    with FaultyLarder(tmp_path, origins={"origin.test": origin}, storage={"scrub": "0s"}) as larder:
        assert larder.download("/a.pkg", CONTENT).good
        larder.settle()
        eventually(lambda: larder.report("summary")["requests"] == 1)
        pid = larder.pid
        page = DataFile(larder.state / environment).root_of(1)
        larder.disk(f"unreadable {larder.state / environment} {page} 1")

        def met() -> bool:
            larder.download("/a.pkg", CONTENT)
            with contextlib.suppress(OSError, EOFError, Cut):
                larder.api_raw("/api/v1/reports/versions")
            return "larderd begins anew" in larder.log

        eventually(met, timeout=30 * SLOW)
        larder.disk()
        eventually(lambda: larder.download("/a.pkg", CONTENT).good, timeout=30 * SLOW)
        assert larder.pid == pid
        assert larder.status()["store"]["objects_complete"] == 1
